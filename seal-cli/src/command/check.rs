//! `seal check`: what is wrong with files of SealedSecrets, told without a key, a cluster or a network.

mod annotations;
mod catalog;
mod certificate;
mod file;
mod finding;
mod object;
mod plaintext;
mod readers;
mod report;
mod sarif;
mod secret_shape;
mod structure;
mod templates;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use rayon::prelude::*;

use self::certificate::Target;
use self::file::{Checked, Surroundings};
use self::finding::Finding;
use self::report::{Counts, Told, number};
use crate::batch::{self, Found};
use crate::config::{ConfigArgs, Place, RecipientSource};
use crate::error::CliError;
use crate::output::Destination;
use crate::rules::{RuleReaders, Rules};
use crate::{input, ui};

/// Look for mistakes in files, offline: structure, scope, formats, plaintext; for hooks and CI
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Files, and folders with files; - is stdin
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    /// How findings are told
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "text")]
    output: Output,

    /// Make errors of warnings
    #[arg(long)]
    strict: bool,

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
    cert: Option<Target>,
    rules: Rules,
}

/// One file, looked at.
struct Looked {
    path: PathBuf,
    checked: Checked,
    /// Certificates that its rule names.
    certificates: Vec<Target>,
}

/// Reads, looks, tells; the exit code says whether there was an error.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let work = Work {
        cert: args.cert.as_deref().map(Target::read).transpose()?,
        rules: Rules::new(&args.config),
    };
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
    let told = told(looked, work.cert, Timestamp::now(), args.strict);
    let text = match args.output {
        Output::Text => Some(report::text(&told)),
        Output::Json => report::json(&told),
        Output::Sarif => sarif::of(&told),
    };
    Destination::Stdout.write(&[text.ok_or(CliError::InspectJson)?])?;
    let counts = Counts::of(&told);
    let summary = format!("{subject}: {}", counts.told());
    if counts.errors > 0 {
        return Err(CliError::Found(summary));
    }
    ui::hint(&summary);
    Ok(())
}

/// Everything in the order of the files, certificates last.
fn told(looked: Vec<Looked>, cert: Option<Target>, now: Timestamp, strict: bool) -> Vec<Told> {
    let mut told = Vec::new();
    let mut certificates: BTreeMap<String, Target> = BTreeMap::new();
    let mut certificate = |target: Target| {
        certificates.insert(target.from.clone(), target);
    };
    cert.into_iter().for_each(&mut certificate);
    for file in looked {
        let path = file.path.display().to_string();
        let found = file.checked.found.into_iter();
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
                return Some(Looked {
                    path,
                    checked,
                    certificates: Vec::new(),
                });
            }
        };
        if !found.named && !file::is_of_interest(&bytes) {
            return None;
        }
        let rule = self.rules.of_what_is_there(&path);
        let certificates = rule.as_ref().map(certificates).unwrap_or_default();
        let around = Surroundings {
            cert: self.cert.as_ref(),
            of_rule: match &rule {
                Some(rule) if rule.certificates() == certificates.len() => certificates.clone(),
                _ => Vec::new(),
            },
            rule: rule.as_ref(),
        };
        let checked = file::check(&bytes, &around);
        if !found.named && checked.is_nothing() {
            return None;
        }
        Some(Looked {
            path,
            checked,
            certificates,
        })
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
