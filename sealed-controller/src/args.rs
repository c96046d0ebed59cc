//! The flags, and what they mean. Every flag can be given as `SEALED_SECRETS_<FLAG>`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use jiff::SignedDuration;
use operator_kit::logging::LogFormat;
use seal_kms::{KeyArn, NotAKeyArn};
use tracing::Level;

use crate::cloud_key::SealingKeyFlag;
use crate::keys::WrapRecipient;

/// Turns SealedSecrets into Secrets and keeps them so.
#[derive(Parser, Debug)]
#[command(name = "sealed-controller", version, disable_version_flag = true)]
pub(crate) struct Args {
    /// Kubeconfig to use instead of the in-cluster configuration.
    #[arg(long, value_name = "FILE", env = "SEALED_SECRETS_KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Address of /healthz, /readyz, /v1/cert.pem, /v1/verify and /v1/rotate.
    #[arg(long, default_value = ":8080", env = "SEALED_SECRETS_LISTEN_ADDR")]
    pub(crate) listen_addr: String,

    /// Address of /metrics.
    #[arg(
        long,
        default_value = ":8081",
        env = "SEALED_SECRETS_LISTEN_METRICS_ADDR"
    )]
    pub(crate) listen_metrics_addr: String,

    /// Requests to /v1/verify, and to /v1/rotate, that each client may make per second in the long run.
    #[arg(long, default_value = "2", env = "SEALED_SECRETS_RATE_LIMIT")]
    pub(crate) rate_limit: NonZeroU32,

    /// Requests that each client may make ahead of that.
    #[arg(long, default_value = "2", env = "SEALED_SECRETS_RATE_LIMIT_BURST")]
    pub(crate) rate_limit_burst: u32,

    /// Prefix of key Secrets' names.
    #[arg(long, default_value = "sealed-secrets-key", value_parser = key_prefix, env = "SEALED_SECRETS_KEY_PREFIX")]
    pub(crate) key_prefix: String,

    /// Size of new RSA keys in bits: 2048, 3072, 4096 or 8192.
    #[arg(long, default_value = "4096", value_parser = key_size, env = "SEALED_SECRETS_KEY_SIZE")]
    pub(crate) key_size: u32,

    /// Validity of new certificates, such as 87600h.
    #[arg(long, default_value = "87600h", value_parser = duration, env = "SEALED_SECRETS_KEY_TTL")]
    pub(crate) key_ttl: SignedDuration,

    /// Age of the newest key at which a new one is made, such as 720h; 0 means never.
    #[arg(long, visible_alias = "rotate-period", default_value = "720h", value_parser = duration, env = "SEALED_SECRETS_KEY_RENEW_PERIOD")]
    pub(crate) key_renew_period: SignedDuration,

    /// Common name in new certificates.
    #[arg(long, default_value = "", env = "SEALED_SECRETS_MY_CN")]
    pub(crate) my_cn: String,

    /// Store the private half of new sealing keys only wrapped for these: kms:ARN of a symmetric AWS KMS
    /// key, or age1…; repeatable.
    #[arg(
        long,
        value_name = "RECIPIENT",
        value_delimiter = ',',
        env = "SEALED_SECRETS_WRAP_KEYS_WITH"
    )]
    pub(crate) wrap_keys_with: Vec<WrapRecipient>,

    /// Seal for an RSA key in AWS KMS, kms:ARN, and have no private key in the cluster: /v1/cert.pem serves a
    /// certificate for its public key, and no sealing key is made.
    #[arg(
        long,
        value_name = "kms:ARN",
        default_value = "",
        hide_default_value = true,
        env = "SEALED_SECRETS_SEALING_KEY"
    )]
    pub(crate) sealing_key: SealingKeyFlag,

    /// Keys in AWS KMS.
    #[command(flatten)]
    pub(crate) kms: KmsArgs,

    /// DEBUG, INFO, WARN or ERROR.
    #[arg(
        long,
        default_value = "INFO",
        ignore_case = true,
        env = "SEALED_SECRETS_LOG_LEVEL"
    )]
    pub(crate) log_level: Level,

    /// text or json.
    #[arg(long, default_value = "text", env = "SEALED_SECRETS_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,

    /// Print the version.
    #[arg(long)]
    pub(crate) version: bool,
}

impl Args {
    /// Those of this process; ends it if they make no sense.
    pub(crate) fn read() -> Self {
        let args = Self::parse();
        match args.contradiction() {
            Some(text) => Self::command()
                .error(ErrorKind::ArgumentConflict, text)
                .exit(),
            None => args,
        }
    }

    /// Flags that exclude each other. Not clap's own check, which counts variables without value as given.
    fn contradiction(&self) -> Option<&'static str> {
        let both = self.sealing_key.0.is_some() && !self.wrap_keys_with.is_empty();
        both.then_some(
            "--sealing-key and --wrap-keys-with exclude each other: with a sealing key in KMS there are no \
             private keys to wrap",
        )
    }
}

