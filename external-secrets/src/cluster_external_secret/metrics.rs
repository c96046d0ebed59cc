//! Metrics of ClusterExternalSecrets, under upstream's names (contract §11).

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The numbers of all ClusterExternalSecrets.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClusterMetrics {
    conditions: Family<ConditionLabels, Gauge<i64, AtomicI64>>,
    durations: Family<ObjectLabels, Gauge<f64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    name: String,
    namespace: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    condition: &'static str,
    name: String,
    namespace: &'static str,
    status: &'static str,
}

impl ClusterMetrics {
    /// Shows them.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "clusterexternalsecret_status_condition",
            "The status condition of a specific Cluster External Secret",
            self.conditions.clone(),
        );
        registry.register(
            "clusterexternalsecret_reconcile_duration",
            "The duration time to reconcile the Cluster External Secret, in nanoseconds",
            self.durations.clone(),
        );
    }

    /// How a pass ended. Upstream never shows one that failed (its gauge is not set then); ours does.
    pub(super) fn condition(&self, name: &str, ready: bool) {
        for (status, value) in [("True", ready), ("False", !ready)] {
            let gauge = self.conditions.get_or_create(&condition(name, status));
            gauge.set(i64::from(value));
        }
    }

    /// How long a pass took.
    pub(super) fn took(&self, name: &str, duration: Duration) {
        let nanoseconds = duration.as_secs_f64() * 1e9;
        self.durations.get_or_create(&object(name)).set(nanoseconds);
    }

    /// The object is gone.
    pub(super) fn forget(&self, name: &str) {
        self.durations.remove(&object(name));
        for status in ["True", "False"] {
            self.conditions.remove(&condition(name, status));
        }
    }
}

/// Objects of the cluster have upstream's label all the same, and nothing in it.
const NOWHERE: &str = "";

fn object(name: &str) -> ObjectLabels {
    ObjectLabels {
        name: name.to_owned(),
        namespace: NOWHERE,
    }
}

fn condition(name: &str, status: &'static str) -> ConditionLabels {
    ConditionLabels {
        condition: "Ready",
        name: name.to_owned(),
        namespace: NOWHERE,
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_is_true_and_none_is_left() {
        let (metrics, mut registry) = (ClusterMetrics::default(), Registry::default());
        metrics.register(&mut registry);
        let shown = || {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            let mut lines: Vec<_> = lines.map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        metrics.condition("db", true);
        metrics.condition("db", false);
        let series = |status: &str, value: u8| {
            format!(
                "clusterexternalsecret_status_condition{{condition=\"Ready\",name=\"db\",\
                 namespace=\"\",status=\"{status}\"}} {value}"
            )
        };
        assert_eq!(shown(), [series("False", 1), series("True", 0)]);
        metrics.took("db", Duration::from_micros(3));
        let duration =
            "clusterexternalsecret_reconcile_duration{name=\"db\",namespace=\"\"} 3000.0";
        assert_eq!(shown()[0], duration);
        metrics.forget("db");
        assert_eq!(shown(), [""; 0]);
    }
}
