//! Session tags that tell who asks: policies can then differ by namespace.

use std::collections::BTreeMap;

/// For whom a store is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Namespace of the ExternalSecret.
    pub namespace: &'a str,
    /// Name of the store.
    pub store_name: &'a str,
    /// `SecretStore` or `ClusterSecretStore`.
    pub store_kind: &'a str,
}

impl Asker<'_> {
    /// What `sessionTagsPolicy` Simple puts in place of `sessionTags`, and Custom with `customSessionTags`
    /// besides. What tells who asks cannot be replaced by those.
    pub fn session_tags(&self, custom: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut tags = custom.clone();
        for (key, value) in [
            ("esoNamespace", self.namespace),
            ("esoStoreName", self.store_name),
            ("esoStoreKind", self.store_kind),
        ] {
            // AWS takes keys for the same that differ in case only.
            tags.retain(|custom, _| !custom.eq_ignore_ascii_case(key));
            tags.insert(key.to_owned(), value.to_owned());
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_told_and_cannot_be_changed() {
        let asker = Asker {
            namespace: "team-a",
            store_name: "aws",
            store_kind: "ClusterSecretStore",
        };
        let own = [
            ("esoNamespace", "team-a"),
            ("esoStoreKind", "ClusterSecretStore"),
            ("esoStoreName", "aws"),
        ];
        for (custom, more) in [
            (vec![], vec![]),
            (vec![("stage", "prod")], vec![("stage", "prod")]),
            (vec![("esoNamespace", "team-b")], vec![]),
            (vec![("ESONAMESPACE", "team-b")], vec![]),
        ] {
            let custom = map(&custom);
            let expected: BTreeMap<_, _> = map(&own).into_iter().chain(map(&more)).collect();
            assert_eq!(asker.session_tags(&custom), expected, "{custom:?}");
        }
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }
}
