//! The work itself, under the names of controller-runtime, which dashboards know.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::lanes::Lane;

/// Seconds of a pass.
const PASSES: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Seconds from a change in AWS to the Secret.
const AGES: [f64; 10] = [
    1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 7200.0, 21_600.0, 86_400.0,
];
const CONTROLLER: &str = "externalsecret";

/// Numbers of all passes.
pub(crate) struct Work {
    passes: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabels, Counter>,
    seconds: Family<ControllerLabels, Histogram>,
    waiting: Family<QueueLabels, Gauge<i64, AtomicI64>>,
    lanes: Family<LaneLabels, Gauge<i64, AtomicI64>>,
    ages: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    name: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabels {
    lane: &'static str,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            passes: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(PASSES)),
            waiting: Family::default(),
            lanes: Family::default(),
            ages: Histogram::new(AGES),
        }
    }
}

impl Work {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "controller_runtime_reconcile",
            "Total number of reconciliations per controller",
            self.passes.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_errors",
            "Total number of reconciliation errors per controller",
            self.errors.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Length of time per reconciliation per controller",
            self.seconds.clone(),
        );
        registry.register(
            "workqueue_depth",
            "Current depth of workqueue",
            self.waiting.clone(),
        );
        registry.register(
            "external_secrets_waiting",
            "Objects that wait for their turn: people are those that someone just changed",
            self.lanes.clone(),
        );
        registry.register(
            "external_secrets_freshness_seconds",
            "Seconds from a change in AWS to the Secret that has it",
            self.ages.clone(),
        );
    }

    /// A pass ended.
    pub(crate) fn passed(&self, failed: bool, took: Duration) {
        let result = if failed { "error" } else { "success" };
        let controller = CONTROLLER;
        let labels = ResultLabels { controller, result };
        self.passes.get_or_create(&labels).inc();
        let labels = ControllerLabels { controller };
        let errors = self.errors.get_or_create(&labels);
        if failed {
            errors.inc();
        }
        drop(errors);
        self.seconds
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// An object waits for its turn, until the answer is dropped.
    pub(crate) fn waits(&self, lane: Lane) -> Waiting {
        let lane = match lane {
            Lane::People => "people",
            Lane::Routine => "routine",
        };
        let gauges = [
            self.lanes.get_or_create_owned(&LaneLabels { lane }),
            self.waiting
                .get_or_create_owned(&QueueLabels { name: CONTROLLER }),
        ];
        for gauge in &gauges {
            gauge.inc();
        }
        Waiting(gauges)
    }

    /// A Secret has what changed in AWS so long ago.
    pub(crate) fn followed(&self, age: Duration) {
        self.ages.observe(age.as_secs_f64());
    }
}

/// An object that waits.
pub(crate) struct Waiting([Gauge<i64, AtomicI64>; 2]);

impl Drop for Waiting {
    fn drop(&mut self) {
        for gauge in &self.0 {
            gauge.dec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_counted_until_it_works() {
        let work = Work::default();
        let waiting = [work.waits(Lane::People), work.waits(Lane::Routine)];
        let depth = || {
            let labels = QueueLabels { name: CONTROLLER };
            work.waiting.get_or_create(&labels).get()
        };
        assert_eq!(depth(), 2);
        drop(waiting);
        assert_eq!(depth(), 0);
    }
}
