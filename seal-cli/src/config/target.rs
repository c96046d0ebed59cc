//! Where a rule's files are used: what `seal` holds them to, as it does with their scope.

use std::fmt;

use crate::title::Title;

/// What a rule says of namespace and name; nothing holds what it leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

impl Target {
    /// Whether an object may be in a file of the rule. One that names no namespace is not held to any.
    pub(crate) fn admits(&self, title: &Title) -> bool {
        let holds =
            |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        (title.namespace.is_empty() || holds(&self.namespace, &title.namespace))
            && holds(&self.name, &title.name)
    }
}

/// As messages compare it with another.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "namespace {namespace}")?,
            None => f.write_str("any namespace")?,
        }
        match &self.name {
            Some(name) => write!(f, ", name {name}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use seal_format::Scope;

    use super::*;

    #[test]
    fn what_a_rule_says_holds() {
        let title = |namespace: &str, name: &str| Title {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            scope: Scope::Strict,
        };
        let target = |namespace: Option<&str>, name: Option<&str>| Target {
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        for (target, title, admitted) in [
            (target(None, None), title("any", "thing"), true),
            (target(Some("shop"), None), title("shop", "db"), true),
            (target(Some("shop"), None), title("evil", "db"), false),
            (target(Some("shop"), None), title("", "db"), true),
            (target(Some("shop"), Some("db")), title("shop", "db"), true),
            (target(Some("shop"), Some("db")), title("shop", "x"), false),
            (target(Some("shop"), Some("db")), title("", "x"), false),
        ] {
            assert_eq!(target.admits(&title), admitted, "{target}: {title}");
        }
    }
}
