//! Metrics under the names that dashboards use (contract §6.1).

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use seal_format::se1::Fault;

use crate::sealed_object::Key;
use crate::sync_error::ErrorReason;

/// Go's default buckets, in seconds.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The numbers of one process.
pub(crate) struct Metrics {
    registry: Registry,
    unseal_requests: Counter,
    unseal_errors: Family<ErrorLabels, Counter>,
    unwraps: Family<UnwrapLabels, Counter>,
    locked_sealing_keys: Gauge,
    condition: Family<ConditionLabels, Gauge<i64, AtomicI64>>,
    /// The label under which each object's condition is shown.
    instances: Mutex<HashMap<Key, String>>,
    http_requests: Family<HttpLabels, Counter>,
    http_seconds: Family<HttpPathLabels, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    revision: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    reason: &'static str,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UnwrapLabels {
    kind: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    namespace: String,
    name: String,
    condition: &'static str,
    ss_app_kubernetes_io_instance: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HttpLabels {
    path: &'static str,
    code: u16,
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HttpPathLabels {
    path: &'static str,
    method: &'static str,
}

/// What unwraps a key: label of `unwraps_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnwrapKind {
    /// Sealing keys, for a value of the legacy format.
    Legacy,
    /// A sealing key.
    Rsa,
    /// An age identity.
    Age,
    /// A symmetric key in KMS.
    Kms,
    /// An RSA key in KMS.
    KmsRsa,
    /// Nobody.
    None,
}

impl UnwrapKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Rsa => "rsa",
            Self::Age => "age",
            Self::Kms => "kms",
            Self::KmsRsa => "kms-rsa",
            Self::None => "none",
        }
    }
}

impl Metrics {
    pub(crate) fn new(revision: &str) -> Self {
        let mut registry = Registry::with_prefix("sealed_secrets_controller");
        let metrics = Self {
            unseal_requests: Counter::default(),
            unseal_errors: Family::default(),
            unwraps: Family::default(),
            locked_sealing_keys: Gauge::default(),
            condition: Family::default(),
            instances: Mutex::default(),
            http_requests: Family::default(),
            http_seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            registry: Registry::default(),
        };
        let build: Family<BuildLabels, Gauge> = Family::default();
        let revision = revision.to_owned();
        build.get_or_create(&BuildLabels { revision }).set(1);
        registry.register("build_info", "Build information", build);
        registry.register(
            "unseal_requests",
            "Total number of sealed secret unseal requests",
            metrics.unseal_requests.clone(),
        );
        registry.register(
            "unseal_errors",
            "Total number of sealed secret unseal errors by reason",
            metrics.unseal_errors.clone(),
        );
        registry.register(
            "unwraps",
            "Total number of unwrapped keys by kind and result",
            metrics.unwraps.clone(),
        );
        registry.register(
            "locked_sealing_keys",
            "Number of wrapped sealing keys that are not in use, as nobody could unwrap them yet",
            metrics.locked_sealing_keys.clone(),
        );
        registry.register(
            "condition_info",
            "Current SealedSecret condition status: -1 false, 0 unknown, 1 true",
            metrics.condition.clone(),
        );
        registry.register(
            "http_requests",
            "Total HTTP requests",
            metrics.http_requests.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "Duration of HTTP requests in seconds",
            metrics.http_seconds.clone(),
        );
        Self {
            registry,
            ..metrics
        }
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn locked_sealing_keys(&self, number: usize) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.locked_sealing_keys.set(number);
    }

    pub(crate) fn pass(&self) {
        self.unseal_requests.inc();
    }

    pub(crate) fn error(&self, reason: ErrorReason, namespace: &str) {
        let labels = ErrorLabels {
            reason: reason.as_str(),
            namespace: namespace.to_owned(),
        };
        self.unseal_errors.get_or_create(&labels).inc();
    }

    /// One private-key operation or call, and how it ended.
    pub(crate) fn unwrapped(&self, kind: UnwrapKind, fault: Option<Fault>) {
        self.unwrap(kind, fault.map_or("success", Fault::class));
    }

    /// A call that memory saved.
    pub(crate) fn remembered(&self, kind: UnwrapKind) {
        self.unwrap(kind, "remembered");
    }

    fn unwrap(&self, kind: UnwrapKind, result: &'static str) {
        let kind = kind.as_str();
        let labels = UnwrapLabels { kind, result };
        self.unwraps.get_or_create(&labels).inc();
    }

    pub(crate) fn condition(&self, key: &Key, instance: &str, synced: bool) {
        let before = self.instances().insert(key.clone(), instance.to_owned());
        if let Some(before) = before.filter(|before| before != instance) {
            self.condition.remove(&condition_labels(key, &before));
        }
        self.condition
            .get_or_create(&condition_labels(key, instance))
            .set(if synced { 1 } else { -1 });
    }

    pub(crate) fn forget(&self, key: &Key) {
        if let Some(instance) = self.instances().remove(key) {
            self.condition.remove(&condition_labels(key, &instance));
        }
    }

    /// Every object whose condition is shown.
    pub(crate) fn known(&self) -> Vec<Key> {
        self.instances().keys().cloned().collect()
    }

    fn instances(&self) -> MutexGuard<'_, HashMap<Key, String>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn http(&self, path: &'static str, method: &'static str, code: u16, seconds: f64) {
        self.http_requests
            .get_or_create(&HttpLabels { path, code, method })
            .inc();
        self.http_seconds
            .get_or_create(&HttpPathLabels { path, method })
            .observe(seconds);
    }
}

fn condition_labels(key: &Key, instance: &str) -> ConditionLabels {
    ConditionLabels {
        namespace: key.namespace.clone().unwrap_or_default(),
        name: key.name.clone(),
        condition: "Synced",
        ss_app_kubernetes_io_instance: instance.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_condition_and_none_when_it_is_gone() {
        let metrics = Metrics::new("test");
        let key = Key::new("db").within("prod");
        let series = || {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, metrics.registry()).unwrap();
            let of_conditions = text
                .lines()
                .filter(|line| line.starts_with("sealed_secrets_controller_condition_info{"));
            of_conditions.map(str::to_owned).collect::<Vec<_>>()
        };
        metrics.condition(&key, "old", false);
        metrics.condition(&key, "new", true);
        assert_eq!(series().len(), 1);
        assert!(series()[0].contains("\"new\"") && series()[0].ends_with(" 1"));
        metrics.forget(&key);
        assert_eq!(series(), [""; 0]);
    }
}
