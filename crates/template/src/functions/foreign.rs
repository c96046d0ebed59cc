//! Functions that templates of other tools call and that Sealed Secrets never had. An error names one of
//! these and no other unknown identifier, which might be a value without its quotes.

/// Helm, helmfile, External Secrets, Vault agent and consul-template, in this order.
const FOREIGN: &[&str] = &[
    "fromJsonArray",
    "fromToml",
    "fromYaml",
    "fromYamlArray",
    "include",
    "lookup",
    "mustToToml",
    "mustToYaml",
    "required",
    "toToml",
    "toYaml",
    "toYamlPretty",
    "tpl",
    "exec",
    "fetchSecretValue",
    "readFile",
    "requiredEnv",
    "certSANs",
    "filterCertChain",
    "filterPEM",
    "fullPemToPkcs12",
    "fullPemToPkcs12Pass",
    "getSecretKey",
    "jwkPrivateKeyPem",
    "jwkPublicKeyPem",
    "pemToPkcs12",
    "pemToPkcs12Pass",
    "pemTruststoreToPKCS12",
    "pemTruststoreToPKCS12Pass",
    "pkcs12cert",
    "pkcs12certPass",
    "pkcs12key",
    "pkcs12keyPass",
    "rsaDecrypt",
    "base64Decode",
    "base64Encode",
    "keyOrDefault",
    "parseJSON",
    "pkiCert",
    "toJSON",
    "toJSONPretty",
    "toTOML",
    "toYAML",
];

/// The name, if another tool has a function of that name.
pub(crate) fn foreign(name: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|known| **known == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::SEALED_SECRETS;

    #[test]
    fn none_of_them_is_known() {
        for name in FOREIGN {
            assert!(SEALED_SECRETS.find(name).is_none(), "{name}");
        }
    }
}
