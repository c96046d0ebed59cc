//! What Secrets Manager answers.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::error::SecretsFault;
use crate::version::Version;

/// The value of one version of a secret. Its `Debug` does not exist: nothing prints it.
#[derive(Clone)]
pub struct SecretValue {
    /// ARN of the secret, with the six characters that AWS adds.
    pub arn: String,
    /// Name of the secret.
    pub name: String,
    /// Id of the version.
    pub version_id: String,
    /// When the version was made, in seconds since 1970, as far as AWS says.
    pub created: Option<i64>,
    /// The text, if it was stored as text.
    pub text: Option<Zeroizing<String>>,
    /// The bytes, if it was stored as bytes.
    pub binary: Option<Zeroizing<Vec<u8>>>,
}

impl SecretValue {
    /// The value: text before bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        let text = self.text.as_ref().map(|text| text.as_bytes());
        text.or_else(|| self.binary.as_ref().map(|bytes| bytes.as_slice()))
    }
}

/// What several secrets at once gave.
pub struct Batch {
    /// Those that could be read.
    pub values: Vec<SecretValue>,
    /// Those that could not: the id that was asked for, and why. None is left out silently.
    pub errors: Vec<(String, SecretsFault)>,
}

/// A secret that exists; its value was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// ARN of the secret.
    pub arn: String,
    /// Name of the secret.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Stages of each version id.
    pub stages: BTreeMap<String, Vec<String>>,
}

impl Listed {
    /// Id of the version that counts now, if there is one.
    pub fn current(&self) -> Option<&str> {
        let is_current = |stages: &Vec<String>| stages.iter().any(|it| it == Version::CURRENT);
        let mut stages = self.stages.iter();
        stages
            .find_map(|(id, stages)| is_current(stages).then_some(id))
            .map(String::as_str)
    }
}
