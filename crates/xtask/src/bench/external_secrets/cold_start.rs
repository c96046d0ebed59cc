//! Everything is there before the controller is, and nobody has a Secret.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use testkit::wait_for;

use super::super::controllers::{LONG, per_second};
use super::super::figures::number;
use super::bed::Bed;
use super::controller::{Controller, Kind};
use super::new_objects::Waits;

/// Nobody's interval ends while it is measured.
const INTERVAL: &str = "1h";
/// How long it has nothing to do.
const IDLE: Duration = Duration::from_secs(20);
/// A second in which it needs less than this is one with nothing to do: events are told late, lists are read
/// again.
const QUIET: f64 = 0.03;

/// What one controller did.
pub(super) struct Run {
    pub(super) objects: usize,
    keys: usize,
    /// From the start of the process until the last object was ready.
    seconds: f64,
    /// Calls of Secrets Manager until then.
    calls: usize,
    /// Seconds of its own processor time until then.
    cpu: f64,
    /// MiB, the most at any time.
    pub(super) memory: f64,
    pub(super) starting: Waits,
    pub(super) idle: Waits,
    /// Percent of one processor, when there is nothing to do.
    pub(super) idle_cpu: f64,
}

impl Run {
    pub(super) fn per_second(&self) -> f64 {
        per_second(self.objects, self.seconds)
    }

    /// What it took.
    pub(super) fn told(&self) -> String {
        format!(
            "{} objects over {} keys in {} with {} AWS calls and {} of its CPU each",
            self.objects,
            self.keys,
            number(self.seconds, "s"),
            self.calls,
            number(1000.0 / per_second(self.objects, self.cpu), "ms"),
        )
    }
}

pub(super) fn run(kind: &Kind<'_>, objects: usize) -> Result<Run> {
    let bed = Bed::new(objects, INTERVAL)?;
    let made = AtomicUsize::new(0);
    let started = Instant::now();
    let controller = Controller::start(kind, &bed)?;
    let (seconds, starting) = std::thread::scope(|scope| {
        let waits = scope.spawn(|| Waits::during(&bed, &made));
        let ready = bed.wait_ready(|now| made.store(now, Ordering::Relaxed));
        let seconds = started.elapsed().as_secs_f64();
        // Also where it failed: nobody is to wait for more.
        made.store(usize::MAX, Ordering::Relaxed);
        let waits = waits.join().map_err(|_| anyhow!("a thread ended"))?;
        ready.map_err(|error| anyhow!("{error}\n{}", controller.process().log_text()))?;
        anyhow::Ok((seconds, waits?))
    })?;
    let (calls, cpu) = (bed.calls(), controller.cpu()?);
    settle(&controller)?;
    let idle = Waits::idle(&bed)?;
    settle(&controller)?;
    let idle_cpu = used_in(&controller, IDLE)? / IDLE.as_secs_f64() * 100.0;
    Ok(Run {
        objects,
        keys: bed.keys,
        seconds,
        calls,
        cpu,
        memory: controller.memory()?,
        starting,
        idle,
        idle_cpu,
    })
}

/// Waits until it has nothing more to do.
fn settle(controller: &Controller) -> Result<()> {
    wait_for("the controller to have nothing to do", LONG, || {
        let used = used_in(controller, Duration::from_secs(1)).ok()?;
        (used < QUIET).then_some(())
    })
}

/// Seconds of its processor time in the coming ones.
fn used_in(controller: &Controller, time: Duration) -> Result<f64> {
    let (before, began) = (controller.cpu()?, Instant::now());
    wait_for("the time to pass", LONG, || {
        (began.elapsed() >= time).then_some(())
    })?;
    Ok(controller.cpu()? - before)
}
