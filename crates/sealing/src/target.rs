//! Which Secret the values are sealed for: name, namespace, scope (contract §3.4).

use seal_format::Scope;

use crate::plain_secret::PlainSecret;
use crate::scope::{scope_of, set_scope};

/// What the user said about the place of a Secret.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// `--name`: replaces the Secret's own.
    pub name: Option<String>,
    /// `--scope`: strict leaves the Secret's annotations alone.
    pub scope: Scope,
    /// Where the Secret lives if it does not say.
    pub namespace: Namespace,
    /// Seal Secrets without any item.
    pub allow_empty: bool,
}

/// Where a namespace comes from.
#[derive(Clone, Debug, Default)]
pub enum Namespace {
    /// `--namespace`: a Secret that says otherwise is refused.
    Given(String),
    /// The context's namespace: only for Secrets that name none.
    Default(String),
    /// Nobody knows: Secrets must name theirs.
    #[default]
    Unknown,
}

/// Why a Secret cannot be sealed for its target.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// There is nothing to seal.
    #[error(
        "secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used"
    )]
    Empty,
    /// The Secret has no name, and `--name` was not given.
    #[error("missing metadata.name in input Secret")]
    NoName,
    /// The Secret names no namespace, and there is no context to take one from.
    #[error(
        "secret must declare a namespace: add metadata.namespace, or give --namespace (there is no kubeconfig context to take it from)"
    )]
    NoNamespace,
    /// `--namespace` contradicts the Secret.
    #[error("namespace mismatch: input secret is in namespace {own:?} but {given:?} was specified")]
    NamespaceMismatch {
        /// What the Secret says.
        own: String,
        /// What the flag says.
        given: String,
    },
}

impl Target {
    /// Brings the Secret's metadata into the shape that is sealed, and gives the scope.
    pub fn apply(&self, secret: &mut PlainSecret) -> Result<Scope, TargetError> {
        if secret.data.is_empty() && !self.allow_empty {
            return Err(TargetError::Empty);
        }
        let metadata = &mut secret.metadata;
        if let Some(name) = &self.name {
            metadata.name = Some(name.clone());
        }
        if metadata.name.as_deref().unwrap_or_default().is_empty() {
            return Err(TargetError::NoName);
        }
        if self.scope != Scope::Strict {
            set_scope(&mut metadata.annotations, self.scope);
        }
        let scope = scope_of(metadata.annotations.as_ref());
        if scope != Scope::ClusterWide {
            metadata.namespace = Some(self.namespace.resolve(metadata.namespace.take())?);
        }
        Ok(scope)
    }
}

impl Namespace {
    fn resolve(&self, own: Option<String>) -> Result<String, TargetError> {
        let own = own.filter(|namespace| !namespace.is_empty());
        match (own, self) {
            (Some(own), Self::Given(given)) if own != *given => {
                Err(TargetError::NamespaceMismatch {
                    own,
                    given: given.clone(),
                })
            }
            (Some(own), _) => Ok(own),
            (None, Self::Given(name) | Self::Default(name)) => Ok(name.clone()),
            (None, Self::Unknown) => Err(TargetError::NoNamespace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_api::TemplateMetadata;
    use zeroize::Zeroizing;

    fn secret(namespace: Option<&str>) -> PlainSecret {
        PlainSecret {
            metadata: TemplateMetadata {
                name: Some("db".into()),
                namespace: namespace.map(Into::into),
                ..TemplateMetadata::default()
            },
            data: [("a".to_owned(), Zeroizing::new(b"b".to_vec()))].into(),
            ..PlainSecret::default()
        }
    }

    #[test]
    fn namespaces_resolve_as_kubeseal_resolves_them() {
        let given = Namespace::Given("given".into());
        let context = Namespace::Default("context".into());
        for (own, namespace, scope, expected) in [
            (Some("own"), &context, Scope::Strict, Ok(Some("own"))),
            (None, &context, Scope::Strict, Ok(Some("context"))),
            (None, &given, Scope::NamespaceWide, Ok(Some("given"))),
            (Some("given"), &given, Scope::Strict, Ok(Some("given"))),
            (Some("own"), &given, Scope::Strict, Err(())),
            (Some("own"), &given, Scope::ClusterWide, Ok(Some("own"))),
            (None, &given, Scope::ClusterWide, Ok(None)),
            (None, &Namespace::Unknown, Scope::Strict, Err(())),
            (
                Some("own"),
                &Namespace::Unknown,
                Scope::Strict,
                Ok(Some("own")),
            ),
        ] {
            let target = Target {
                namespace: namespace.clone(),
                scope,
                ..Target::default()
            };
            let mut secret = secret(own);
            let result = target
                .apply(&mut secret)
                .map(|_| secret.metadata.namespace.as_deref())
                .map_err(|_| ());
            assert_eq!(result, expected, "{own:?} {namespace:?} {scope}");
        }
    }

    #[test]
    fn empty_and_nameless_secrets_are_refused() {
        let mut nameless = secret(Some("prod"));
        nameless.metadata.name = None;
        let target = Target::default();
        assert_eq!(target.apply(&mut nameless), Err(TargetError::NoName));
        let mut empty = secret(Some("prod"));
        empty.data.clear();
        assert_eq!(target.apply(&mut empty), Err(TargetError::Empty));
        let target = Target {
            allow_empty: true,
            ..target
        };
        assert_eq!(target.apply(&mut empty), Ok(Scope::Strict));
    }

    #[test]
    fn strict_cannot_undo_an_annotation() {
        let mut secret = secret(None);
        set_scope(&mut secret.metadata.annotations, Scope::ClusterWide);
        assert_eq!(Target::default().apply(&mut secret), Ok(Scope::ClusterWide));
    }
}
