//! What to look for among all secrets (contract §5.5).

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::types::FilterNameStringType;
use regex::Regex;

use crate::error::{Operation, SecretsError, SecretsFault};

/// A search. All of it must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// A regular expression in Go's syntax that matches somewhere in the name.
    pub name: Option<String>,
    /// What the name begins with. Finds nothing on its own.
    pub path: Option<String>,
    /// Tags, each as a whole.
    pub tags: BTreeMap<String, String>,
}

/// A search that can be made.
pub(crate) struct Search<'a> {
    name: Option<Regex>,
    find: &'a Find,
}

impl Find {
    pub(crate) fn search(&self) -> Result<Search<'_>, SecretsError> {
        let failed = |fault| SecretsError {
            operation: Operation::ListSecrets,
            key: None,
            fault,
        };
        if self.name.is_none() && self.tags.is_empty() {
            return Err(failed(SecretsFault::NothingToFind));
        }
        let name = self.name.as_deref().map(go_regexp::compile).transpose();
        Ok(Search {
            name: name.map_err(|_| failed(SecretsFault::BadPattern))?,
            find: self,
        })
    }
}

impl Search<'_> {
    pub(crate) fn is_name(&self, name: &str) -> bool {
        let path = self.find.path.as_deref().unwrap_or_default();
        name.starts_with(path) && self.name.as_ref().is_none_or(|it| it.is_match(name))
    }

    /// Whether these tags, in any order, are at least those that are wanted.
    pub(crate) fn are_tags<'t>(&self, tags: impl Iterator<Item = (&'t str, &'t str)>) -> bool {
        let wanted = |&(key, value): &(&str, &str)| {
            let wanted = self.find.tags.get(key);
            wanted.is_some_and(|wanted| wanted == value)
        };
        // Keys of tags are unique.
        tags.filter(wanted).count() == self.find.tags.len()
    }

    /// Whether a name alone does not tell.
    pub(crate) fn needs_tags(&self) -> bool {
        !self.find.tags.is_empty()
    }

    /// AWS's filters, which give more than what is wanted.
    pub(crate) fn filters(&self) -> Vec<(FilterNameStringType, String)> {
        let path = self.find.path.iter().filter(|path| !path.is_empty());
        let names = path.map(|path| (FilterNameStringType::Name, path.clone()));
        let tags = self.find.tags.iter().flat_map(|(key, value)| {
            let key = (FilterNameStringType::TagKey, key.clone());
            [key, (FilterNameStringType::TagValue, value.clone())]
        });
        // An empty value is none that AWS would filter by.
        let filters = names.chain(tags);
        filters.filter(|(_, value)| !value.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_tags_must_all_match() {
        let find = Find {
            name: Some("b$".to_owned()),
            path: Some("prod/".to_owned()),
            tags: [
                ("env".to_owned(), "prod".to_owned()),
                ("team".to_owned(), "a".to_owned()),
            ]
            .into(),
        };
        let search = find.search().unwrap();
        for (name, matches) in [
            ("prod/db", true),
            ("prod/b", true),
            ("prod/dbs", false),
            ("dev/prod/db", false),
            ("b", false),
        ] {
            assert_eq!(search.is_name(name), matches, "{name}");
        }
        for (tags, matches) in [
            (&[("team", "a"), ("x", "y"), ("env", "prod")][..], true),
            (&[("team", "a"), ("env", "production")], false),
            (&[("team", "prod"), ("env", "a")], false),
            (&[("env", "prod")], false),
        ] {
            assert_eq!(search.are_tags(tags.iter().copied()), matches, "{tags:?}");
        }
        assert_eq!(search.filters().len(), 5);
    }

    #[test]
    fn searches_that_are_none() {
        let fault = |find: &Find| find.search().map(drop).unwrap_err().fault;
        let path = Find {
            path: Some("prod/".to_owned()),
            ..Find::default()
        };
        for nothing in [&Find::default(), &path] {
            assert_eq!(fault(nothing), SecretsFault::NothingToFind);
        }
        let bad = Find {
            name: Some("(".to_owned()),
            ..Find::default()
        };
        assert_eq!(fault(&bad), SecretsFault::BadPattern);
    }
}
