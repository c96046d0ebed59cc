//! Annotations and labels that carry meaning (contract §2.2).

use std::collections::BTreeMap;

/// Scope: the value opens anywhere in the cluster.
pub const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";
/// Scope: the value opens under any name in its namespace.
pub const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";
/// On a live Secret: the controller may overwrite it and take ownership.
pub const MANAGED: &str = "sealedsecrets.bitnami.com/managed";
/// On a live Secret: merge instead of replacing it.
pub const PATCH: &str = "sealedsecrets.bitnami.com/patch";
/// In the template: the Secret gets no owner reference.
pub const SKIP_SET_OWNER_REFERENCES: &str = "sealedsecrets.bitnami.com/skip-set-owner-references";
/// Label of key Secrets.
pub const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// The one value of [`KEY_LABEL`] that puts a key to use.
pub const KEY_LABEL_ACTIVE: &str = "active";
/// Label of Secrets whose values are age identity files, in the controller's namespace.
pub const AGE_IDENTITIES_LABEL: &str = "sealedsecrets.bitnami.com/seal-age-identities";
/// The one value of [`AGE_IDENTITIES_LABEL`] that puts them to use.
pub const AGE_IDENTITIES_ACTIVE: &str = "active";
/// Label of the Secret that holds the certificate for a sealing key in AWS KMS, and no private key. Nobody who
/// follows [`KEY_LABEL`] sees it.
pub const KMS_CERTIFICATE_LABEL: &str = "sealedsecrets.bitnami.com/seal-kms-certificate";
/// The one value of [`KMS_CERTIFICATE_LABEL`] that puts it to use.
pub const KMS_CERTIFICATE_ACTIVE: &str = "active";
/// On that Secret: ARN of the key.
pub const KMS_KEY: &str = "sealedsecrets.bitnami.com/seal-kms-key";

/// Only the exact value `true` counts.
pub fn is_true(annotations: Option<&BTreeMap<String, String>>, key: &str) -> bool {
    annotations
        .and_then(|annotations| annotations.get(key))
        .is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_word_true_counts() {
        for (value, counts) in [
            ("true", true),
            ("TRUE", false),
            ("false", false),
            ("", false),
        ] {
            let annotations = BTreeMap::from([(MANAGED.to_owned(), value.to_owned())]);
            assert_eq!(is_true(Some(&annotations), MANAGED), counts, "{value:?}");
        }
        assert!(!is_true(None, MANAGED));
    }
}
