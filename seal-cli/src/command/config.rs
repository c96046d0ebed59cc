//! `seal config`: what the configuration says, and whether it is sound.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;

use crate::config::known::{self, Known, KnownArgs, KnownError};
use crate::config::{
    self, ConfigArgs, ConfigError, Matched, NamedRecipient, Offline, Target, Warnings,
};
use crate::error::CliError;
use crate::output::Destination;
use crate::ui;

/// Check the configuration, or show what it says about a file
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Name everything that is wrong with a configuration
    Check {
        /// A .seal.yaml or .sops.yaml [default: the one for files of the current folder]
        #[arg(value_name = "CONFIG")]
        config: Option<PathBuf>,
    },
    /// Show who will be able to read a file, and why
    Show(ShowArgs),
}

#[derive(clap::Args, Debug)]
struct ShowArgs {
    /// The file, which need not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    known: KnownArgs,
}

/// Does what was typed.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    match &args.action {
        Action::Check { config } => check(config.as_deref()),
        Action::Show(args) => show(args),
    }
}

fn check(named: Option<&Path>) -> Result<(), CliError> {
    let checked = config::check(named)?;
    let path = config::shown(&checked.path);
    for (line, text) in checked.warnings {
        ui::warn(&format!("{path}: line {line}: {text}"));
    }
    let (rules, recipients) = (checked.rules, checked.recipients);
    let text = format!("{path}: sound; rules: {rules}, recipients: {recipients}\n");
    Destination::Stdout.write(&[text])
}

fn show(args: &ShowArgs) -> Result<(), CliError> {
    let file = args.file.display().to_string();
    let Some(matched) = config::rules_for(&args.file, args.config.named(), &Warnings::default())?
    else {
        return Err(config::nothing_for(&args.file, args.config.named())?.into());
    };
    let folder = matched.config.parent().unwrap_or(Path::new(""));
    let config = config::shown(&matched.config);
    let scope = matched.scope.map_or(
        "strict, unless a flag or the Secret says otherwise".to_owned(),
        |scope| scope.to_string(),
    );
    let format = format(&matched);
    let (recipients, to): (Vec<_>, Vec<_>) = matched
        .recipients
        .iter()
        .map(|recipient| line(recipient, folder))
        .unzip();
    let known = known(&matched, &to, &args.known).map_err(ConfigError::Known)?;
    let places = known::places(&matched, &args.known).map_err(ConfigError::Known)?;
    let places: Vec<_> = places.iter().map(ToString::to_string).collect();
    let known_places = match places.as_slice() {
        [] => String::new(),
        places => format!("last sealed: {}\n", places.join(", ")),
    };
    let target = match &matched.target {
        target if *target == Target::default() => String::new(),
        target => format!("target:      {target}\n"),
    };
    let mut text = format!(
        "file:        {file}\nconfig:      {config}\nrule:        line {}, {}\n{target}scope:       {scope}\nformat:      {format}\nknown:       {known}\n{known_places}recipients:\n",
        matched.line, matched.rule
    );
    text.push_str(&recipients.concat());
    Destination::Stdout.write(&[text])
}

fn format(matched: &Matched) -> String {
    if let Some(format) = matched.format {
        return format.to_string();
    }
    let in_kms = |recipient: &NamedRecipient| {
        let known = Offline::of(&recipient.source, Timestamp::now()).ok()?;
        // Where only a network knows, no more can be said.
        known.to.map(|_| known.certificate_in_kms)
    };
    let usual = match matched.recipients.first().and_then(in_kms) {
        Some(true) => "se1",
        Some(false) => "legacy",
        None => "legacy, or se1 for a certificate of a KMS key",
    };
    format!("{usual}, unless a flag says otherwise")
}

fn known(matched: &Matched, to: &[Option<String>], args: &KnownArgs) -> Result<String, KnownError> {
    if args.accept() {
        known::confirm(matched, to, args)?;
    }
    Ok(match known::check(matched, to, args)? {
        Known::All => "all of them".to_owned(),
        Known::First => "not yet: the first use will remember them".to_owned(),
        Known::Grown(added) => {
            let new: Vec<_> = added.into_iter().map(|added| added.what).collect();
            let new = new.join(", ");
            format!("not {new}; nothing is sealed before that is confirmed")
        }
    })
}

/// A recipient whose file is missing is shown with the reason, too.
fn line(recipient: &NamedRecipient, folder: &Path) -> (String, Option<String>) {
    let declared = recipient.source.declared(folder);
    let (kind, to) = match Offline::of(&recipient.source, Timestamp::now()) {
        Ok(offline) => (offline.kind, offline.to),
        Err(reason) => (format!("cannot be used: {reason}"), None),
    };
    let called = recipient.called(folder);
    let mut lines = vec![called, declared];
    lines.extend(to.clone());
    lines.dedup();
    let more = lines.split_off(1);
    let more = more.iter().map(|line| format!("    {line}\n"));
    let more: String = more.collect();
    (format!("- {}: {kind}\n{more}", lines.concat()), to)
}