/// Keys in AWS KMS that may open values sealed for them. Credentials come from the usual AWS chain.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct KmsArgs {
    /// ARN of a symmetric AWS KMS key that may be used, or several with commas; repeatable. No other key is
    /// ever called.
    #[arg(long = "kms-key", value_name = "ARN", env = "SEALED_SECRETS_KMS_KEYS")]
    kms_keys: Vec<KeyList>,

    /// ARN of an RSA key in AWS KMS that may be used, or several with commas; repeatable.
    #[arg(
        long = "kms-rsa-key",
        value_name = "ARN",
        env = "SEALED_SECRETS_KMS_RSA_KEYS"
    )]
    kms_rsa_keys: Vec<KeyList>,

    /// URL of AWS KMS, in place of AWS's own.
    #[arg(long, value_name = "URL", env = "SEALED_SECRETS_KMS_ENDPOINT")]
    kms_endpoint: Option<String>,

    /// Region whose replicas of multi-Region keys are used.
    #[arg(long, value_name = "REGION", env = "SEALED_SECRETS_KMS_REGION")]
    kms_region: Option<String>,
}

impl KmsArgs {
    /// Symmetric keys that may be used.
    pub(crate) fn symmetric(&self) -> Vec<KeyArn> {
        all(&self.kms_keys)
    }

    /// RSA keys that may be used.
    pub(crate) fn rsa(&self) -> Vec<KeyArn> {
        all(&self.kms_rsa_keys)
    }

    pub(crate) fn endpoint(&self) -> Option<String> {
        given(self.kms_endpoint.as_ref())
    }

    pub(crate) fn region(&self) -> Option<String> {
        given(self.kms_region.as_ref())
    }
}

/// ARNs with commas between them. None at all is fine: manifests have variables without value.
#[derive(Clone, Debug, Default)]
struct KeyList(Vec<KeyArn>);

impl FromStr for KeyList {
    type Err = NotAKeyArn;

    fn from_str(text: &str) -> Result<Self, NotAKeyArn> {
        let arns = text.split(',').map(str::trim).filter(|arn| !arn.is_empty());
        arns.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

fn all(lists: &[KeyList]) -> Vec<KeyArn> {
    lists.iter().flat_map(|list| list.0.clone()).collect()
}

fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// What becomes part of every key Secret's name.
fn key_prefix(text: &str) -> Result<String, String> {
    let fits = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits && !text.is_empty() && text.len() <= 245 {
        Ok(text.to_owned())
    } else {
        Err("a key prefix has 1 to 245 characters of a-z, 0-9 and -".to_owned())
    }
}

fn key_size(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(bits @ (2048 | 3072 | 4096 | 8192)) => Ok(bits),
        _ => Err("an RSA key has 2048, 3072, 4096 or 8192 bits".to_owned()),
    }
}

/// Durations as Go writes them: `720h`, `1h30m`, `0`.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let duration: Option<SignedDuration> = if text == "0" {
        Some(SignedDuration::ZERO)
    } else {
        text.parse().ok()
    };
    duration
        .filter(|duration| !duration.is_negative())
        .ok_or_else(|| "a duration is written like 720h or 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn keys_in_kms_are_arns_one_by_one_or_in_a_list() {
        let arn = |id: &str| format!("arn:aws:kms:eu-central-1:111122223333:key/{id}");
        let both = format!("--kms-key={}, {},", arn("a"), arn("b"));
        let third = format!("--kms-key={}", arn("c"));
        let args = Args::try_parse_from(["x", &both, &third, "--kms-endpoint="]).unwrap();
        let keys = args.kms.symmetric();
        let ids: Vec<_> = keys.iter().map(KeyArn::key_id).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(args.kms.endpoint(), None);
        let empty = Args::try_parse_from(["x", "--kms-rsa-key="]).unwrap();
        assert_eq!(empty.kms.rsa(), []);
        assert!(Args::try_parse_from(["x", "--kms-key=alias/seal"]).is_err());
    }

    #[test]
    fn a_sealing_key_in_kms_leaves_no_keys_to_wrap() {
        let arn = "kms:arn:aws:kms:eu-central-1:111122223333:key/a";
        let [sealing, wrapping] = ["--sealing-key", "--wrap-keys-with"];
        for (args, contradict) in [
            (vec![sealing, arn, wrapping, arn], true),
            (vec![sealing, arn], false),
            (vec![wrapping, arn], false),
            (vec![sealing, "", wrapping, arn], false),
        ] {
            let read = Args::try_parse_from(["x"].into_iter().chain(args.clone())).unwrap();
            assert_eq!(read.contradiction().is_some(), contradict, "{args:?}");
        }
        assert!(Args::try_parse_from(["x", sealing, "kms:alias/a"]).is_err());
    }

    #[test]
    fn durations_as_go_writes_them() {
        let hours = SignedDuration::from_hours;
        for (text, expected) in [
            ("720h", Some(hours(720))),
            ("87600h0m0s", Some(hours(87_600))),
            ("1h30m", Some(SignedDuration::from_mins(90))),
            ("1.5h", Some(SignedDuration::from_mins(90))),
            ("30s", Some(SignedDuration::from_secs(30))),
            ("0", Some(SignedDuration::ZERO)),
            ("-1h", None),
            ("soon", None),
        ] {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn names_and_sizes_are_checked() {
        assert!(key_prefix("sealed-secrets-key").is_ok());
        assert!(key_prefix("Keys").is_err());
        assert!(key_prefix(&"k".repeat(246)).is_err());
        assert!(key_size("1024").is_err());
        // Upstream divides by it.
        assert!(Args::try_parse_from(["x", "--rate-limit=0"]).is_err());
        let args = Args::try_parse_from(["x", "--rate-limit-burst=0"]).unwrap();
        assert_eq!((args.rate_limit.get(), args.rate_limit_burst), (2, 0));
    }
}
