//! Metrics under the names that dashboards use (contract §11), and a few of ours.

mod aws_calls;
mod work;

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use external_data::StoreName;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use seal_api::external_secrets::StoreKind;

use crate::cluster_external_secret::ClusterMetrics;
use crate::objects::Key;
pub(crate) use aws_calls::AwsCalls;
pub(crate) use work::Work;

/// The numbers of one process.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) aws: AwsCalls,
    pub(crate) work: Work,
    pub(crate) cluster: ClusterMetrics,
    objects: Objects,
    stores: [(StoreKind, Conditions); 2],
}

type Conditions = Family<ConditionLabels, Gauge<i64, AtomicI64>>;

/// Of each ExternalSecret.
#[derive(Default)]
struct Objects {
    sync_calls: Family<ObjectLabels, Counter>,
    /// Upstream's name is none that a counter may have.
    sync_errors: Family<ObjectLabels, Gauge<u64, AtomicU64>>,
    conditions: Conditions,
    durations: Family<ObjectLabels, Gauge<f64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    name: String,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    condition: &'static str,
    name: String,
    namespace: String,
    status: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let kinds = [StoreKind::SecretStore, StoreKind::ClusterSecretStore];
        let mut metrics = Self {
            registry: Registry::default(),
            aws: AwsCalls::default(),
            work: Work::default(),
            cluster: ClusterMetrics::default(),
            objects: Objects::default(),
            stores: kinds.map(|kind| (kind, Family::default())),
        };
        metrics.objects.register(&mut metrics.registry);
        for (kind, conditions) in &metrics.stores {
            let name = kind.as_str().to_lowercase();
            metrics.registry.register(
                format!("{name}_status_condition"),
                "The status condition of a specific store",
                conditions.clone(),
            );
        }
        metrics.aws.register(&mut metrics.registry);
        metrics.work.register(&mut metrics.registry);
        metrics.cluster.register(&mut metrics.registry);
        metrics
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A pass that asked or wrote, and how it ended.
    pub(crate) fn synced(&self, key: &Key, ready: bool) {
        let labels = object(key);
        self.objects.sync_calls.get_or_create(&labels).inc();
        let errors = self.objects.sync_errors.get_or_create(&labels);
        if !ready {
            errors.inc();
        }
        drop(errors);
        tell(&self.objects.conditions, &labels, ready);
    }

    /// A pass took so long.
    pub(crate) fn took(&self, key: &Key, duration: Duration) {
        let nanoseconds = duration.as_secs_f64() * 1e9;
        let gauge = self.objects.durations.get_or_create(&object(key));
        gauge.set(nanoseconds);
    }

    /// A store was checked.
    pub(crate) fn store(&self, store: &StoreName, namespace: Option<&str>, ready: bool) {
        let labels = ObjectLabels {
            name: store.name.clone(),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        if let Some((_, conditions)) = self.stores.iter().find(|(kind, _)| *kind == store.kind) {
            tell(conditions, &labels, ready);
        }
    }

    /// A store is gone.
    pub(crate) fn forget_store(&self, store: &StoreName, namespace: Option<&str>) {
        let labels = ObjectLabels {
            name: store.name.clone(),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        if let Some((_, conditions)) = self.stores.iter().find(|(kind, _)| *kind == store.kind) {
            forget(conditions, &labels);
        }
    }

    /// The object is gone.
    pub(crate) fn forget(&self, key: &Key) {
        let labels = object(key);
        self.objects.sync_calls.remove(&labels);
        self.objects.sync_errors.remove(&labels);
        self.objects.durations.remove(&labels);
        forget(&self.objects.conditions, &labels);
    }
}

impl Objects {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "externalsecret_sync_calls",
            "Total number of the External Secret sync calls",
            self.sync_calls.clone(),
        );
        registry.register(
            "externalsecret_sync_calls_error",
            "Total number of the External Secret sync errors",
            self.sync_errors.clone(),
        );
        registry.register(
            "externalsecret_status_condition",
            "The status condition of a specific External Secret",
            self.conditions.clone(),
        );
        registry.register(
            "externalsecret_reconcile_duration",
            "The duration time to reconcile the External Secret, in nanoseconds",
            self.durations.clone(),
        );
    }
}

fn object(key: &Key) -> ObjectLabels {
    ObjectLabels {
        name: key.name.clone(),
        namespace: key.namespace.clone().unwrap_or_default(),
    }
}

fn tell(conditions: &Conditions, object: &ObjectLabels, ready: bool) {
    for (status, value) in [("True", ready), ("False", !ready)] {
        let labels = condition(object, status);
        conditions.get_or_create(&labels).set(i64::from(value));
    }
}

fn forget(conditions: &Conditions, object: &ObjectLabels) {
    for status in ["True", "False"] {
        conditions.remove(&condition(object, status));
    }
}

fn condition(object: &ObjectLabels, status: &'static str) -> ConditionLabels {
    ConditionLabels {
        condition: "Ready",
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_documented() {
        let page = include_str!("../../docs/reference/external-secrets-metrics.md");
        let metrics = used();
        let mut shown = String::new();
        prometheus_client::encoding::text::encode(&mut shown, metrics.registry()).unwrap();
        let types = shown
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "));
        let mut names = 0;
        for line in types {
            let (name, kind) = line.split_once(' ').unwrap();
            let total = if kind == "counter" { "_total" } else { "" };
            let documented = page.contains(&format!("`{name}{total}`"));
            assert!(documented, "{name} is not documented");
            names += 1;
        }
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        let first = rows.map(|line| line.split(" | ").next().unwrap_or_default());
        let documented: usize = first.map(|cell| cell.matches('`').count() / 2).sum();
        // Those of ClusterExternalSecrets are shown when there are some.
        assert_eq!(documented, names + 2);
    }

    /// What is never set is not shown.
    fn used() -> Metrics {
        let metrics = Metrics::new();
        let key = Key::new("db").within("shop");
        metrics.synced(&key, false);
        metrics.took(&key, Duration::ZERO);
        for (kind, _) in &metrics.stores {
            let store = StoreName {
                kind: *kind,
                name: "aws".to_owned(),
            };
            metrics.store(&store, None, true);
        }
        let calls = metrics.aws.of("role".to_owned(), "eu-central-1".to_owned());
        calls.called(
            secrets_manager::Operation::ListSecrets,
            None,
            Duration::ZERO,
        );
        calls.saved(secrets_manager::Saved::Memory);
        metrics.work.passed(true, Duration::ZERO);
        metrics.work.followed(Duration::ZERO);
        drop(metrics.work.waits(crate::lanes::Lane::People));
        metrics
    }
}
