//! `--raw`: one value, sealed and printed bare.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seal_format::Scope;

use crate::args::SealArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::input;
use crate::kubeconfig;
use crate::recipient::{Choice, InKms};
use crate::sealed_values;
use crate::title::Title;
use crate::ui;

/// Why one value is not sealed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RawError {
    #[error("--from-file requires --raw")]
    WithoutRaw,
    #[error(
        "--from-file takes a list as comma-separated values have it, and in this one the quotes do not match"
    )]
    List,
    #[error("must provide only one --from-file when encrypting a single item with --raw")]
    SeveralFiles,
    #[error(
        "must provide the --namespace flag with --raw and --scope {0} (there is no kubeconfig context to take it from)"
    )]
    NoNamespace(Scope),
    #[error("must provide the --name flag with --raw and --scope {0}")]
    NoName(Scope),
    #[error(
        "--raw prints a value of the legacy format, and one of SE1 is nothing without its data key; seal set FILE KEY puts one into a file"
    )]
    Se1,
    #[error("{0}. Use seal set FILE KEY, which writes SE1, or --scope cluster-wide")]
    InKms(InKms),
}

/// Seal one value and print it bare: seal raw --from-file FILE
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    printf %s \"$PASSWORD\" | seal raw --cert pub.pem --namespace demo --name db\n  \
    seal raw --cert pub.pem --scope cluster-wide --from-file password.txt")]
pub(crate) struct Args {
    /// File with the value, byte for byte [default: stdin]
    #[arg(long, value_name = "FILE", help_heading = "Input and output")]
    from_file: Option<PathBuf>,

    /// File to write, in one step [default: stdout]
    #[arg(
        short = 'w',
        long,
        value_name = "FILE",
        help_heading = "Input and output"
    )]
    sealed_secret_file: Option<String>,

    #[command(flatten)]
    seal: SealArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let mut flags = args.seal.flags();
    // Those that the environment names are for other actions.
    flags.sealed_secret_file = Some(args.sealed_secret_file.unwrap_or_default());
    flags.secret_file = Some(String::new());
    let context = flags.for_verb()?;
    match &args.from_file {
        Some(file) if context.destination.replaces(file) => Err(CliError::Itself(file.clone())),
        file => seal(&context, file.as_deref()),
    }
}

/// Reads, seals, writes. `files` is what `--from-file` says; without it the value is on stdin.
pub(crate) fn run(context: &Context, files: &[String]) -> Result<(), CliError> {
    let file = match files {
        [] => None,
        [file] => Some(path(file)),
        _ => return Err(RawError::SeveralFiles.into()),
    };
    seal(context, file)
}

fn seal(context: &Context, file: Option<&Path>) -> Result<(), CliError> {
    let title = title(context)?;
    check_secret_file(context)?;
    let cluster = &context.cluster;
    let choice = Choice::of(
        &context.asked,
        &context.recipients,
        None,
        &context.rules,
        cluster,
    )?;
    let choice = match choice {
        Some(choice) => choice,
        None => Choice::of_cluster(cluster)?,
    };
    let usual = crate::config::Format::Legacy;
    let certificate = choice.legacy_certificate(context.format_version, usual)?;
    let certificate = certificate.ok_or(RawError::Se1)?;
    let certificate = certificate
        .for_legacy(title.scope)
        .map_err(RawError::InKms)?;
    let from = input::name(file);
    let value = input::value(file).map_err(|reason| CliError::Input {
        from: from.clone(),
        reason,
    })?;
    if value.is_empty() {
        ui::warn(&format!("the value from {from} is empty, and is sealed so"));
    }
    let items = BTreeMap::from([(String::new(), value)]);
    let sealed = sealed_values::legacy(items, &title, certificate);
    let sealed = sealed.map_err(|reason| CliError::SealItem { from, reason })?;
    let sealed: Vec<_> = sealed.into_values().collect();
    context.destination.write(&sealed)
}

/// Of `KEY=FILE` the key is for nothing: kubectl has the same syntax.
fn path(file: &str) -> &Path {
    Path::new(file.split_once('=').map_or(file, |(_, file)| file))
}

/// What the value is bound to.
fn title(context: &Context) -> Result<Title, CliError> {
    let scope = context.scope.unwrap_or_default();
    let name = context.name.clone().unwrap_or_default();
    let mut namespace = context.namespace.clone();
    if scope != Scope::ClusterWide {
        if namespace.is_none() {
            namespace = kubeconfig::namespace(&context.cluster.connection)?;
        }
        if namespace.is_none() {
            return Err(RawError::NoNamespace(scope).into());
        }
        if scope == Scope::Strict && name.is_empty() {
            return Err(RawError::NoName(scope).into());
        }
    }
    Ok(Title {
        name,
        namespace: namespace.unwrap_or_default(),
        scope,
    })
}

/// kubeseal opens the file, and does not read it.
fn check_secret_file(context: &Context) -> Result<(), CliError> {
    let Some(path) = &context.secret_file else {
        return Ok(());
    };
    let from = path.display().to_string();
    std::fs::File::open(path).map_err(|reason| CliError::Input {
        from: from.clone(),
        reason,
    })?;
    ui::warn(&format!(
        "{from} is not read: with --raw the value comes from --from-file or stdin"
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_file_is_left_out() {
        for (typed, expected) in [("a", "a"), ("k=a", "a"), ("k=a=b", "a=b"), ("=a", "a")] {
            assert_eq!(path(typed), Path::new(expected));
        }
    }
}
