//! Calls of AWS: what they are billed as, and what was spared.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use secrets_manager::{CallObserver, Operation, Saved, SecretsFault};

/// What AWS asks for one call of Secrets Manager, in dollars: 0.05 for 10,000.
const DOLLARS: f64 = 0.05 / 10_000.0;

/// All calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct AwsCalls {
    /// Upstream's. No counter, whose name would have to end in `_total`.
    upstream: Family<UpstreamLabels, Gauge<u64, AtomicU64>>,
    calls: Family<CallLabels, Counter>,
    dollars: Family<CostLabels, Counter<f64, AtomicU64>>,
    saved: Family<SavedLabels, Counter>,
    callers: Arc<Mutex<Callers>>,
}

/// Who calls, by identity and region: how many there are of one name.
type Callers = HashMap<(String, String), usize>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabels {
    provider: &'static str,
    call: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    identity: String,
    region: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CostLabels {
    operation: &'static str,
    identity: String,
    region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SavedLabels {
    how: &'static str,
    identity: String,
    region: String,
}

impl AwsCalls {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "externalsecret_provider_api_calls_count",
            "Number of API calls towards the secret provider",
            self.upstream.clone(),
        );
        registry.register(
            "external_secrets_aws_calls",
            "Calls of AWS Secrets Manager by operation and identity",
            self.calls.clone(),
        );
        registry.register(
            "external_secrets_aws_cost_dollars",
            "What AWS asks for these calls, at 0.05 dollars for 10,000",
            self.dollars.clone(),
        );
        registry.register(
            "external_secrets_aws_calls_saved",
            "Questions that needed no call of their own, and why",
            self.saved.clone(),
        );
    }

    /// For the calls of one identity in one region. Its numbers are told until the last of that name is dropped:
    /// identities come and go, and scrapes would grow for ever.
    pub(crate) fn of(&self, identity: String, region: String) -> Arc<dyn CallObserver> {
        let calls = self.clone();
        let name = (identity.clone(), region.clone());
        *self.callers().entry(name).or_default() += 1;
        Arc::new(CallsOf {
            calls,
            identity,
            region,
        })
    }

    fn forget(&self, identity: &str, region: &str) {
        let (identity, region) = (|| identity.to_owned(), || region.to_owned());
        for operation in Operation::ALL.map(Operation::name) {
            self.dollars.remove(&CostLabels {
                operation,
                identity: identity(),
                region: region(),
            });
            for status in STATUSES {
                self.calls.remove(&CallLabels {
                    operation,
                    identity: identity(),
                    region: region(),
                    status,
                });
            }
        }
        for how in Saved::ALL.map(Saved::name) {
            self.saved.remove(&SavedLabels {
                how,
                identity: identity(),
                region: region(),
            });
        }
    }

    /// How many are told of.
    #[cfg(test)]
    pub(crate) fn identities(&self) -> usize {
        self.callers().len()
    }

    fn callers(&self) -> MutexGuard<'_, Callers> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a call may end.
const STATUSES: [&str; 2] = ["success", "error"];

#[derive(Debug)]
struct CallsOf {
    calls: AwsCalls,
    identity: String,
    region: String,
}

impl CallObserver for CallsOf {
    fn called(&self, operation: Operation, fault: Option<&SecretsFault>, _: Duration) {
        let status = STATUSES[usize::from(fault.is_some())];
        let operation = operation.name();
        let (identity, region) = (self.identity.clone(), self.region.clone());
        let upstream = UpstreamLabels {
            provider: "AWS/SecretsManager",
            call: operation,
            status,
        };
        self.calls.upstream.get_or_create(&upstream).inc();
        let cost = CostLabels {
            operation,
            identity: identity.clone(),
            region: region.clone(),
        };
        self.calls.dollars.get_or_create(&cost).inc_by(DOLLARS);
        let labels = CallLabels {
            operation,
            identity,
            region,
            status,
        };
        self.calls.calls.get_or_create(&labels).inc();
    }

    fn saved(&self, how: Saved) {
        let labels = SavedLabels {
            how: how.name(),
            identity: self.identity.clone(),
            region: self.region.clone(),
        };
        self.calls.saved.get_or_create(&labels).inc();
    }
}

impl Drop for CallsOf {
    fn drop(&mut self) {
        let mut callers = self.calls.callers();
        let name = (self.identity.clone(), self.region.clone());
        let left = callers.get(&name).map_or(0, |count| count - 1);
        if left > 0 {
            callers.insert(name, left);
        } else {
            callers.remove(&name);
            self.calls.forget(&self.identity, &self.region);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_edge::CallFault;

    #[test]
    fn series_go_with_the_last_of_their_identity() {
        let calls = AwsCalls::default();
        let mut registry = Registry::default();
        calls.register(&mut registry);
        let [one, other, third] = ["access key", "access key", "role"].map(|identity| {
            let of = calls.of(identity.to_owned(), "eu-central-1".to_owned());
            let fault = SecretsFault::Call(CallFault::Throttled);
            for operation in Operation::ALL {
                of.called(operation, None, Duration::ZERO);
                of.called(operation, Some(&fault), Duration::ZERO);
            }
            for how in Saved::ALL {
                of.saved(how);
            }
            of
        });
        let series = |identity: &str| {
            let mut page = String::new();
            prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
            let of = format!("identity=\"{identity}\"");
            page.lines().filter(|line| line.contains(&of)).count()
        };
        let all = series("role");
        // By operation, result and cost, and what was saved.
        assert_eq!(all, 3 * Operation::ALL.len() + Saved::ALL.len());
        drop(one);
        assert_eq!(series("access key"), all);
        drop(other);
        assert_eq!((series("access key"), series("role")), (0, all));
        drop(third);
        assert_eq!(series("role"), 0);
    }

    #[test]
    fn calls_by_upstream_s_name_and_with_their_cost() {
        let calls = AwsCalls::default();
        let mut registry = Registry::default();
        calls.register(&mut registry);
        let of = calls.of("role".to_owned(), "eu-central-1".to_owned());
        for _ in 0..10_000 {
            of.called(Operation::ListSecrets, None, Duration::ZERO);
        }
        of.saved(Saved::Memory);
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
        for line in [
            r#"externalsecret_provider_api_calls_count{provider="AWS/SecretsManager",call="ListSecrets",status="success"} 10000"#,
            r#"external_secrets_aws_cost_dollars_total{operation="ListSecrets",identity="role",region="eu-central-1"} 0.0"#,
            r#"external_secrets_aws_calls_saved_total{how="memory",identity="role",region="eu-central-1"} 1"#,
        ] {
            assert!(page.contains(line), "{page}");
        }
    }
}
