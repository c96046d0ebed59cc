//! The object that data keys and values belong to.

use std::collections::BTreeMap;
use std::fmt;

use super::fault::Fault;
use super::fields::Fields;
use crate::Scope;

/// Scope, and as much of namespace and name as it uses; the rest is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    scope: Scope,
    namespace: String,
    name: String,
}

impl Binding {
    /// Of an object in `namespace` called `name`.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if a part that the scope uses is no legal name in Kubernetes.
    pub fn new(scope: Scope, namespace: &str, name: &str) -> Result<Self, Fault> {
        let (namespace, name) = match scope {
            Scope::Strict => (namespace, name),
            Scope::NamespaceWide => (namespace, ""),
            Scope::ClusterWide => ("", ""),
        };
        let legal = (scope == Scope::ClusterWide || is_label(namespace))
            && (scope != Scope::Strict || is_subdomain(name));
        if !legal {
            return Err(Fault::Malformed);
        }
        Ok(Self {
            scope,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Reads `boundTo`.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn from_text(text: &str) -> Result<Self, Fault> {
        let parts: Vec<_> = text.split('/').collect();
        match parts.as_slice() {
            ["strict", namespace, name] => Self::new(Scope::Strict, namespace, name),
            ["namespace-wide", namespace] => Self::new(Scope::NamespaceWide, namespace, ""),
            ["cluster-wide"] => Self::new(Scope::ClusterWide, "", ""),
            _ => Err(Fault::Malformed),
        }
    }

    /// Where the values may be used.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Empty unless the scope uses it.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Empty unless the scope is strict.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a data key that says it is bound to `self` may be used in `object`.
    ///
    /// # Errors
    /// [`Fault::WrongScope`] or [`Fault::MovedObject`].
    pub fn admits(&self, object: &Self) -> Result<(), Fault> {
        if self.scope != object.scope {
            Err(Fault::WrongScope)
        } else if self != object {
            Err(Fault::MovedObject)
        } else {
            Ok(())
        }
    }

    /// The encryption context of wraps by symmetric KMS keys: what the scope does not use is left
    /// out.
    pub fn kms_context(&self) -> BTreeMap<String, String> {
        let mut context = BTreeMap::from([
            ("seal-format".to_owned(), "se1".to_owned()),
            ("seal-scope".to_owned(), self.scope.as_str().to_owned()),
        ]);
        for (key, value) in [
            ("seal-namespace", &self.namespace),
            ("seal-name", &self.name),
        ] {
            if !value.is_empty() {
                context.insert(key.to_owned(), value.clone());
            }
        }
        context
    }

    pub(crate) fn add_to(&self, fields: &mut Fields) {
        fields.add(self.scope.as_str().as_bytes());
        fields.add(self.namespace.as_bytes());
        fields.add(self.name.as_bytes());
    }
}

impl fmt::Display for Binding {
    /// As `boundTo` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scope.as_str())?;
        for part in [&self.namespace, &self.name] {
            if !part.is_empty() {
                write!(f, "/{part}")?;
            }
        }
        Ok(())
    }
}

/// RFC 1123 label.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// RFC 1123 subdomain. Kubernetes limits the whole, not the labels.
fn is_subdomain(text: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty()
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip_and_hold_what_the_scope_uses() {
        for (scope, text) in [
            (Scope::Strict, "strict/prod/db"),
            (Scope::NamespaceWide, "namespace-wide/prod"),
            (Scope::ClusterWide, "cluster-wide"),
        ] {
            let binding = Binding::new(scope, "prod", "db").unwrap();
            assert_eq!(binding.to_string(), text);
            assert_eq!(Binding::from_text(text), Ok(binding));
        }
    }

    #[test]
    fn names_are_those_of_kubernetes() {
        for text in [
            "",
            "strict",
            "strict/prod",
            "strict//db",
            "strict/prod/",
            "strict/Prod/db",
            "strict/prod/-db",
            "strict/a.b/db",
            "strict/prod/db/x",
            "cluster-wide/prod",
            "namespace-wide",
            "Strict/prod/db",
        ] {
            assert_eq!(Binding::from_text(text), Err(Fault::Malformed), "{text:?}");
        }
        assert!(Binding::from_text("strict/prod/a.b-c").is_ok());
    }

    #[test]
    fn contexts_leave_out_what_is_unused() {
        let context = |scope| Binding::new(scope, "prod", "db").unwrap().kms_context();
        assert_eq!(context(Scope::Strict).len(), 4);
        assert_eq!(context(Scope::Strict)["seal-name"], "db");
        assert!(!context(Scope::NamespaceWide).contains_key("seal-name"));
        assert_eq!(context(Scope::ClusterWide).len(), 2);
    }

    #[test]
    fn a_move_and_a_flip_of_scope_are_told_apart() {
        let strict = Binding::new(Scope::Strict, "prod", "db").unwrap();
        let other = Binding::new(Scope::Strict, "prod", "cache").unwrap();
        let wide = Binding::new(Scope::NamespaceWide, "prod", "db").unwrap();
        assert_eq!(strict.admits(&strict), Ok(()));
        assert_eq!(strict.admits(&other), Err(Fault::MovedObject));
        assert_eq!(strict.admits(&wide), Err(Fault::WrongScope));
    }
}
