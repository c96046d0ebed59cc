//! `seal set`: seals one value into a file. Nobody has to be able to open the others.

mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

use seal_format::Scope;
use seal_keys::RsaRecipient;
use sealing::is_item_name;

use crate::args::ClusterArgs;
use crate::certificate::CacheArgs;
use crate::config::{Format, Matched};
use crate::context::{self, Cluster};
use crate::contradiction;
use crate::environment;
use crate::error::CliError;
use crate::recipient::{self, Asked, Cert, Choice, Readers, RecipientArgs, RuleArgs};
use crate::sealed_edit::SealedEdit;
use crate::sealed_file::SealedFile;
use crate::sealed_values;
use crate::title::Title;
use crate::ui;
use crate::which::WhichArgs;
use value::ValueArgs;

/// Seal one value into a file, without opening the others
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// File with the SealedSecret; replaced in one step
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Name of the item; there already or new
    #[arg(value_name = "KEY")]
    key: String,

    #[command(flatten)]
    value: ValueArgs,

    #[command(flatten)]
    which: WhichArgs,

    /// Scope of the SealedSecret, if it is wider than strict and no rule says so
    #[arg(long, value_name = "SCOPE", help_heading = "Target")]
    scope: Option<String>,

    /// Certificate to seal for: a PEM file, file:// or http(s):// URL [default: $SEALED_SECRETS_CERT]
    #[arg(long, value_name = "FILE|URL", help_heading = "Recipients")]
    cert: Option<String>,

    #[command(flatten)]
    recipients: RecipientArgs,

    /// legacy or se1 [default: that of the file]
    #[arg(long, value_name = "FORMAT", help_heading = "Recipients")]
    format_version: Option<String>,

    /// Go on though the file's other values are for readers that the rule does not name
    #[arg(long, help_heading = "Recipients")]
    allow_other_readers: bool,

    #[command(flatten)]
    rules: RuleArgs,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Whom the command line names, if it names anybody, and which cluster it means.
struct Said {
    asked: Asked,
    cluster: Cluster,
}

/// Reads, seals, writes: the whole change or none.
pub(crate) fn run(mut args: Args) -> Result<(), CliError> {
    contradiction::asking(
        args.cert.as_deref(),
        &args.recipients,
        &args.cluster,
        &args.cache,
    )?;
    let asked_scope = context::scope(args.scope.take())?;
    let asked_format = context::format_version(args.format_version.take())?;
    let file = SealedFile::read_to_edit(&args.file)?;
    let said = Said {
        asked: asked(&mut args)?,
        cluster: cluster(&mut args),
    };
    let rule = args.rules.rule_for(&said.asked, Some(&args.file))?;
    let mut which = args.which.of(&file)?;
    if let Some(rule) = &rule {
        which.by_rule(&rule.target);
        rule.hold(&which.title, args.file.display().to_string())?;
    }
    let mut edit = SealedEdit::new(&file, which)?;
    if !is_item_name(&args.key) {
        return Err(CliError::ItemName(args.key));
    }
    let choice = said.choice(rule, &args, edit.has_se1())?;
    let title = edit.title().clone();
    choice.check_places(&[(&title, args.which.said())], &args.rules)?;
    check_scope(&args, &choice, asked_scope, &title)?;
    let of_file = if edit.has_se1() {
        Format::Se1
    } else {
        Format::Legacy
    };
    let certificate = certificate(&args, &choice, (asked_format, of_file), &title)?;
    let called = choice.recipients.called();
    let what = format!("{} of {title}", args.key);
    let value = args.value.read(&format!("{what} for: {called}"))?;
    let items = BTreeMap::from([(args.key.clone(), value)]);
    let failed = |reason| CliError::SealItem {
        from: args.file.display().to_string(),
        reason,
    };
    if let Some(certificate) = certificate {
        let values = sealed_values::legacy(items, &title, certificate).map_err(failed)?;
        for (item, value) in values {
            edit.set(&item, value);
        }
        remember(&args, &choice, &title, &file)?;
        edit.write()?;
        ui::hint(&format!("sealed {what} for: {called}"));
        return Ok(());
    }
    let (items, readers) = sealed_values::se1(&items, &edit, &choice, &failed)?;
    choice.confirm(&readers, &args.rules)?;
    edit.set_under(items)?;
    check_other_readers(&args, &edit, &choice, &readers)?;
    remember(&args, &choice, &title, &file)?;
    edit.write()?;
    ui::hint(&format!("sealed {what} for: {readers}"));
    Ok(())
}

