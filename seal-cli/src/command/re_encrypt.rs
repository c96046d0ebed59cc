//! `--re-encrypt`: the controller seals values again for its newest key, and only their ciphertexts
//! change in the text (contract §3.9).
//!
//! What else the controller says is not taken over: 0.40.0 drops `template.data` and the template's
//! labels, and versions before 0.40 put rendered templates among the items.

mod document;
mod rotation;

use std::path::Path;

use seal_manifest::BlockEdit;
use serde::de::IgnoredAny;

use crate::cluster::{Endpoints, Purpose};
use crate::context::Context;
use crate::error::CliError;
use crate::output::{self, Destination, Format};
use crate::sealed_input::SealedInput;
pub(crate) use rotation::RotationError;

/// Asks for all documents, then writes: all of it or nothing.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
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
        return output::exchange(file, input.text()?.as_bytes(), text.as_bytes(), true);
    }
    let text = in_format(edited, Some(context.format), &input.from)?;
    context.destination.write(&[text])
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
