//! What AWS is asked in a day: counted over whole rounds with a short interval, told for hourly refresh.

use std::time::{Duration, Instant};

use anyhow::Result;
use testkit::aws::Fault;
use testkit::wait_for;

use super::super::controllers::LONG;
use super::super::figures::{Figures, number};
use super::super::{Args, Programs};
use super::bed::Bed;
use super::controller::{Controller, Kind};

/// Refreshes of each object in a day.
const A_DAY: f64 = 24.0;
/// Dollars for a call (AWS's price list: 0.05 for 10,000).
const PRICE: f64 = 0.05 / 10_000.0;
/// Days in a month.
const A_MONTH: f64 = 30.0;
/// Ours looks once in an interval: this many intervals hold as many whole rounds, wherever in one they begin.
const OUR_ROUNDS: f64 = 2.0;
/// Theirs waits the interval from the end of each refresh.
const THEIR_ROUNDS: f64 = 3.0;
/// Each round writes a status for every object: more in a second would measure the API server.
const STATUSES: usize = 50;
/// The same for theirs, which makes about ten a second.
const THEIR_STATUSES: usize = 5;
const SHORTEST: u64 = 20;

pub(super) fn run(args: &Args, programs: &Programs, figures: &mut Figures) -> Result<()> {
    let (swept, batched) = ours(programs, args.external_objects)?;
    let theirs = theirs(args.slow_external_objects)?;
    let theirs = theirs.scaled_to(args.external_objects);
    for (what, ours) in [
        ("ListSecrets allowed", &swept),
        ("ListSecrets denied", &batched),
    ] {
        figures.row(
            &format!("AWS calls a day, hourly refresh ({what})"),
            &number(ours.calls, "calls"),
            &number(theirs.calls, "calls"),
            &format!(
                "1/{:.0}; {} objects over {} keys; {:.2} against {:.2} dollars a month; theirs from {} objects",
                theirs.calls / ours.calls,
                args.external_objects,
                ours.keys,
                ours.dollars(),
                theirs.dollars(),
                args.slow_external_objects,
            ),
        );
    }
    Ok(())
}

/// A day.
struct Day {
    objects: usize,
    keys: usize,
    calls: f64,
}

impl Day {
    fn dollars(&self) -> f64 {
        self.calls * PRICE * A_MONTH
    }

    /// For those who ask for each object by itself.
    #[allow(clippy::cast_precision_loss, reason = "some thousand objects")]
    fn scaled_to(self, objects: usize) -> Self {
        Self {
            objects,
            calls: self.calls * objects as f64 / self.objects as f64,
            ..self
        }
    }
}

/// With a right to ListSecrets, and without.
fn ours(programs: &Programs, objects: usize) -> Result<(Day, Day)> {
    let (bed, interval) = bed(objects, STATUSES)?;
    let _controller = Controller::start(&Kind::Ours(programs), &bed)?;
    bed.wait_ready(|_| ())?;
    let swept = day(&bed, interval, OUR_ROUNDS)?;
    bed.proxy.fail("ListSecrets", Fault::AccessDenied);
    let before = bed.proxy.calls("BatchGetSecretValue");
    wait_for("the first check without ListSecrets", LONG, || {
        (bed.proxy.calls("BatchGetSecretValue") > before).then_some(())
    })?;
    let batched = day(&bed, interval, OUR_ROUNDS)?;
    Ok((swept, batched))
}

fn theirs(objects: usize) -> Result<Day> {
    let (bed, interval) = bed(objects, THEIR_STATUSES)?;
    let _controller = Controller::start(&Kind::Theirs(&[]), &bed)?;
    bed.wait_ready(|_| ())?;
    day(&bed, interval, THEIR_ROUNDS)
}

/// A bed, and how often its objects are refreshed: so that there are at most so many in a second.
fn bed(objects: usize, statuses: usize) -> Result<(Bed, Duration)> {
    let seconds = SHORTEST.max((objects / statuses) as u64);
    let bed = Bed::new(objects, &format!("{seconds}s"))?;
    Ok((bed, Duration::from_secs(seconds)))
}

/// What happens in so many intervals, as if they were hours.
#[allow(clippy::cast_precision_loss, reason = "some thousand calls")]
fn day(bed: &Bed, interval: Duration, rounds: f64) -> Result<Day> {
    let (before, began) = (bed.calls(), Instant::now());
    let time = interval.mul_f64(rounds);
    wait_for("the rounds to pass", LONG, || {
        (began.elapsed() >= time).then_some(())
    })?;
    let calls = (bed.calls() - before) as f64;
    Ok(Day {
        objects: bed.objects,
        keys: bed.keys,
        calls: calls / rounds * A_DAY,
    })
}
