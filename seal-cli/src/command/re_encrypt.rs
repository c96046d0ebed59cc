//! `--re-encrypt`: the controller seals values again for its newest key, and only their ciphertexts
//! change in the text (contract §3.9).
//!
//! What else the controller says is not taken over: 0.40.0 drops `template.data` and the template's
//! labels, and versions before 0.40 put rendered templates among the items.

mod document;
mod rotation;

use std::path::{Path, PathBuf};

use seal_manifest::BlockEdit;
use serde::de::IgnoredAny;

use crate::args::{self, ClusterArgs};
use crate::batch::{self, Done};
use crate::cluster::{Endpoints, Purpose};
use crate::context::Context;
use crate::error::CliError;
use crate::output::{self, Destination, Format};
use crate::sealed_input::SealedInput;
pub(crate) use rotation::RotationError;

/// Have the controller seal values again for its newest key, in place: seal rotate FILE
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Files with SealedSecrets, each replaced in one step, - for stdin and stdout; in folders, all of them
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let mut flags = args::Args::from(args.cluster);
    flags.sealed_secret_file = Some(String::new());
    flags.format = Some(String::new());
    let mut context = flags.for_verb()?;
    let work = |file: Option<PathBuf>| {
        context.secret_file = file;
        let changed = run(&context)?;
        Ok(Done {
            changed,
            ..Done::default()
        })
    };
    batch::report("rotate", batch::one_by_one(&args.files, work)?)
}

/// The flag.
pub(crate) fn flag(context: &Context) -> Result<(), CliError> {
    run(context).map(|_| ())
}

/// Asks for all documents, then writes: all of it or nothing.
fn run(context: &Context) -> Result<bool, CliError> {
    let in_place = in_place(context)?;
    let input = SealedInput::read(context.secret_file.as_deref())?;
    rotation::check(&input)?;
    let cluster = &context.cluster;
    let controller = Endpoints::find(&cluster.connection, &cluster.controller, Purpose::Keys)?;
    let mut edits = Vec::new();
    for (_, sealed) in &input.documents {
        let changed =
            rotation::rotated(&controller, sealed).map_err(|reason| CliError::ReEncrypt {
                from: input.from.clone(),
                document: sealed.index,
                reason,
            })?;
        let set = |(item, value)| BlockEdit::SetItem { item, value };
        let changed: Vec<_> = changed.into_iter().map(set).collect();
        if !changed.is_empty() {
            edits.push((sealed.index, changed));
        }
    }
    let edited = seal_manifest::edit_all(input.text()?, &edits);
    let edited = edited.map_err(|reason| CliError::Edit {
        from: input.from.clone(),
        reason,
    })?;
    if let Some(file) = in_place {
        let text = in_format(edited, in_place_format(context, file), &input.from)?;
        let before = input.text()?;
        output::exchange(file, before.as_bytes(), text.as_bytes(), true)?;
        return Ok(before != text);
    }
    // A verb leaves the notation as it is.
    let format = (!context.by_verb).then_some(context.format);
    let text = in_format(edited, format, &input.from)?;
    context.destination.write(&[text])?;
    Ok(true)
}

/// The file that is replaced: that of `-f` if there is no `-w`.
fn in_place(context: &Context) -> Result<Option<&Path>, CliError> {
    let (Destination::Stdout, Some(file)) = (&context.destination, &context.secret_file) else {
        return Ok(None);
    };
    let is_other = |metadata: std::fs::Metadata| !metadata.is_file();
    if std::fs::metadata(file).is_ok_and(is_other) {
        return Err(CliError::NoFile(file.clone()));
    }
    Ok(Some(file))
}

/// In a file the notation changes only if that is asked for, and never where the file's name says
/// that it is YAML.
fn in_place_format(context: &Context, file: &Path) -> Option<Format> {
    let is_yaml = |extension| extension == "yaml" || extension == "yml";
    context
        .asked_format
        .filter(|_| !file.extension().is_some_and(is_yaml))
}

/// The text as it is, if it has this notation; else written anew.
fn in_format(text: String, format: Option<Format>, from: &str) -> Result<String, CliError> {
    let present = if is_json(&text) {
        Format::Json
    } else {
        Format::Yaml
    };
    match format {
        Some(format) if format != present => document::all(&text, format, from),
        _ => Ok(text),
    }
}

/// Objects one after the other, and nothing else.
fn is_json(text: &str) -> bool {
    let objects = serde_json::Deserializer::from_str(text);
    objects
        .into_iter::<IgnoredAny>()
        .all(|object| object.is_ok())
}
