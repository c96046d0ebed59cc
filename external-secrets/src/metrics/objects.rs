//! What is told of each ExternalSecret. One small row for all of it: there are thousands of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::objects::{Id, Key};

/// Numbers of all of them. Clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects(Arc<Mutex<HashMap<Id, Row>>>);

#[derive(Debug, Default)]
struct Row {
    calls: u64,
    errors: u64,
    /// Nothing before it was told.
    ready: Option<bool>,
    took: Option<Duration>,
}

impl Objects {
    /// A pass that asked or wrote, and how it ended.
    pub(super) fn synced(&self, key: &Id, ready: bool) {
        let mut rows = self.rows();
        let row = rows.entry(key.clone()).or_default();
        row.calls += 1;
        row.errors += u64::from(!ready);
        row.ready = Some(ready);
    }

    /// A pass took so long.
    pub(super) fn took(&self, key: &Id, duration: Duration) {
        self.rows().entry(key.clone()).or_default().took = Some(duration);
    }

    /// The object is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.rows().remove(key);
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Id, Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Objects {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let rows = self.rows();
        if rows.is_empty() {
            return Ok(());
        }
        let told = || rows.iter().filter(|(_, row)| row.calls > 0);
        let help = "Total number of the External Secret sync calls.";
        let kind = MetricType::Counter;
        let mut calls = encoder.encode_descriptor("externalsecret_sync_calls", help, None, kind)?;
        for (key, row) in told() {
            let labels = labels(key);
            let mut series = calls.encode_family(&labels)?;
            series.encode_counter::<NoLabelSet, _, u64>(&row.calls, None)?;
        }
        // Upstream's name is none that a counter may have.
        let help = "Total number of the External Secret sync errors.";
        let name = "externalsecret_sync_calls_error";
        let mut errors = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (key, row) in told() {
            errors
                .encode_family(&labels(key))?
                .encode_gauge(&row.errors)?;
        }
        let help = "The status condition of a specific External Secret.";
        let name = "externalsecret_status_condition";
        let mut conditions = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (key, row) in rows.iter() {
            let Some(ready) = row.ready else { continue };
            let [name, namespace] = labels(key);
            for (status, value) in [("True", ready), ("False", !ready)] {
                let labels = [("condition", "Ready"), name, namespace, ("status", status)];
                let mut series = conditions.encode_family(&labels)?;
                series.encode_gauge(&i64::from(value))?;
            }
        }
        let help = "The duration time to reconcile the External Secret, in nanoseconds.";
        let name = "externalsecret_reconcile_duration";
        let mut durations = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (key, row) in rows.iter() {
            let Some(took) = row.took else { continue };
            let nanoseconds = took.as_secs_f64() * 1e9;
            durations
                .encode_family(&labels(key))?
                .encode_gauge(&nanoseconds)?;
        }
        Ok(())
    }
}

fn labels(key: &Key) -> [(&str, &str); 2] {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    [("name", &key.name), ("namespace", namespace)]
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn rows_are_told_until_the_object_is_gone() {
        let objects = Objects::default();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(objects.clone()));
        let page = || {
            let mut page = String::new();
            prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
            page
        };
        let key: Id = Arc::new(Key::new("db").within("shop"));
        objects.synced(&key, false);
        objects.synced(&key, true);
        objects.took(&key, Duration::from_micros(2));
        let shown = page();
        for line in [
            "# TYPE externalsecret_sync_calls counter",
            r#"externalsecret_sync_calls_total{name="db",namespace="shop"} 2"#,
            r#"externalsecret_sync_calls_error{name="db",namespace="shop"} 1"#,
            r#"externalsecret_status_condition{condition="Ready",name="db",namespace="shop",status="True"} 1"#,
            r#"externalsecret_status_condition{condition="Ready",name="db",namespace="shop",status="False"} 0"#,
            r#"externalsecret_reconcile_duration{name="db",namespace="shop"} 2000.0"#,
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
        objects.forget(&key);
        assert_eq!(page(), "# EOF\n");
    }
}
