//! Sealing, as whole processes, and how large the programs are.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::figures::{Figures, quantile};
use super::measure::{Cost, measure};
use super::{Programs, fetch_cert, input};

/// Most runs of a thousand Secrets.
const FEW: usize = 5;

/// `runs` of one Secret, and of `--fetch-cert`.
pub(crate) fn run(programs: &Programs, runs: usize, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, certificate) = input::key(folder.path())?;
    let one = input::secrets(folder.path(), "one", 1, 3)?;
    let thousand = input::secrets(folder.path(), "thousand", 1000, 5)?;
    let args: Vec<OsString> = vec!["--cert".into(), certificate.into(), "-oyaml".into()];

    let (ours, theirs) = compare(programs, &one, &args, runs)?;
    figures.less_is_better("one Secret, wall", "ms", ours.wall, theirs.wall);
    figures.less_is_better("one Secret, memory", "MiB", ours.memory, theirs.memory);
    let (ours, theirs) = compare(programs, &thousand, &args, runs.min(FEW))?;
    let what = "1,000 Secrets × 5 values, wall";
    figures.less_is_better(what, "ms", ours.wall, theirs.wall);
    let what = "1,000 Secrets × 5 values, memory";
    figures.less_is_better(what, "MiB", ours.memory, theirs.memory);
    fetch_cert::run(programs, runs, figures)?;
    let (ours, theirs) = (stripped(&programs.seal)?, stripped(&programs.kubeseal)?);
    figures.less_is_better("program, stripped", "MiB", ours, theirs);
    Ok(())
}

/// MiB of a program without its symbols, which ours of profile release has none of anyway.
fn stripped(program: &Path) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("program");
    std::fs::copy(program, &copy)?;
    // Where there is no strip, the size is that with symbols.
    let _ = Command::new("strip")
        .arg(&copy)
        .stderr(Stdio::null())
        .status();
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let bytes = copy.metadata()?.len() as f64;
    Ok(bytes / 1024.0 / 1024.0)
}

/// Medians; the programs take turns, so that other load meets both.
pub(super) fn compare(
    programs: &Programs,
    input: &Path,
    args: &[OsString],
    runs: usize,
) -> Result<(Cost, Cost)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ours.push(measure(input, &programs.seal, args)?);
        theirs.push(measure(input, &programs.kubeseal, args)?);
    }
    Ok((median(&ours), median(&theirs)))
}

pub(crate) fn median(costs: &[Cost]) -> Cost {
    let of = |field: fn(&Cost) -> f64| {
        let mut samples: Vec<_> = costs.iter().map(field).collect();
        quantile(&mut samples, 0.5)
    };
    Cost {
        wall: of(|cost| cost.wall),
        memory: of(|cost| cost.memory),
    }
}
