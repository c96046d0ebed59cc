//! `seal check`: what is wrong with files of SealedSecrets, told without a key, a cluster or a network.

mod annotations;
mod catalog;
mod certificate;
mod exception;
mod file;
mod finding;
mod helm;
mod kind;
mod listed;
mod literal;
mod object;
mod patch;
mod placeholder;
mod plaintext;
mod readers;
mod report;
mod sarif;
mod secret_name;
mod secret_shape;
mod setting;
mod structure;
mod templates;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use rayon::prelude::*;

use self::catalog::Check;
use self::certificate::Target;
use self::file::{Checked, Surroundings};
use self::finding::Finding;
use self::patch::Patches;
use self::report::{Counts, Told, number};
use crate::batch::{self, Found};
use crate::config::{self, ConfigArgs, Place, RecipientSource};
use crate::error::CliError;
use crate::output::Destination;
use crate::rules::{RuleReaders, Rules};
use crate::{input, ui};

/// Look for mistakes in files, offline: structure, scope, formats, plaintext; for hooks and CI
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal check secrets/\n  \
    seal check --strict --ignore no-namespace -o sarif . > seal.sarif\n\n\
    A comment in the file excepts a line and what is below it, or at its head a document:\n  \
    # seal:ignore ID REASON")]
pub(crate) struct Args {
    /// Files, and folders with files; - is stdin
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    /// How findings are told
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "text")]
    output: Output,

    /// Tell of every SealedSecret, too: its scope, format and readers
    #[arg(long)]
    list: bool,

    /// Make errors of warnings
    #[arg(long)]
    strict: bool,

    /// Leave out the findings with this id; several times for several
    #[arg(long, value_name = "ID", value_parser = exception::known)]
    ignore: Vec<&'static Check>,

    /// Certificate that the files should be sealed for, in a file
    #[arg(long, value_name = "FILE", value_parser = in_file)]
    cert: Option<PathBuf>,

    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// One line for each, as compilers write them
    Text,
    /// A list of objects
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
}

fn in_file(typed: &str) -> Result<PathBuf, String> {
    match typed.split_once("://") {
        Some(("file", path)) => Ok(path.into()),
        Some((scheme, _)) if scheme.len() > 1 => {
            Err("seal check asks no network; name a file".to_owned())
        }
        _ => Ok(typed.into()),
    }
}

/// What is the same for all files.
struct Work {
    lists: bool,
    cert: Option<Target>,
    rules: Rules,
    patches: Patches,
}

/// One file, looked at.
struct Looked {
    path: PathBuf,
    checked: Checked,
    /// Certificates that its rule names.
    certificates: Vec<Target>,
}

impl Looked {
    fn new(path: PathBuf, checked: Checked) -> Self {
        Self {
            path,
            checked,
            certificates: Vec::new(),
        }
    }
}

/// Reads, looks, tells; the exit code says whether there was an error.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let work = Work {
        lists: args.list,
        cert: args.cert.as_deref().map(Target::read).transpose()?,
        rules: Rules::new(&args.config),
        patches: Patches::default(),
    };
    if let Some(named) = args.config.named() {
        // Without it nothing would be said of readers, and a hook would pass.
        config::readable(named)?;
    }
    let files = batch::found(&args.files)?;
    let looked: Vec<_> = match files.as_slice() {
        // One file is not worth a pool of threads.
        [only] => work.look(only).into_iter().collect(),
        files => files.par_iter().filter_map(|it| work.look(it)).collect(),
    };
    let objects: usize = looked.iter().map(|file| file.checked.objects).sum();
    let subject = format!(
        "{} in {}",
        number(objects, "SealedSecret"),
        number(looked.len(), "file")
    );
    let mut excepted: usize = looked.iter().map(|file| file.checked.excepted).sum();
    let mut told = told(looked, work.cert, Timestamp::now(), args.strict);
    excepted += ignore(&mut told, &args.ignore);
    let counts = Counts::of(&told);
    let text = match args.output {
        Output::Text => Some(report::text(&told)),
        Output::Json => report::json(&told),
        Output::Sarif => sarif::of(&told),
    };
    Destination::Stdout.write(&[text.ok_or(CliError::InspectJson)?])?;
    let summary = format!("{subject}: {}", counts.told(excepted));
    if counts.errors > 0 {
        return Err(CliError::Found(summary));
    }
    ui::hint(&summary);
    Ok(())
}

