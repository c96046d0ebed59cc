//! Which version of a secret.

/// A version, as `remoteRef.version` names it (contract §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// The one with this stage.
    Stage(String),
    /// The one with this id.
    Id(String),
}

impl Version {
    /// The stage of the value that counts now.
    pub const CURRENT: &str = "AWSCURRENT";

    /// Reads `remoteRef.version`: nothing is the current one, `uuid/…` an id, anything else a stage.
    pub fn read(text: Option<&str>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            None => Self::default(),
            Some(text) => match text.strip_prefix("uuid/") {
                Some(id) => Self::Id(id.to_owned()),
                None => Self::Stage(text.to_owned()),
            },
        }
    }

    /// Whether it is the one that batches give.
    pub fn is_current(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::Stage(Self::CURRENT.to_owned())
    }
}
