//! Who calls AWS.

use std::collections::BTreeMap;
use std::fmt;

use crate::static_credentials::StaticCredentials;

/// Who calls: a base, and the roles that it takes on in order. Equal identities share credentials, clients
/// and values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Whose credentials are there without a call that is signed.
    pub base: Base,
    /// ARNs of roles that are assumed first, in order, without any conditions.
    pub additional_roles: Vec<String>,
    /// The role that is assumed in the end.
    pub role: Option<AssumedRole>,
}

/// Where a chain of roles begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// The usual chain of this process: environment, mounted web identity (IRSA), container credentials
    /// (EKS Pod Identity), instance metadata.
    Process,
    /// An access key.
    Static(StaticCredentials),
    /// A service account of the cluster, whose tokens AWS STS takes.
    WebIdentity {
        /// ARN of the role that its token is exchanged for.
        role_arn: String,
        /// The service account.
        account: ServiceAccount,
        /// Audiences of the token.
        audiences: Vec<String>,
    },
}

/// A service account of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A role, and what its trust policy may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AssumedRole {
    /// ARN of the role.
    pub arn: String,
    /// `sts:ExternalId`.
    pub external_id: Option<String>,
    /// `aws:PrincipalTag/…` of the session; they need `sts:TagSession`.
    pub session_tags: BTreeMap<String, String>,
    /// Keys of those that stay in a chain of roles.
    pub transitive_tag_keys: Vec<String>,
}

impl AssumedRole {
    /// A role without any conditions.
    pub fn of(arn: impl Into<String>) -> Self {
        Self {
            arn: arn.into(),
            ..Self::default()
        }
    }
}

impl Identity {
    /// A base without roles.
    pub fn of(base: Base) -> Self {
        Self {
            base,
            additional_roles: Vec::new(),
            role: None,
        }
    }

    /// The access key, if it is all there is to it.
    pub(crate) fn keys(&self) -> Option<&StaticCredentials> {
        match &self.base {
            Base::Static(keys) if self.role.is_none() && self.additional_roles.is_empty() => {
                Some(keys)
            }
            _ => None,
        }
    }

    /// Who assumes the last role, and that role; None for a base.
    pub(crate) fn parent(&self) -> Option<(Self, AssumedRole)> {
        let mut parent = self.clone();
        let role = parent
            .role
            .take()
            .or_else(|| parent.additional_roles.pop().map(AssumedRole::of))?;
        Some((parent, role))
    }
}

/// Who it is in the end: for logs and metrics. Holds no secret; identities that differ may share it.
impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.as_ref().map(|role| &role.arn);
        match (role.or(self.additional_roles.last()), &self.base) {
            (Some(arn), _) => out.write_str(arn),
            (None, Base::Process) => out.write_str("process"),
            (None, Base::Static(keys)) => out.write_str(&keys.access_key_id),
            (None, Base::WebIdentity { role_arn, .. }) => out.write_str(role_arn),
        }
    }
}

impl fmt::Display for ServiceAccount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> StaticCredentials {
        StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: "canary-key".to_owned().into(),
            session_token: Some("canary-token".to_owned().into()),
        }
    }

    #[test]
    fn a_chain_is_taken_apart_from_its_end() {
        let identity = Identity {
            base: Base::Process,
            additional_roles: vec!["a".to_owned(), "b".to_owned()],
            role: Some(AssumedRole {
                external_id: Some("x".to_owned()),
                ..AssumedRole::of("c")
            }),
        };
        let mut names = vec![identity.to_string()];
        let mut roles = Vec::new();
        let mut rest = identity;
        while let Some((parent, role)) = rest.parent() {
            names.push(parent.to_string());
            roles.push((role.arn, role.external_id.is_some()));
            rest = parent;
        }
        let roles: Vec<_> = roles.iter().map(|(arn, id)| (arn.as_str(), *id)).collect();
        assert_eq!(roles, [("c", true), ("b", false), ("a", false)]);
        assert_eq!(names, ["c", "b", "a", "process"]);
    }

    #[test]
    fn prints_no_secret() {
        let identity = Identity::of(Base::Static(keys()));
        for text in [format!("{identity:#?}"), identity.to_string()] {
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn keys_that_differ_are_other_identities() {
        let other = StaticCredentials {
            secret_access_key: "other".to_owned().into(),
            ..keys()
        };
        let later = StaticCredentials {
            session_token: None,
            ..keys()
        };
        assert_ne!(keys(), other);
        assert_ne!(keys(), later);
        assert_eq!(keys(), keys().clone());
    }
}
