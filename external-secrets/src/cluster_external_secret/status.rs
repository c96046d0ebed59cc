//! `status` of a ClusterExternalSecret: pure (contract §2.3).

use std::collections::BTreeMap;

use seal_api::external_secrets::{
    ClusterExternalSecretStatus, FailedNamespace, ProvisionCondition, ReadyStatus,
};

/// Upstream's text.
const SOME_FAILED: &str = "one or more namespaces failed";

/// Upstream's name where no namespace is to blame.
pub const UNKNOWN_NAMESPACE: &str = "unknown";

/// What a pass came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Name of what was made.
    pub name: String,
    /// Namespaces that have it. As before, if `None`: nobody looked.
    pub provisioned: Option<Vec<String>>,
    /// Namespaces where it failed, and why.
    pub failed: BTreeMap<String, String>,
}

/// The status to write, or `None` if the present one says the same already.
pub fn next_status(
    present: Option<&ClusterExternalSecretStatus>,
    outcome: &Outcome,
) -> Option<ClusterExternalSecretStatus> {
    let old = present.cloned().unwrap_or_default();
    let mut provisioned = match &outcome.provisioned {
        Some(now) => now.clone(),
        None => old.provisioned_namespaces,
    };
    provisioned.sort_unstable();
    let failed = outcome.failed.iter();
    let failed = failed.map(|(namespace, reason)| FailedNamespace {
        namespace: namespace.clone(),
        reason: Some(reason.clone()),
    });
    let ready = outcome.failed.is_empty();
    let condition = ProvisionCondition {
        kind: "Ready".to_owned(),
        status: if ready {
            ReadyStatus::True
        } else {
            ReadyStatus::False
        },
        message: (!ready).then(|| SOME_FAILED.to_owned()),
    };
    let mut conditions = old.conditions;
    conditions.retain(|other| other.kind != condition.kind);
    conditions.push(condition);
    let next = ClusterExternalSecretStatus {
        external_secret_name: Some(outcome.name.clone()),
        failed_namespaces: failed.collect(),
        provisioned_namespaces: provisioned,
        conditions,
    };
    (present != Some(&next)).then_some(next)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(provisioned: Option<&[&str]>, failed: &[(&str, &str)]) -> Outcome {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let failed = failed.iter();
        Outcome {
            name: "db".to_owned(),
            provisioned: provisioned.map(names),
            failed: failed
                .map(|(at, why)| ((*at).to_owned(), (*why).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn the_same_as_upstream_s() {
        let good = next_status(None, &outcome(Some(&["b", "a"]), &[])).unwrap();
        let theirs = json!({
            "externalSecretName": "db",
            "provisionedNamespaces": ["a", "b"],
            "conditions": [{"type": "Ready", "status": "True"}],
        });
        assert_eq!(serde_json::to_value(&good).unwrap(), theirs);
        let again = outcome(Some(&["a", "b"]), &[]);
        assert_eq!(next_status(Some(&good), &again), None);

        let failed = outcome(None, &[("z", "late"), ("c", "early")]);
        let bad = next_status(Some(&good), &failed).unwrap();
        let theirs = json!({
            "externalSecretName": "db",
            "provisionedNamespaces": ["a", "b"],
            "failedNamespaces": [
                {"namespace": "c", "reason": "early"}, {"namespace": "z", "reason": "late"},
            ],
            "conditions": [
                {"type": "Ready", "status": "False", "message": "one or more namespaces failed"},
            ],
        });
        assert_eq!(serde_json::to_value(&bad).unwrap(), theirs);
        assert_eq!(next_status(Some(&bad), &failed), None);
        assert_eq!(next_status(Some(&bad), &again), Some(good));
    }
}
