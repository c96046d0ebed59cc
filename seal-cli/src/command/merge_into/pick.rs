//! Which SealedSecret of the file each Secret of the input is for.

use sealing::SealedDocument;

use super::error::MergeError;
use crate::context::Context;
use crate::input::{self, InputSecret};
use crate::sealed_file::SealedFile;
use crate::ui::{self, in_line};

/// A Secret and the object that its items go into.
pub(super) struct Pair<'f> {
    pub(super) input: InputSecret,
    pub(super) sealed: &'f SealedDocument,
}

/// One goes into one, whatever they are called: kubeseal has it so. Where there are several, names
/// tell.
pub(super) fn pick<'f>(
    context: &Context,
    file: &'f SealedFile,
    secrets: Vec<InputSecret>,
) -> Result<Vec<Pair<'f>>, MergeError> {
    if let ([sealed], 1) = (file.sealed.as_slice(), secrets.len()) {
        warn_of_name(context, file, sealed);
        let pairs = secrets.into_iter().map(|input| Pair { input, sealed });
        return Ok(pairs.collect());
    }
    let mut pairs: Vec<Pair<'f>> = Vec::with_capacity(secrets.len());
    for input in secrets {
        let sealed = by_name(context, file, &input)?;
        if pairs.iter().any(|pair| pair.sealed.index == sealed.index) {
            return Err(MergeError::Twice {
                from: input::name(context.secret_file.as_deref()),
                place: input.place,
                name: in_line(&sealed.name),
            });
        }
        pairs.push(Pair { input, sealed });
    }
    Ok(pairs)
}

fn warn_of_name(context: &Context, file: &SealedFile, sealed: &SealedDocument) {
    let (path, own) = (file.path.display(), in_line(&sealed.name));
    if let Some(name) = context.name.as_ref().filter(|name| **name != sealed.name) {
        ui::warn(&format!(
            "--name {name} is not used: the SealedSecret in {path} is called {own}, and stays so"
        ));
    }
}

fn by_name<'f>(
    context: &Context,
    file: &'f SealedFile,
    input: &InputSecret,
) -> Result<&'f SealedDocument, MergeError> {
    let from = || input::name(context.secret_file.as_deref());
    let path = || file.path.display().to_string();
    let metadata = &input.secret.metadata;
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let name = context.name.clone().or_else(|| said(&metadata.name));
    let name = name.ok_or_else(|| MergeError::NoName {
        from: from(),
        place: input.place,
        file: path(),
    })?;
    let namespace = said(&metadata.namespace).or_else(|| context.namespace.clone());
    let called: Vec<_> = file.sealed.iter().filter(|s| s.name == name).collect();
    let exactly = |s: &&&SealedDocument| namespace.is_some() && s.namespace == namespace;
    let perhaps = |s: &&&SealedDocument| namespace.is_none() || s.namespace.is_none() || exactly(s);
    if let Some(sealed) = called.iter().find(exactly) {
        return Ok(sealed);
    }
    let mut called = called.iter().filter(perhaps);
    match (called.next(), called.next()) {
        (Some(sealed), None) => Ok(sealed),
        (Some(_), Some(_)) => Err(MergeError::SeveralTargets {
            from: from(),
            place: input.place,
            name: in_line(&name),
            file: path(),
        }),
        (None, _) => Err(MergeError::NoTarget {
            from: from(),
            place: input.place,
            name: in_line(&name),
            namespace: namespace.as_deref().map(in_line),
            file: path(),
        }),
    }
}
