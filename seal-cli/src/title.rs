//! What is sealed, as messages name it.

use std::fmt;

use seal_format::Scope;
use sealing::{PlainSecret, SealedDocument};

use crate::ui::in_line;

/// An object's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) scope: Scope,
}

impl Title {
    /// Of a Secret that will be sealed.
    pub(crate) fn of(secret: &PlainSecret, scope: Scope) -> Self {
        let metadata = &secret.metadata;
        Self {
            name: metadata.name.clone().unwrap_or_default(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            scope,
        }
    }

    /// Of a SealedSecret as its file has it.
    pub(crate) fn of_sealed(sealed: &SealedDocument) -> Self {
        Self {
            name: sealed.name.clone(),
            namespace: sealed.namespace.clone().unwrap_or_default(),
            scope: sealed.scope,
        }
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, namespace) = (in_line(&self.name), in_line(&self.namespace));
        let scope = self.scope;
        match scope {
            Scope::ClusterWide => write!(f, "{name} ({scope})"),
            _ => write!(f, "{name} ({namespace}, {scope})"),
        }
    }
}
