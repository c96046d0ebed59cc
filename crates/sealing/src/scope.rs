//! Scopes in annotations (contract §1.1, §2.2).

use std::collections::BTreeMap;

use seal_api::{CLUSTER_WIDE, NAMESPACE_WIDE, is_true};
use seal_format::Scope;

/// The scope that annotations ask for; cluster-wide beats namespace-wide.
pub fn scope_of(annotations: Option<&BTreeMap<String, String>>) -> Scope {
    if is_true(annotations, CLUSTER_WIDE) {
        Scope::ClusterWide
    } else if is_true(annotations, NAMESPACE_WIDE) {
        Scope::NamespaceWide
    } else {
        Scope::Strict
    }
}

/// Writes exactly this scope into annotations, and removes the map when nothing is left.
pub fn set_scope(annotations: &mut Option<BTreeMap<String, String>>, scope: Scope) {
    let map = annotations.get_or_insert_default();
    map.remove(CLUSTER_WIDE);
    map.remove(NAMESPACE_WIDE);
    match scope {
        Scope::Strict => {}
        Scope::NamespaceWide => {
            map.insert(NAMESPACE_WIDE.to_owned(), "true".to_owned());
        }
        Scope::ClusterWide => {
            map.insert(CLUSTER_WIDE.to_owned(), "true".to_owned());
        }
    }
    if map.is_empty() {
        *annotations = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_beats_namespace_and_only_true_counts() {
        for (cluster, namespace, scope) in [
            ("true", "true", Scope::ClusterWide),
            ("TRUE", "true", Scope::NamespaceWide),
            ("", "yes", Scope::Strict),
        ] {
            let annotations = BTreeMap::from([
                (CLUSTER_WIDE.to_owned(), cluster.to_owned()),
                (NAMESPACE_WIDE.to_owned(), namespace.to_owned()),
            ]);
            assert_eq!(scope_of(Some(&annotations)), scope);
        }
        assert_eq!(scope_of(None), Scope::Strict);
    }

    #[test]
    fn setting_a_scope_replaces_the_other() {
        let mut annotations = None;
        set_scope(&mut annotations, Scope::NamespaceWide);
        assert_eq!(scope_of(annotations.as_ref()), Scope::NamespaceWide);
        set_scope(&mut annotations, Scope::ClusterWide);
        assert_eq!(annotations.as_ref().map(BTreeMap::len), Some(1));
        set_scope(&mut annotations, Scope::Strict);
        assert_eq!(annotations, None);
    }
}
