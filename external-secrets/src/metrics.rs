//! Metrics under the names that dashboards use (contract §11), and a few of ours.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use secrets_manager::{CallObserver, Operation, SecretsFault};

use crate::cluster_external_secret::ClusterMetrics;
use crate::objects::Key;

/// The numbers of one process.
pub(crate) struct Metrics {
    registry: Registry,
    sync_calls: Family<ObjectLabels, Counter>,
    sync_errors: Family<ObjectLabels, Counter>,
    conditions: Family<ConditionLabels, Gauge<i64, AtomicI64>>,
    durations: Family<ObjectLabels, Gauge<f64, AtomicU64>>,
    calls: ProviderCalls,
    cluster: ClusterMetrics,
}

/// Calls of AWS, as the crate that makes them tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderCalls(Family<CallLabels, Counter>);

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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    provider: &'static str,
    call: &'static str,
    status: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let metrics = Self {
            sync_calls: Family::default(),
            sync_errors: Family::default(),
            conditions: Family::default(),
            durations: Family::default(),
            calls: ProviderCalls::default(),
            cluster: ClusterMetrics::default(),
            registry: Registry::default(),
        };
        registry.register(
            "externalsecret_sync_calls",
            "Total number of the External Secret sync calls",
            metrics.sync_calls.clone(),
        );
        registry.register(
            "externalsecret_sync_calls_error",
            "Total number of the External Secret sync errors",
            metrics.sync_errors.clone(),
        );
        registry.register(
            "externalsecret_status_condition",
            "The status condition of a specific External Secret",
            metrics.conditions.clone(),
        );
        registry.register(
            "externalsecret_reconcile_duration",
            "The duration time to reconcile the External Secret, in nanoseconds",
            metrics.durations.clone(),
        );
        registry.register(
            "externalsecret_provider_api_calls_count",
            "Number of API calls towards the secret provider",
            metrics.calls.0.clone(),
        );
        metrics.cluster.register(&mut registry);
        Self {
            registry,
            ..metrics
        }
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Those of ClusterExternalSecrets.
    pub(crate) fn cluster(&self) -> ClusterMetrics {
        self.cluster.clone()
    }

    pub(crate) fn provider_calls(&self) -> ProviderCalls {
        self.calls.clone()
    }

    /// A pass that asked or wrote, and how it ended.
    pub(crate) fn synced(&self, key: &Key, ready: bool) {
        let labels = object(key);
        self.sync_calls.get_or_create(&labels).inc();
        let errors = self.sync_errors.get_or_create(&labels);
        if !ready {
            errors.inc();
        }
        drop(errors);
        for (status, value) in [("True", ready), ("False", !ready)] {
            let labels = condition(key, status);
            self.conditions.get_or_create(&labels).set(i64::from(value));
        }
    }

    /// How long a pass took.
    pub(crate) fn took(&self, key: &Key, duration: Duration) {
        let nanoseconds = duration.as_secs_f64() * 1e9;
        self.durations.get_or_create(&object(key)).set(nanoseconds);
    }

    /// The object is gone.
    pub(crate) fn forget(&self, key: &Key) {
        let labels = object(key);
        self.sync_calls.remove(&labels);
        self.sync_errors.remove(&labels);
        self.durations.remove(&labels);
        for status in ["True", "False"] {
            self.conditions.remove(&condition(key, status));
        }
    }
}

impl CallObserver for ProviderCalls {
    fn called(&self, operation: Operation, fault: Option<&SecretsFault>, _: Duration) {
        let status = if fault.is_none() { "success" } else { "error" };
        let labels = CallLabels {
            provider: "AWS/SecretsManager",
            call: operation.name(),
            status,
        };
        self.0.get_or_create(&labels).inc();
    }
}

fn object(key: &Key) -> ObjectLabels {
    ObjectLabels {
        name: key.name.clone(),
        namespace: key.namespace.clone().unwrap_or_default(),
    }
}

fn condition(key: &Key, status: &'static str) -> ConditionLabels {
    ConditionLabels {
        condition: "Ready",
        name: key.name.clone(),
        namespace: key.namespace.clone().unwrap_or_default(),
        status,
    }
}
