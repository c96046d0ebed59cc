//! How long somebody waits who applies an ExternalSecret.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use testkit::wait_for;

use super::super::controllers::LONG;
use super::super::figures::{number, quantile};
use super::bed::{Bed, LATER, secrets};

/// Objects that are applied, one after the other.
const SAMPLES: usize = 30;

/// Milliseconds from apply to Secret.
pub(super) struct Waits(Vec<f64>);

impl Waits {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Half, and 99 of 100.
    pub(super) fn told(&self) -> String {
        let mut waits = self.0.clone();
        format!(
            "{} / {}",
            number(quantile(&mut waits, 0.5), "ms"),
            number(quantile(&mut waits, 0.99), "ms")
        )
    }

    /// While nothing else happens.
    pub(super) fn idle(bed: &Bed) -> Result<Self> {
        let mut watch = bed.api.watch(&secrets(LATER))?;
        let waits = (0..SAMPLES).map(|number| {
            let name = format!("idle-{number}");
            let started = Instant::now();
            bed.create(LATER, &name, number)?;
            watch.wait_for(&name)?;
            Ok(started.elapsed().as_secs_f64() * 1000.0)
        });
        Ok(Self(waits.collect::<Result<_>>()?))
    }

    /// Spread over a cold start, from its first Secret to its last; `made` says how many there are. Those that do
    /// not get theirs before the others have all theirs are waited for.
    pub(super) fn during(bed: &Bed, made: &AtomicUsize) -> Result<Self> {
        let mut watch = bed.api.watch(&secrets(LATER))?;
        let mut waits = Vec::new();
        for sample in 0..SAMPLES {
            let due = 1 + bed.objects * sample / SAMPLES;
            let made = wait_for("the next Secrets", LONG, || {
                Some(made.load(Ordering::Relaxed)).filter(|made| *made >= due)
            })?;
            if made >= bed.objects {
                break;
            }
            let name = format!("starting-{sample}");
            let started = Instant::now();
            bed.create(LATER, &name, sample)?;
            watch.wait_for(&name)?;
            waits.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(Self(waits))
    }
}
