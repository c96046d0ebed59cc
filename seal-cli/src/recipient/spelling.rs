//! What kind of recipient a text names. Nothing is read but, for a text without a mark, whether
//! there is a file of that name.

use std::path::{Path, PathBuf};

use seal_kms::{KeyName, NotAKeyName};

/// A text by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spelling {
    /// `age1…`, plug-ins included, or a line of an SSH public key file.
    Age(String),
    /// A key or an alias.
    Kms(KeyName),
    /// A file with an RSA public key.
    PublicKey(PathBuf),
    /// A file or URL, as `--cert` takes it.
    Certificate(String),
    /// The controller of a context; `None` is the current one.
    Cluster(Option<String>),
}

/// Why a text names nobody.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SpellingError {
    #[error(
        "this is a private key: delete it here, and from the history where it was saved; a recipient is the public key (age-keygen -y prints it)"
    )]
    PrivateKey,
    #[error(
        "this is the hash of a public key, which nobody can seal with; name the certificate (cert:FILE) or the public key (rsa:FILE)"
    )]
    Hash,
    #[error("{0}")]
    Kms(#[from] NotAKeyName),
    #[error("no {0} is named behind the colon")]
    Nothing(&'static str),
    #[error(
        "names no recipient, and no file; use age1…, ssh-ed25519 …, the ARN of a KMS key, kms:alias/NAME, rsa:FILE, cert:FILE or cluster"
    )]
    Unknown,
}

impl SpellingError {
    /// Whether the text must not be shown, not even its beginning.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::PrivateKey)
    }
}

impl Spelling {
    /// `is_file` tells whether something without a mark is a file.
    pub(super) fn of(text: &str, is_file: impl Fn(&Path) -> bool) -> Result<Self, SpellingError> {
        let upper = text.to_ascii_uppercase();
        let private = ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"];
        if private.iter().any(|mark| upper.contains(mark)) {
            return Err(SpellingError::PrivateKey);
        }
        // A file may have any name that no other rule claims.
        if upper.starts_with("AGE1") && !text.contains(['/', '.']) {
            return Ok(Self::Age(text.to_owned()));
        }
        let ssh = ["ssh-", "sk-ssh-", "ecdsa-", "sk-ecdsa-"];
        if ssh.iter().any(|kind| text.starts_with(kind)) && text.contains(char::is_whitespace) {
            return Ok(Self::Age(text.to_owned()));
        }
        if text == "cluster" {
            return Ok(Self::Cluster(None));
        }
        if text.starts_with("arn:") {
            return Ok(Self::Kms(text.parse()?));
        }
        if let Some((mark, rest)) = text.split_once(':')
            && let Some(marked) = Self::marked(mark, rest)
        {
            return marked;
        }
        let ends = [".pem", ".crt", ".cer", ".cert"];
        let certificate = text.contains("://") || ends.iter().any(|end| text.ends_with(end));
        if certificate || is_file(Path::new(text)) {
            return Ok(Self::Certificate(text.to_owned()));
        }
        Err(SpellingError::Unknown)
    }

    /// `None` for a mark that is none.
    fn marked(mark: &str, rest: &str) -> Option<Result<Self, SpellingError>> {
        let named = |what: &'static str| {
            if rest.is_empty() {
                return Err(SpellingError::Nothing(what));
            }
            Ok(rest.to_owned())
        };
        Some(match mark {
            "kms" => rest.parse().map(Self::Kms).map_err(SpellingError::from),
            "rsa" if is_hash(rest) => Err(SpellingError::Hash),
            "rsa" | "kms-public" => named("file").map(|path| Self::PublicKey(path.into())),
            "cert" => named("file or URL").map(Self::Certificate),
            "cluster" => named("context").map(|context| Self::Cluster(Some(context))),
            _ => return None,
        })
    }
}

/// What `to` says of RSA keys.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        use Spelling::{Age, Certificate, Cluster, Kms, PublicKey};
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let kms = |text: &str| Kms(text.parse().unwrap());
        let hash = format!("rsa:{}", "0a".repeat(32));
        for (text, expected) in [
            ("age1qqq", Ok(Age("age1qqq".into()))),
            ("AGE1QQQ", Ok(Age("AGE1QQQ".into()))),
            ("age1yubikey1q", Ok(Age("age1yubikey1q".into()))),
            ("age1.pem", Ok(Certificate("age1.pem".into()))),
            ("ssh-rsa AAAA me", Ok(Age("ssh-rsa AAAA me".into()))),
            (arn, Ok(kms(arn))),
            (&format!("kms:{arn}"), Ok(kms(arn))),
            ("kms:alias/seal", Ok(kms("alias/seal"))),
            ("rsa:key.pem", Ok(PublicKey("key.pem".into()))),
            ("kms-public:key.pem", Ok(PublicKey("key.pem".into()))),
            ("cert:staging", Ok(Certificate("staging".into()))),
            (
                "cert:https://a.example/cert",
                Ok(Certificate("https://a.example/cert".into())),
            ),
            (
                "https://a.example/v1/cert",
                Ok(Certificate("https://a.example/v1/cert".into())),
            ),
            ("staging.crt", Ok(Certificate("staging.crt".into()))),
            ("there", Ok(Certificate("there".into()))),
            ("cluster", Ok(Cluster(None))),
            ("cluster:staging", Ok(Cluster(Some("staging".into())))),
            (
                "cluster:arn:aws:eks:eu-west-1:1:cluster/a",
                Ok(Cluster(Some("arn:aws:eks:eu-west-1:1:cluster/a".into()))),
            ),
            (&hash, Err(SpellingError::Hash)),
            ("cert:", Err(SpellingError::Nothing("file or URL"))),
            ("rsa:", Err(SpellingError::Nothing("file"))),
            ("cluster:", Err(SpellingError::Nothing("context"))),
            ("kms:staging", Err(SpellingError::Kms(NotAKeyName))),
            (
                "arn:aws:iam::1:role/x",
                Err(SpellingError::Kms(NotAKeyName)),
            ),
            ("age-secret-key-1qqq", Err(SpellingError::PrivateKey)),
            ("cert:AGE-PLUGIN-X-1Q", Err(SpellingError::PrivateKey)),
            ("hunter2", Err(SpellingError::Unknown)),
            ("", Err(SpellingError::Unknown)),
            ("ssh-ed25519", Err(SpellingError::Unknown)),
        ] {
            let found = Spelling::of(text, |path| path == Path::new("there"));
            assert_eq!(found, expected, "{text}");
        }
    }
}
