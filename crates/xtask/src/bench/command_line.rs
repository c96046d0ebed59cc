//! Sealing, as whole processes.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::figures::{Figures, quantile};
use super::measure::{Cost, measure};
use super::{Programs, input};

/// Runs of one Secret; of a thousand.
const MANY: usize = 41;
const FEW: usize = 5;

pub(crate) fn run(programs: &Programs, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, certificate) = input::key(folder.path())?;
    let one = input::secrets(folder.path(), "one", 1, 3)?;
    let thousand = input::secrets(folder.path(), "thousand", 1000, 5)?;
    let args: Vec<OsString> = vec!["--cert".into(), certificate.into(), "-oyaml".into()];

    let (ours, theirs) = compare(programs, &one, &args, MANY)?;
    figures.less_is_better("one Secret, wall", "ms", ours.wall, theirs.wall);
    figures.less_is_better("one Secret, memory", "MiB", ours.memory, theirs.memory);
    let (ours, theirs) = compare(programs, &thousand, &args, FEW)?;
    let what = "1,000 Secrets × 5 values, wall";
    figures.less_is_better(what, "ms", ours.wall, theirs.wall);
    let what = "1,000 Secrets × 5 values, memory";
    figures.less_is_better(what, "MiB", ours.memory, theirs.memory);
    Ok(())
}

/// Medians; the programs take turns, so that other load meets both.
fn compare(
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
