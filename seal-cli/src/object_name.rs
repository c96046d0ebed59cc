//! Names that objects can have (RFC 1123, as Kubernetes takes them). kubeseal seals under any name, and
//! nobody can ever make the Secret; verbs refuse.

use seal_format::Scope;
use seal_format::se1::Binding;
use sealing::{PlainSecret, is_item_name};

use crate::ui::in_line;

/// A name that nothing in a cluster can have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IllegalName {
    #[error(
        "no Secret can be called {:?}: names are up to 253 of a-z, 0-9, - and ., with a letter or digit at both ends of each part",
        in_line(.0)
    )]
    Name(String),
    #[error(
        "no namespace can be called {:?}: names are up to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        in_line(.0)
    )]
    Namespace(String),
    #[error(
        "no Secret can have an item called {:?}: names are letters, digits, -, _ and ., at most 253 of them",
        in_line(.0)
    )]
    Item(String),
}

/// What is known of a place; nothing is said of what is not there.
///
/// # Errors
/// [`IllegalName`].
pub(crate) fn check(name: Option<&str>, namespace: Option<&str>) -> Result<(), IllegalName> {
    let known = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(name) = known(name)
        && Binding::new(Scope::Strict, "x", &name).is_err()
    {
        return Err(IllegalName::Name(name));
    }
    if let Some(namespace) = known(namespace)
        && Binding::new(Scope::NamespaceWide, &namespace, "").is_err()
    {
        return Err(IllegalName::Namespace(namespace));
    }
    Ok(())
}

/// The same of a Secret and its items.
///
/// # Errors
/// [`IllegalName`].
pub(crate) fn check_secret(secret: &PlainSecret) -> Result<(), IllegalName> {
    let metadata = &secret.metadata;
    check(metadata.name.as_deref(), metadata.namespace.as_deref())?;
    match secret.data.keys().find(|item| !is_item_name(item)) {
        Some(item) => Err(IllegalName::Item(item.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let long = "a".repeat(64);
        for (name, namespace, legal) in [
            (None, None, true),
            (Some(""), Some(""), true),
            (Some("db.v1"), Some("prod-1"), true),
            (Some(long.as_str()), None, true),
            (Some("DB"), None, false),
            (Some("db_1"), None, false),
            (Some("-db"), None, false),
            (Some("a..b"), None, false),
            (None, Some("a.b"), false),
            (None, Some("Prod"), false),
            (None, Some(long.as_str()), false),
        ] {
            assert_eq!(
                check(name, namespace).is_ok(),
                legal,
                "{name:?} {namespace:?}"
            );
        }
    }

    #[test]
    fn items() {
        for (item, legal) in [("a.b_c-D", true), ("a/b", false), ("", false), ("ä", false)] {
            let secret = PlainSecret {
                data: [(item.to_owned(), zeroize::Zeroizing::default())].into(),
                ..PlainSecret::default()
            };
            assert_eq!(check_secret(&secret).is_ok(), legal, "{item}");
        }
    }
}