/// Takes out what `--ignore` names, and gives how much that was.
fn ignore(told: &mut Vec<Told>, checks: &[&Check]) -> usize {
    let before = told.len();
    for check in checks {
        let there = told.len();
        told.retain(|told| told.id != check.id);
        if told.len() == there {
            ui::warn(&format!("--ignore {}: there is no such finding", check.id));
        }
    }
    before - told.len()
}

/// Everything in the order of the files, certificates last.
fn told(looked: Vec<Looked>, cert: Option<Target>, now: Timestamp, strict: bool) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut configurations = BTreeSet::new();
    let mut certificates: BTreeMap<String, Target> = BTreeMap::new();
    let mut certificate = |target: Target| {
        certificates.insert(target.from.clone(), target);
    };
    cert.into_iter().for_each(&mut certificate);
    for file in looked {
        let path = file.path.display().to_string();
        let found = file.checked.found.into_iter().filter(|finding| {
            // Once is enough, however many files it is for.
            *finding.check != catalog::BAD_CONFIG || configurations.insert(finding.message.clone())
        });
        told.extend(found.map(|finding| Told::new(&path, finding, strict)));
        file.certificates.into_iter().for_each(&mut certificate);
    }
    for (from, target) in &certificates {
        let expiry = certificate::expiry(target, now);
        told.extend(expiry.map(|finding| Told::new(from, finding, strict)));
    }
    told
}

impl Work {
    /// `None` for a file of a folder that is none of ours.
    fn look(&self, found: &Found) -> Option<Looked> {
        let path = found.path.clone();
        // Plaintext may stand in it.
        let from = (path != Path::new("-")).then_some(path.as_path());
        let bytes = match input::bytes(from) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let message = format!("cannot read it: {reason}");
                let unreadable = Finding::of_file(&catalog::UNREADABLE, None, message);
                let mut checked = Checked::default();
                checked.found.push(unreadable);
                return Some(Looked::new(path, checked));
            }
        };
        if !found.named && !file::is_of_interest(&bytes) {
            return None;
        }
        let (rule, faulty) = self.rule(&path);
        let certificates = rule.as_ref().map(certificates).unwrap_or_default();
        let around = Surroundings {
            cert: self.cert.as_ref(),
            of_rule: match &rule {
                Some(rule) if rule.certificates() == certificates.len() => certificates.clone(),
                _ => Vec::new(),
            },
            rule: rule.as_ref(),
            lists: self.lists,
            is_patch: self.patches.name(&path),
        };
        let mut checked = file::check(&bytes, &around);
        if !found.named && checked.is_nothing() {
            return None;
        }
        checked.found.extend(faulty);
        Some(Looked {
            certificates,
            ..Looked::new(path, checked)
        })
    }

    /// The rule for a file, or why it cannot be followed. What seal does not understand of `.sops.yaml`
    /// is for others.
    fn rule(&self, path: &Path) -> (Option<RuleReaders>, Option<Finding>) {
        match self.rules.of(path) {
            Ok(rule) => (rule, None),
            Err(CliError::Config(error)) if !error.is_of_sops() => {
                let message = error.to_string().replace("\n  ", "; ");
                let message =
                    format!("its rule is not known, so readers are not looked at: {message}");
                let found = Finding::of_file(&catalog::BAD_CONFIG, None, ui::in_line(&message));
                (None, Some(found))
            }
            Err(error) => {
                ui::warn(&error.to_string());
                (None, None)
            }
        }
    }
}

/// The certificates of a rule that are in files, and can be read: seal config check tells of others.
fn certificates(rule: &RuleReaders) -> Vec<Target> {
    let sources = rule.matched.recipients.iter();
    sources
        .filter_map(|recipient| match &recipient.source {
            RecipientSource::Certificate(Place::File(path)) => Target::read(path).ok(),
            _ => None,
        })
        .collect()
}
