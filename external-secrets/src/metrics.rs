//! Metrics under the names that dashboards use (contract §11), and a few of ours.

mod aws_calls;
mod objects;
mod work;

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use external_data::StoreName;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use seal_api::external_secrets::StoreKind;

use crate::cluster_external_secret::ClusterMetrics;
use crate::objects::{Id, Key};
pub(crate) use aws_calls::AwsCalls;
use objects::Objects;
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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
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
        let objects = Box::new(metrics.objects.clone());
        metrics.registry.register_collector(objects);
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
    pub(crate) fn synced(&self, key: &Id, ready: bool) {
        self.objects.synced(key, ready);
    }

    /// A pass took so long.
    pub(crate) fn took(&self, key: &Id, duration: Duration) {
        self.objects.took(key, duration);
    }

    /// A store was checked.
    pub(crate) fn store(&self, store: &StoreName, namespace: Option<&str>, ready: bool) {
        let labels = StoreLabels {
            name: store.name.clone(),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        if let Some((_, conditions)) = self.stores.iter().find(|(kind, _)| *kind == store.kind) {
            tell(conditions, &labels, ready);
        }
    }

    /// A store is gone.
    pub(crate) fn forget_store(&self, store: &StoreName, namespace: Option<&str>) {
        let labels = StoreLabels {
            name: store.name.clone(),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        if let Some((_, conditions)) = self.stores.iter().find(|(kind, _)| *kind == store.kind) {
            forget(conditions, &labels);
        }
    }

    /// The object is gone.
    pub(crate) fn forget(&self, key: &Key) {
        self.objects.forget(key);
    }
}

fn tell(conditions: &Conditions, store: &StoreLabels, ready: bool) {
    for (status, value) in [("True", ready), ("False", !ready)] {
        let labels = condition(store, status);
        conditions.get_or_create(&labels).set(i64::from(value));
    }
}

fn forget(conditions: &Conditions, store: &StoreLabels) {
    for status in ["True", "False"] {
        conditions.remove(&condition(store, status));
    }
}

fn condition(store: &StoreLabels, status: &'static str) -> ConditionLabels {
    ConditionLabels {
        condition: "Ready",
        name: store.name.clone(),
        namespace: store.namespace.clone(),
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_documented() {
        let page = include_str!("../../docs/reference/external-secrets-metrics.md");
        let (metrics, _calls) = used();
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

    /// What is never set is not shown, nor is what nobody calls as any more.
    fn used() -> (Metrics, std::sync::Arc<dyn secrets_manager::CallObserver>) {
        let metrics = Metrics::new();
        let key = std::sync::Arc::new(Key::new("db").within("shop"));
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
        (metrics, calls)
    }
}
