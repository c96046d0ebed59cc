//! The format with several recipients: speed against kubeseal and the legacy format.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, ensure};

use super::command_line::median;
use super::figures::{Figures, number, quantile};
use super::measure::measure;
use super::{Programs, input, sizes};

const RUNS: usize = 5;
const FILES: usize = 1000;

pub(crate) fn run(programs: &Programs, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bed = Bed::new(programs, folder.path())?;
    sealing(&bed, figures)?;
    opening(&bed, figures)?;
    adding(&bed, figures)?;
    sizes::run(&bed, figures)
}

/// Keys, a certificate and Secrets.
pub(super) struct Bed<'a> {
    programs: &'a Programs,
    pub(super) folder: &'a Path,
    certificate: PathBuf,
    private_key: PathBuf,
    /// A thousand Secrets of five values.
    secrets: PathBuf,
    /// Files with age identities, and their recipients.
    pub(super) people: Vec<(PathBuf, String)>,
}

impl<'a> Bed<'a> {
    fn new(programs: &'a Programs, folder: &'a Path) -> Result<Self> {
        let (issued, certificate) = input::key(folder)?;
        let private_key = folder.join("tls.key");
        std::fs::write(&private_key, issued.key.to_pkcs1_pem()?.as_bytes())?;
        let people = ["alice", "bob"].map(|name| person(folder, name));
        Ok(Self {
            programs,
            folder,
            certificate,
            private_key,
            secrets: input::secrets(folder, "many", FILES, 5)?,
            people: people.into_iter().collect::<Result<_>>()?,
        })
    }

    pub(super) fn seal(&self) -> Command {
        let mut command = Command::new(&self.programs.seal);
        command
            .env_remove("SOPS_AGE_KEY_FILE")
            .current_dir(self.folder);
        command
    }

    pub(super) fn certificate(&self) -> [OsString; 2] {
        ["--cert".into(), self.certificate.clone().into()]
    }
}

fn person(folder: &Path, name: &str) -> Result<(PathBuf, String)> {
    let path = folder.join(format!("{name}.txt"));
    let made = Command::new(testkit::peers::age_keygen()?)
        .arg("-o")
        .arg(&path)
        .stderr(Stdio::null())
        .status()?;
    ensure!(made.success(), "age-keygen: {made}");
    let output = Command::new(testkit::peers::age_keygen()?)
        .arg("-y")
        .arg(&path)
        .output()?;
    Ok((path, String::from_utf8(output.stdout)?.trim().to_owned()))
}

fn sealing(bed: &Bed<'_>, figures: &mut Figures) -> Result<()> {
    let mut args: Vec<OsString> = bed.certificate().into();
    args.push("-oyaml".into());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let se1 = [args.clone(), vec!["--format-version=se1".into()]].concat();
    for _ in 0..RUNS {
        ours.push(measure(&bed.secrets, &bed.programs.seal, &se1)?);
        theirs.push(measure(&bed.secrets, &bed.programs.kubeseal, &args)?);
    }
    let what = "1,000 Secrets × 5 values in SE1, wall";
    figures.less_is_better(what, "ms", median(&ours).wall, median(&theirs).wall);
    Ok(())
}

/// The same values in both formats, opened by us.
fn opening(bed: &Bed<'_>, figures: &mut Figures) -> Result<()> {
    let mut walls = Vec::new();
    for format in ["se1", "legacy"] {
        let sealed = sealed_file(bed, format)?;
        let args = [
            "open".into(),
            sealed.into_os_string(),
            "--private-key".into(),
            bed.private_key.clone().into(),
        ];
        let costs = (0..3)
            .map(|_| measure(Path::new("/dev/null"), &bed.programs.seal, &args))
            .collect::<Result<Vec<_>>>()?;
        walls.push(median(&costs).wall);
    }
    let [se1, legacy] = walls.as_slice() else {
        return Ok(());
    };
    figures.less_is_better(
        "opening 1,000 × 5 in SE1, against ours in legacy, wall",
        "ms",
        *se1,
        *legacy,
    );
    Ok(())
}

fn sealed_file(bed: &Bed<'_>, format: &str) -> Result<PathBuf> {
    let path = bed.folder.join(format!("{format}.sealed.yaml"));
    let status = bed
        .seal()
        .args(bed.certificate())
        .arg(format!("--format-version={format}"))
        .arg("-f")
        .arg(&bed.secrets)
        .arg("-w")
        .arg(&path)
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "seal: {status}");
    Ok(path)
}

/// One more reader for a thousand files, by someone with an age key.
fn adding(bed: &Bed<'_>, figures: &mut Figures) -> Result<()> {
    let [(identity, alice), (_, bob)] = bed.people.as_slice() else {
        return Ok(());
    };
    let mut rates = Vec::new();
    for _ in 0..3 {
        let files = one_per_secret(bed, alice)?;
        let started = Instant::now();
        let status = bed
            .seal()
            .args([
                "recipients",
                "add",
                "--accept-new-recipients",
                "-r",
                bob,
                "-i",
            ])
            .arg(identity)
            .arg(files.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        ensure!(status.success(), "seal recipients add: {status}");
        #[allow(clippy::cast_precision_loss, reason = "a thousand files")]
        rates.push(FILES as f64 / started.elapsed().as_secs_f64());
    }
    let rate = quantile(&mut rates, 0.5);
    let cores = std::thread::available_parallelism()?;
    figures.row(
        "adding a recipient to 1,000 files",
        &number(rate, "/s"),
        "cannot",
        &format!("with an X25519 identity, on {cores} cores"),
    );
    Ok(())
}

fn one_per_secret(bed: &Bed<'_>, recipient: &str) -> Result<tempfile::TempDir> {
    let output = bed
        .seal()
        .args(bed.certificate())
        .args(["-r", recipient, "-oyaml", "-f"])
        .arg(&bed.secrets)
        .stderr(Stdio::null())
        .output()?;
    ensure!(output.status.success(), "seal: {}", output.status);
    let folder = tempfile::tempdir_in(bed.folder)?;
    let text = String::from_utf8(output.stdout)?;
    for (number, document) in documents(&text).enumerate() {
        std::fs::write(folder.path().join(format!("{number}.yaml")), document)?;
    }
    Ok(folder)
}

/// What stands after lines of three dashes; markers of armor end in as many.
pub(super) fn documents(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix("---\n").unwrap_or(text);
    text.split_inclusive("\n---\n")
        .map(|document| document.strip_suffix("---\n").unwrap_or(document))
}