/// Rule W2: never wider than strict because the file says so.
fn check_scope(
    args: &Args,
    choice: &Choice,
    asked: Option<Scope>,
    title: &Title,
) -> Result<(), CliError> {
    let trusted = asked.or(choice.scope()).unwrap_or_default();
    if title.scope == trusted {
        return Ok(());
    }
    Err(CliError::ScopeOfFile {
        from: args.file.display().to_string(),
        own: title.scope,
        trusted,
    })
}

/// The certificate to seal for in the legacy format, if that is the one: the format that was asked for, or
/// else that of the file.
fn certificate<'a>(
    args: &Args,
    choice: &'a Choice,
    (asked, of_file): (Option<Format>, Format),
    title: &Title,
) -> Result<Option<&'a RsaRecipient>, CliError> {
    let certificate = choice.legacy_certificate(asked, of_file)?;
    let certificate = certificate.map(|certificate| certificate.for_legacy(title.scope));
    certificate
        .transpose()
        .map_err(|reason| CliError::ItemInKms {
            from: args.file.display().to_string(),
            reason,
        })
}

/// Whom flags and the environment name.
fn asked(args: &mut Args) -> Result<Asked, CliError> {
    let variable = environment::variable("cert").filter(|_| args.cert.is_none());
    let given = |cert: Option<String>| cert.filter(|cert| !cert.is_empty());
    let cert = Cert {
        typed: given(args.cert.take()),
        variable: given(variable),
    };
    Ok(Asked::of(&args.recipients, cert, environment::own)?)
}

fn cluster(args: &mut Args) -> Cluster {
    args.cluster.complete_from(environment::variable);
    args.cache.complete_from(environment::variable);
    Cluster::from(std::mem::take(&mut args.cluster)).cached(&args.cache)
}

impl Said {
    /// Recipients come from flags, the environment or a rule, never from the file. A file in the legacy
    /// format has one reader anyway, and without a word that is the cluster.
    fn choice(&self, rule: Option<Matched>, args: &Args, se1: bool) -> Result<Choice, CliError> {
        let (asked, cluster) = (&self.asked, &self.cluster);
        match Choice::of(asked, &args.recipients, rule, &args.rules, cluster)? {
            Some(choice) => Ok(choice),
            None if !se1 => Choice::of_cluster(cluster),
            None => Err(CliError::NoReaders(args.file.display().to_string())),
        }
    }
}

/// Where the objects of the file are, for the next time.
fn remember(
    args: &Args,
    choice: &Choice,
    title: &Title,
    file: &SealedFile,
) -> Result<(), CliError> {
    let present: Vec<_> = file.sealed.iter().map(Title::of_sealed).collect();
    choice.remember_places(std::slice::from_ref(title), &present, &args.rules)
}

/// A file that says it has readers whom the rule does not name may be someone's trick, or older than
/// the rule.
fn check_other_readers(
    args: &Args,
    edit: &SealedEdit<'_>,
    choice: &Choice,
    readers: &Readers,
) -> Result<(), CliError> {
    let others = edit.other_readers(readers);
    if others.is_empty() {
        return Ok(());
    }
    let from = args.file.display().to_string();
    let others: Vec<_> = others.into_iter().map(recipient::shown).collect();
    let others = others.join(", ");
    if choice.rule().is_some() && !args.allow_other_readers {
        return Err(CliError::OtherReaders { from, others });
    }
    ui::warn(&format!(
        "{from}: other values in it are also for {others}, not named here"
    ));
    Ok(())
}
