//! How large objects for several readers get.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use testkit::aws;

use super::figures::{Figures, number, quantile};
use super::input;
use super::many_recipients::{Bed, documents};

/// Objects with one data key.
const OBJECTS: usize = 100;
/// Objects with a data key for each value; each is ten runs of seal.
const EDITED: usize = 10;
const VALUES: usize = 10;

/// age, RSA-4096 and KMS.
pub(super) fn run(bed: &Bed<'_>, figures: &mut Figures) -> Result<()> {
    let emulator = aws::Emulator::start(aws::Kind::Moto)?;
    let key = emulator.kms().create_symmetric_key()?;
    let (_, alice) = bed.people.first().context("nobody")?;
    let readers = Readers {
        bed,
        emulator: &emulator,
        args: ["-r".into(), alice.into(), "-r".into(), key.into()],
    };
    sealed_at_once(&readers, figures)?;
    one_by_one(&readers, figures)
}

struct Readers<'a> {
    bed: &'a Bed<'a>,
    emulator: &'a aws::Emulator,
    /// Besides the certificate.
    args: [OsString; 4],
}

impl Readers<'_> {
    /// What `seal` prints, given `input`.
    fn seal(&self, args: &[OsString], input: &str) -> Result<String> {
        let mut child = self
            .bed
            .seal()
            .args(args)
            .envs(aws::environment(self.emulator.url()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child
            .stdin
            .take()
            .context("no stdin")?
            .write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "seal: {}: {said}", output.status);
        Ok(String::from_utf8(output.stdout)?)
    }

    fn sizes(&self, secrets: &str, with_readers: bool) -> Result<Vec<f64>> {
        let mut args: Vec<OsString> = self.bed.certificate().into();
        args.push("-oyaml".into());
        if with_readers {
            args.extend(self.args.clone());
        }
        let text = self.seal(&args, secrets)?;
        Ok(documents(&text).map(length).collect())
    }
}

/// Ten short values under one data key, against the legacy format for one reader.
fn sealed_at_once(readers: &Readers<'_>, figures: &mut Figures) -> Result<()> {
    let secrets = input::secrets(readers.bed.folder, "sizes", OBJECTS, VALUES)?;
    let secrets = std::fs::read_to_string(secrets)?;
    let mut ours = readers.sizes(&secrets, true)?;
    let mut legacy = readers.sizes(&secrets, false)?;
    let largest = quantile(&mut ours, 1.0);
    figures.row(
        "an object of ten values for age, RSA-4096 and KMS",
        &number(mean(&ours), "B"),
        &number(quantile(&mut legacy, 0.5), "B"),
        &format!(
            "theirs for RSA-4096 alone; our largest of {OBJECTS}: {}; the emulator's KMS blobs are \
             about 80 bytes shorter than AWS's",
            number(largest, "B")
        ),
    );
    Ok(())
}

/// The same after each value was set by itself, and what `seal inspect` says of it.
fn one_by_one(readers: &Readers<'_>, figures: &mut Figures) -> Result<()> {
    let mut sizes = Vec::with_capacity(EDITED);
    let mut advised = 0;
    for object in 0..EDITED {
        let path = readers.bed.folder.join(format!("edited-{object}.yaml"));
        let file = path.clone().into_os_string();
        let mut args: Vec<OsString> = readers.bed.certificate().into();
        args.extend(readers.args.clone());
        let first = input::secrets(readers.bed.folder, "edited", 1, 1)?;
        let first = std::fs::read_to_string(first)?;
        let new = ["-oyaml".into(), "-w".into(), file.clone()];
        readers.seal(&[args.clone(), new.into()].concat(), &first)?;
        for value in 1..VALUES {
            let item = format!("key-{value}");
            let set = ["set".into(), file.clone(), item.into(), "-nbench".into()];
            let text = format!("a short value of item {value}");
            readers.seal(&[set.to_vec(), args.clone()].concat(), &text)?;
        }
        sizes.push(length(&std::fs::read_to_string(&path)?));
        let report = readers.seal(&["inspect".into(), file], "")?;
        let keys = format!("{VALUES} data keys: seal compact");
        advised += usize::from(report.contains(&keys));
    }
    figures.row(
        "the same with a data key for each value",
        &number(mean(&sizes), "B"),
        "cannot",
        &format!(
            "our largest of {EDITED}: {}; seal inspect suggests compact for {advised} of them",
            number(quantile(&mut sizes, 1.0), "B")
        ),
    );
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a few kilobytes")]
fn length(text: &str) -> f64 {
    text.len() as f64
}

#[allow(clippy::cast_precision_loss, reason = "a hundred objects")]
fn mean(sizes: &[f64]) -> f64 {
    sizes.iter().sum::<f64>() / sizes.len() as f64
}
