//! Which SealedSecret of the file each Secret of the input is for.

use std::collections::{HashMap, HashSet};

use sealing::SealedDocument;

use super::error::MergeError;
use crate::context::Context;
use crate::input::{self, InputSecret};
use crate::sealed_file::SealedFile;
use crate::ui::{self, in_line};

/// Names that an error lists.
const SHOWN: usize = 5;

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
    if let ([sealed], [input]) = (file.sealed.as_slice(), secrets.as_slice()) {
        if context.by_verb {
            hold(context, file, sealed, input)?;
        } else {
            warn_of_name(context, file, sealed);
        }
        let pairs = secrets.into_iter().map(|input| Pair { input, sealed });
        return Ok(pairs.collect());
    }
    let mut called: HashMap<&str, Vec<&SealedDocument>> = HashMap::new();
    for sealed in &file.sealed {
        called.entry(&sealed.name).or_default().push(sealed);
    }
    let mut pairs: Vec<Pair<'f>> = Vec::with_capacity(secrets.len());
    let mut known = HashSet::new();
    for input in secrets {
        let sealed = by_name(context, file, &called, &input)?;
        if !known.insert(sealed.index) {
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

/// One goes into one of the same name and namespace, as far as both are said. `--name` says which object
/// is meant, whatever the Secret is called.
fn hold(
    context: &Context,
    file: &SealedFile,
    sealed: &SealedDocument,
    input: &InputSecret,
) -> Result<(), MergeError> {
    let metadata = &input.secret.metadata;
    let name = context.name.as_ref().or(said(metadata.name.as_ref()));
    let namespace = said(metadata.namespace.as_ref());
    let other_name = name.is_some_and(|name| *name != sealed.name);
    let other_namespace = namespace.is_some_and(|own| {
        let there = sealed.namespace.as_ref();
        there.is_some_and(|there| there != own)
    });
    if !other_name && !other_namespace {
        return Ok(());
    }
    let own = in_line(&sealed.name);
    let next = match (other_namespace, &context.name) {
        (true, _) => {
            "give the Secret that belongs there, or take metadata.namespace out of it".into()
        }
        (false, Some(_)) => {
            format!("say --name {own} if that is meant, or name the file that has it")
        }
        (false, None) => {
            format!("give the Secret that belongs there, or say --name {own} if that is meant")
        }
    };
    Err(MergeError::OtherObject {
        from: input::name(context.secret_file.as_deref()),
        place: input.place,
        differs: format!(
            "{}, but the SealedSecret in {} is {}",
            shown(name, namespace),
            file.path.display(),
            shown(Some(&sealed.name), sealed.namespace.as_ref())
        ),
        next,
    })
}

fn shown(name: Option<&String>, namespace: Option<&String>) -> String {
    let name = name.map_or_else(|| "without a name".to_owned(), |name| in_line(name));
    match namespace {
        Some(namespace) => format!("{name} of namespace {}", in_line(namespace)),
        None => name,
    }
}

fn of_namespace(namespace: Option<&String>) -> String {
    let told = namespace.map(|namespace| format!(" for namespace {}", in_line(namespace)));
    told.unwrap_or_default()
}

/// The SealedSecrets of a file, as far as anybody reads on.
fn there(file: &SealedFile) -> String {
    let titles = file.sealed.iter();
    let titles = titles.map(|sealed| shown(Some(&sealed.name), sealed.namespace.as_ref()));
    let mut titles: Vec<_> = titles.take(SHOWN).collect();
    let more = file.sealed.len() - titles.len();
    if more > 0 {
        titles.push(format!("{more} more"));
    }
    titles.join(", ")
}

fn said(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.is_empty())
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
    called: &HashMap<&str, Vec<&'f SealedDocument>>,
    input: &InputSecret,
) -> Result<&'f SealedDocument, MergeError> {
    let from = || input::name(context.secret_file.as_deref());
    let path = || file.path.display().to_string();
    let metadata = &input.secret.metadata;
    let name = context.name.as_ref().or(said(metadata.name.as_ref()));
    let name = name.ok_or_else(|| MergeError::NoName {
        from: from(),
        place: input.place,
        file: path(),
    })?;
    let namespace = said(metadata.namespace.as_ref()).or(context.namespace.as_ref());
    let called = called.get(name.as_str()).map_or(&[][..], Vec::as_slice);
    let exactly = |s: &&&SealedDocument| namespace.is_some() && s.namespace.as_ref() == namespace;
    let perhaps = |s: &&&SealedDocument| namespace.is_none() || s.namespace.is_none();
    let exact = called.iter().filter(exactly);
    let exact: Vec<_> = exact.collect();
    let candidates = if exact.is_empty() {
        called.iter().filter(perhaps).collect()
    } else {
        exact
    };
    match candidates.as_slice() {
        [sealed] => Ok(sealed),
        // Whichever comes last is applied last, and the other would be lost.
        [first, second, ..] if first.namespace == second.namespace => {
            Err(MergeError::TwiceInFile {
                file: path(),
                object: shown(Some(name), first.namespace.as_ref()),
                first: first.line,
                second: second.line,
            })
        }
        [_, _, ..] => Err(MergeError::SeveralTargets {
            from: from(),
            place: input.place,
            name: in_line(name),
            file: path(),
        }),
        [] => Err(MergeError::NoTarget {
            from: from(),
            place: input.place,
            name: in_line(name),
            file: path(),
            there: format!("{}; there is {}", of_namespace(namespace), there(file)),
        }),
    }
}
