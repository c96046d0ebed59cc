//! `--re-encrypt`: the controller seals values again for its newest key, and only their ciphertexts
//! change in the text (contract §3.9); of SE1 the wraps of data keys. What is known to be for that key stays.
//!
//! What else the controller says is not taken over: 0.40.0 drops `template.data` and the template's
//! labels, and versions before 0.40 put rendered templates among the items.

mod data_keys;
mod document;
mod rotation;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seal_manifest::TextEdit;
use serde::de::IgnoredAny;

use crate::args::{self, ClusterArgs};
use crate::asked_files;
use crate::batch::{self, Done};
use crate::cluster::Endpoints;
use crate::context::Context;
use crate::error::CliError;
use crate::output::{self, Destination, Format};
use crate::sealed_input::SealedInput;
use rotation::Rotation;
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
    let results = asked_files::each(&args.files, flags.for_verb()?, |context, controller| {
        let changed = run(context, || Ok(Rotation::new(controller)))?;
        Ok(Done {
            changed,
            ..Done::default()
        })
    });
    batch::report("rotate", results?)
}

/// The flag.
pub(crate) fn flag(context: &Context) -> Result<(), CliError> {
    let controller = OnceCell::new();
    let found = || {
        let found = Endpoints::of_keys(&context.cluster)?;
        Ok(Rotation::new(controller.get_or_init(|| found)))
    };
    run(context, found).map(|_| ())
}

/// Asks for all documents, then writes: all of it or nothing. Whom to ask is looked up for input that
/// can be sealed again.
fn run<'c>(
    context: &Context,
    rotation: impl FnOnce() -> Result<Rotation<'c>, CliError>,
) -> Result<bool, CliError> {
    let in_place = in_place(context)?;
    let input = SealedInput::read(context.secret_file.as_deref())?;
    let edited = rotated(&input, &rotation()?)?;
    let before = input.text()?;
    if let Some(file) = in_place {
        let text = in_format(edited, in_place_format(context, file), &input.from)?;
        if text != before {
            output::exchange(file, before.as_bytes(), text.as_bytes(), true)?;
        }
        return Ok(before != text);
    }
    let changed = before != edited;
    // A verb leaves the notation as it is.
    let format = (!context.by_verb).then_some(context.format);
    let text = in_format(edited, format, &input.from)?;
    context.destination.write(&[text])?;
    Ok(changed)
}

/// The text with what the controller gave.
fn rotated(input: &SealedInput, rotation: &Rotation<'_>) -> Result<String, CliError> {
    let mut edits = Vec::new();
    let mut wholes = Vec::new();
    for (_, sealed) in &input.documents {
        let changes = rotation.changes(sealed);
        let changes = changes.map_err(|reason| CliError::ReEncrypt {
            from: input.from.clone(),
            document: sealed.index,
            reason,
        })?;
        if !changes.blocks.is_empty() {
            edits.push((sealed.index, changes.blocks));
        }
        wholes.extend(changes.whole.map(|value| (sealed.index, value)));
    }
    let mut edited = seal_manifest::edit_all(input.text()?, &edits);
    for (document, value) in wholes {
        let texts = BTreeMap::from([("data".to_owned(), value)]);
        let set = TextEdit {
            path: &[],
            texts: &texts,
        };
        edited = edited.and_then(|text| seal_manifest::set_texts(&text, document, &[set]));
    }
    edited.map_err(|reason| CliError::Edit {
        from: input.from.clone(),
        reason,
    })
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
    context
        .asked_format
        .filter(|_| Format::of_name(file) != Some(Format::Yaml))
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
