//! Scopes and labels (contract Sealed Secrets §1.1).

use std::fmt;
use std::str::FromStr;

/// Where a sealed value may be opened. It is bound into the value by the RSA-OAEP label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Only in the Secret of this namespace and name.
    #[default]
    Strict,
    /// Under any name in this namespace.
    NamespaceWide,
    /// Anywhere in the cluster.
    ClusterWide,
}

/// A scope was named that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown scope: use strict, namespace-wide or cluster-wide")]
pub struct ScopeError;

impl Scope {
    /// The name used by flags and annotations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::NamespaceWide => "namespace-wide",
            Self::ClusterWide => "cluster-wide",
        }
    }

    /// The RSA-OAEP label: `namespace/name`, `namespace`, or nothing.
    pub fn label(self, namespace: &str, name: &str) -> Vec<u8> {
        match self {
            Self::Strict => format!("{namespace}/{name}").into_bytes(),
            Self::NamespaceWide => namespace.as_bytes().to_vec(),
            Self::ClusterWide => Vec::new(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    /// The empty string is strict, as kubeseal has it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" | "strict" => Ok(Self::Strict),
            "namespace-wide" => Ok(Self::NamespaceWide),
            "cluster-wide" => Ok(Self::ClusterWide),
            _ => Err(ScopeError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_scope() {
        for (scope, label) in [
            (Scope::Strict, "ns/name"),
            (Scope::NamespaceWide, "ns"),
            (Scope::ClusterWide, ""),
        ] {
            assert_eq!(scope.label("ns", "name"), label.as_bytes(), "{scope}");
        }
    }

    #[test]
    fn names_round_trip_and_strict_is_the_default() {
        for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert_eq!("".parse(), Ok(Scope::default()));
        assert_eq!("Strict".parse::<Scope>(), Err(ScopeError));
    }
}
