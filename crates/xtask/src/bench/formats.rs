//! Our controller over many objects of each format: one private-key operation for each object of SE1,
//! one for each value of the legacy format. Everything else is the same work, most of it the API
//! server's, which here has the same processors.

use std::time::Instant;

use anyhow::Result;
use testkit::wait_for;

use super::controllers::{LONG, Ours, Scene, per_second, start_ours};
use super::figures::{Figures, number};
use super::{Args, Programs};

pub(crate) fn run(args: &Args, programs: &Programs, figures: &mut Figures) -> Result<()> {
    let objects = args.many_objects;
    let se1 = starts(programs, objects, "se1")?;
    let legacy = starts(programs, objects, "legacy")?;
    for (what, se1, legacy) in [
        ("cold start", &se1.cold, &legacy.cold),
        ("restart, all Secrets right", &se1.again, &legacy.again),
    ] {
        let rate = |start: &Start| number(per_second(objects, start.seconds), "/s");
        // What is left when the API server has processors of its own.
        let cpu = |start: &Start| number(1000.0 / per_second(objects, start.cpu), "ms");
        figures.row(
            &format!("{what}, SE1 against ours in legacy, objects/s"),
            &rate(se1),
            &rate(legacy),
            &format!(
                "{:.1} times faster; {objects} objects × 3 values in {} against {}; controller's CPU for \
                 each {} against {}; memory {} against {}",
                legacy.seconds / se1.seconds,
                number(se1.seconds, "s"),
                number(legacy.seconds, "s"),
                cpu(se1),
                cpu(legacy),
                number(se1.memory, "MiB"),
                number(legacy.memory, "MiB"),
            ),
        );
    }
    Ok(())
}

/// The first start, which makes every Secret, and one when all are there.
struct Starts {
    cold: Start,
    again: Start,
}

/// From the start of the process until the last object is synced.
struct Start {
    seconds: f64,
    /// Seconds of the controller's own.
    cpu: f64,
    /// MiB at the end.
    memory: f64,
}

fn starts(programs: &Programs, objects: usize, format: &str) -> Result<Starts> {
    let scene = Scene::new(programs, objects, format)?;
    let started = Instant::now();
    let mut ours = start_ours(&scene.plane, programs)?;
    scene.wait_for_secrets(objects)?;
    let cold = Start::ended(started, &ours)?;
    synced(&ours, objects)?;
    ours.process.stop()?;

    let started = Instant::now();
    ours.process.restart()?;
    synced(&ours, objects)?;
    let again = Start::ended(started, &ours)?;
    Ok(Starts { cold, again })
}

fn synced(ours: &Ours, objects: usize) -> Result<()> {
    wait_for("every object", LONG, || {
        (ours.synced().ok()? >= objects).then_some(())
    })
}

impl Start {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    fn ended(started: Instant, ours: &Ours) -> Result<Self> {
        Ok(Self {
            seconds: started.elapsed().as_secs_f64(),
            cpu: ours.process.cpu()?.as_secs_f64(),
            memory: ours.process.rss()? as f64 / 1024.0 / 1024.0,
        })
    }
}
