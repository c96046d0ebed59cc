//! What the originals offer and we refuse, by name and with the reason.

use super::Refused;

const CLOCK: &str = "it reads the clock, so the Secret would change with every render";
const RANDOM: &str = "it draws random data, so the Secret would change with every render";
const CRYPTO: &str = "it makes key material inside a template; seal the key or the hash instead";
/// Why a function is refused where the render has no seed.
pub(crate) const NO_ENTROPY: &str =
    "it draws random data, and no seed was given that keeps it from changing with every render";

const HOST: &str = "it reads the controller's own environment; the original removes it too";

const fn refused(name: &'static str, reason: &'static str) -> Refused {
    Refused { name, reason }
}

pub(super) const SHARED: &[Refused] = &[
    refused("buildCustomCert", CRYPTO),
    refused("call", "values are never functions"),
    refused("env", HOST),
    refused("expandenv", HOST),
    refused("genCA", RANDOM),
    refused("genCAWithKey", RANDOM),
    refused("genSelfSignedCert", RANDOM),
    refused("genSelfSignedCertWithKey", RANDOM),
    refused("genSignedCert", RANDOM),
    refused("genSignedCertWithKey", RANDOM),
    refused("getHostByName", HOST),
];

pub(super) const SEALED_SECRETS: &[Refused] = &[
    refused("ago", CLOCK),
    refused("bcrypt", RANDOM),
    refused("decryptAES", CRYPTO),
    refused("derivePassword", CRYPTO),
    refused("encryptAES", RANDOM),
    refused("genPrivateKey", RANDOM),
    refused("htpasswd", RANDOM),
    refused("now", CLOCK),
    refused("randAlpha", RANDOM),
    refused("randAlphaNum", RANDOM),
    refused("randAscii", RANDOM),
    refused("randBytes", RANDOM),
    refused("randInt", RANDOM),
    refused("randNumeric", RANDOM),
    refused("shuffle", RANDOM),
    refused("uuidv4", RANDOM),
];

pub(super) const EXTERNAL_SECRETS: &[Refused] = &[refused(
    "getSecretKey",
    "it reads any Secret of the cluster with the controller's rights",
)];
