//! What is sealed, as messages name it.

use std::fmt;

use seal_format::Scope;

/// An object's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) scope: Scope,
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            namespace,
            scope,
        } = self;
        match scope {
            Scope::ClusterWide => write!(f, "{name} ({scope})"),
            _ => write!(f, "{name} ({namespace}, {scope})"),
        }
    }
}
