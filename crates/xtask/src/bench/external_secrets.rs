//! external-secrets beside the real operator: a cold start, what comes while it runs and after it, what AWS is
//! asked, and what it costs to have nothing to do. Same control plane, same definitions, same emulator.

mod bed;
mod cold_start;
mod controller;
mod cost;
mod new_objects;

use anyhow::Result;
use testkit::peers;

use self::cold_start::Run;
use self::controller::Kind;
use super::figures::{Figures, number};
use super::{Args, Programs};

/// What people set who find the defaults slow.
const TUNED: [&str; 3] = [
    "--concurrent=16",
    "--client-qps=1000",
    "--client-burst=1000",
];

pub(super) fn run(args: &Args, programs: &Programs, figures: &mut Figures) -> Result<()> {
    let objects = args.external_objects;
    let few = args.slow_external_objects;
    let ours = cold_start::run(&Kind::Ours(programs), objects)?;
    let slow = cold_start::run(&Kind::Theirs(&[]), few)?;
    let tuned = cold_start::run(&Kind::Theirs(&TUNED), objects)?;
    compare("defaults", &ours, &slow, figures);
    compare(&TUNED.join(" "), &ours, &tuned, figures);
    cost::run(args, programs, figures)?;
    sizes(programs, figures)
}

fn compare(flags: &str, ours: &Run, theirs: &Run, figures: &mut Figures) {
    let rate = |run: &Run| number(run.per_second(), "/s");
    figures.row(
        &format!("cold start, objects/s ({flags})"),
        &rate(ours),
        &rate(theirs),
        &format!(
            "{:.0} times faster; {} against {}",
            ours.per_second() / theirs.per_second(),
            ours.told(),
            theirs.told(),
        ),
    );
    let what = format!("largest memory ({flags})");
    figures.less_is_better(&what, "MiB", ours.memory, theirs.memory);
    for (when, of) in [
        ("while starting", (|run| &run.starting) as fn(&Run) -> &_),
        ("idle", |run| &run.idle),
    ] {
        let (ours, theirs) = (of(ours), of(theirs));
        let what = format!("new ExternalSecret to Secret, {when} ({flags})");
        figures.row(
            &what,
            &ours.told(),
            &theirs.told(),
            &format!("p50 / p99 of {} and {}", ours.count(), theirs.count()),
        );
    }
    let percent = |run: &Run| number(run.idle_cpu, "%");
    figures.row(
        &format!("CPU when all is in sync ({flags})"),
        &percent(ours),
        &percent(theirs),
        &format!("{} and {} objects", ours.objects, theirs.objects),
    );
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
fn sizes(programs: &Programs, figures: &mut Figures) -> Result<()> {
    let size = |path: &std::path::Path| -> Result<f64> {
        Ok(std::fs::metadata(path)?.len() as f64 / 1024.0 / 1024.0)
    };
    let ours = size(&programs.external_secrets)?;
    let theirs = size(&peers::external_secrets()?)?;
    figures.less_is_better("the program on disk", "MiB", ours, theirs);
    Ok(())
}
