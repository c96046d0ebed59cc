//! Reading Secrets from a file or stdin.

mod content;

use std::fmt;
use std::io::{ErrorKind, IsTerminal as _, Read};
use std::path::Path;

use rayon::prelude::*;
use seal_manifest::{Document, Part, ReadError};
use sealing::{PlainSecret, UnknownField, read_secrets};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::object_name;
use crate::ui;
pub(crate) use content::{Content, Holds, content};

/// Parts of the input from which on more than one thread reads it.
const PARALLEL: usize = 16;
/// Size of a piece in which input of unknown length is read, in bytes.
const CHUNK: usize = 64 * 1024;
/// No input is larger, in bytes: what does not end, such as `/dev/zero`, must not take all memory.
const LARGEST: usize = 256 << 20;
/// At least what std's own buffer of stdin holds, in bytes.
const OF_STDIN: usize = 8 * 1024;

/// One Secret of the input.
pub(crate) struct InputSecret {
    pub(crate) place: Place,
    pub(crate) secret: PlainSecret,
}

/// Where in the input a Secret stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Number of its document, from 1.
    document: usize,
    /// Number in the List that the document is, from 1.
    item: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}", self.document)?;
        match self.item {
            Some(item) => write!(f, ", item {item}"),
            None => Ok(()),
        }
    }
}

/// How messages call the input.
pub(crate) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "stdin".to_owned(), |path| path.display().to_string())
}

/// Reads every Secret; tells of scalars that YAML coerced, or refuses them, and names that no Secret
/// can have, too.
pub(crate) fn secrets(file: Option<&Path>, coerces: bool) -> Result<Vec<InputSecret>, CliError> {
    let from = name(file);
    let bytes = bytes(file).map_err(|reason| CliError::Input {
        from: from.clone(),
        reason,
    })?;
    let documents = documents(&bytes).map_err(|reason| CliError::Manifest {
        from: from.clone(),
        reason,
    })?;
    of_documents(documents, &from, coerces)
}

/// What the Secrets will be called: all `given`, if that is a name.
pub(crate) fn names<'s>(
    secrets: &'s [InputSecret],
    given: Option<&'s str>,
) -> impl Iterator<Item = &'s str> {
    let secrets = secrets.iter();
    secrets.filter_map(move |input| given.or(input.secret.metadata.name.as_deref()))
}

fn of_documents(
    documents: Vec<Document>,
    from: &str,
    coerces: bool,
) -> Result<Vec<InputSecret>, CliError> {
    let mut secrets = Vec::with_capacity(documents.len());
    let read = |document: Document| (document.index(), read_secrets(&document));
    let read: Vec<_> = if documents.len() < PARALLEL {
        documents.into_iter().map(read).collect()
    } else {
        documents.into_par_iter().map(read).collect()
    };
    for (document, list) in read {
        let list = list.map_err(|reason| CliError::Secret {
            from: from.to_owned(),
            reason,
        })?;
        for field in list.unknown {
            unknown(from, document, field, coerces)?;
        }
        for scalar in list.coerced {
            if !coerces {
                return Err(CliError::Coerced {
                    from: from.to_owned(),
                    document,
                    scalar,
                });
            }
            ui::warn(&format!(
                "{from}: document {document}, line {}: {scalar} and is sealed as kubectl reads it; {}",
                scalar.line,
                scalar.coercion.next()
            ));
        }
        let of_list = list.is_list;
        for (item, secret) in (1..).zip(list.secrets) {
            let place = Place {
                document,
                item: of_list.then_some(item),
            };
            if !coerces {
                let legal = object_name::check_secret(&secret);
                let from = from.to_owned();
                legal.map_err(|reason| CliError::NameOfInput {
                    from,
                    place,
                    reason,
                })?;
            }
            secrets.push(InputSecret { place, secret });
        }
    }
    if secrets.is_empty() {
        return Err(CliError::NoSecrets(from.to_owned()));
    }
    Ok(secrets)
}

/// The API server drops a field that it does not know. kubeseal drops it as well, unless only capitals
/// are wrong: who calls it hears of both.
fn unknown(
    from: &str,
    document: usize,
    field: UnknownField,
    as_kubeseal: bool,
) -> Result<(), CliError> {
    if !as_kubeseal {
        let from = from.to_owned();
        return Err(CliError::UnknownField {
            from,
            document,
            field,
        });
    }
    let what = field.taken_as.map_or_else(
        || format!("it is left out; {}", next_of(&field)),
        |meant| format!("it is read as `{meant}`, as kubeseal does; write it so"),
    );
    let line = field.line;
    ui::warn(&format!(
        "{from}: document {document}, line {line}: {field}; {what}"
    ));
    Ok(())
}

/// What to do about a field that no Secret has.
pub(crate) fn next_of(field: &UnknownField) -> String {
    match (field.taken_as, field.outside) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, Some(meant)) => {
            format!("did you mean `{meant}`, beside metadata and not indented below it?")
        }
        (None, None) => "remove it, or write it as it is spelled in a Secret".to_owned(),
    }
}

/// Reads a file of SealedSecrets; `-` is stdin. Nothing in it is secret.
pub(crate) fn sealed_bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    let read = if path == Path::new("-") {
        limited(std::io::stdin())
    } else {
        std::fs::File::open(path).and_then(limited)
    };
    read.map_err(|reason| CliError::Input {
        from: path.display().to_string(),
        reason,
    })
}

fn limited(input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LARGEST {
        return Err(too_large());
    }
    Ok(bytes)
}

fn too_large() -> std::io::Error {
    std::io::Error::new(ErrorKind::FileTooLarge, "larger than 256 MiB")
}

fn documents(bytes: &[u8]) -> Result<Vec<Document>, ReadError> {
    let parts = seal_manifest::parts(bytes)?;
    // A few documents are not worth a pool of threads.
    if parts.len() < PARALLEL {
        return seal_manifest::join(parts.iter().map(Part::read));
    }
    let read: Vec<_> = parts.par_iter().map(Part::read).collect();
    seal_manifest::join(read)
}

/// Reads a file, or stdin, into memory that is wiped.
pub(crate) fn bytes(file: Option<&Path>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    read(file, "json/yaml k8s resource in stdin")
}

/// The same for one value.
pub(crate) fn value(file: Option<&Path>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    read(file, "a secret to encrypt in stdin")
}

/// A person at a terminal is told what is `expected`.
fn read(file: Option<&Path>, expected: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
    if let Some(path) = file {
        let file = std::fs::File::open(path)?;
        // Of a pipe nothing is known.
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        return whole(file, usize::try_from(length).unwrap_or_default());
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        ui::hint(&format!("(tty detected: expecting {expected})"));
    }
    whole(stdin.lock(), 0)
}

/// Reads to the end without a trace: a buffer that grows would leave copies of the plaintext
/// behind, so what does not fit goes into further buffers, and all of them into one of the right
/// size.
fn whole(mut input: impl Read, expected: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut chunks = Vec::new();
    let mut total = 0;
    loop {
        let room = if chunks.is_empty() { expected } else { 0 };
        let mut chunk = Zeroizing::new(vec![0; room.saturating_add(CHUNK)]);
        let (length, ended) = fill(&mut input, &mut chunk)?;
        chunk.truncate(length);
        chunks.push(chunk);
        total += length;
        if total > LARGEST {
            return Err(too_large());
        }
        if ended {
            break;
        }
    }
    if chunks.len() == 1 {
        return Ok(chunks.swap_remove(0));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(total));
    for chunk in chunks {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Gives how much was read, and whether that was the end. A few bytes stay unused: std reads stdin
/// through a buffer of its own, never wiped, unless it is asked for more than that holds.
fn fill(input: &mut impl Read, chunk: &mut [u8]) -> std::io::Result<(usize, bool)> {
    let mut length = 0;
    loop {
        let free = chunk.get_mut(length..).unwrap_or_default();
        if free.len() < OF_STDIN {
            return Ok((length, false));
        }
        match input.read(free) {
            Ok(0) => return Ok((length, true)),
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it has in pieces of odd sizes, interrupted now and then.
    struct Trickle<'a> {
        rest: &'a [u8],
        reads: usize,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            assert!(buffer.len() >= OF_STDIN, "std would buffer this");
            self.reads += 1;
            if self.reads.is_multiple_of(3) {
                return Err(ErrorKind::Interrupted.into());
            }
            let piece = self.rest.len().min(buffer.len()).min(self.reads * 1000 + 1);
            let (now, later) = self.rest.split_at(piece);
            buffer[..piece].copy_from_slice(now);
            self.rest = later;
            Ok(piece)
        }
    }

    #[test]
    fn every_byte_is_read_in_order_whatever_the_length() {
        for length in [0, 1, CHUNK - OF_STDIN, CHUNK, CHUNK + 1, 5 * CHUNK + 17] {
            let text: Vec<u8> = (0_u8..=250).cycle().take(length).collect();
            for expected in [0, length / 2, length, length + 9] {
                let input = Trickle {
                    rest: &text,
                    reads: 0,
                };
                let bytes = whole(input, expected).unwrap();
                assert!(*bytes == text, "{length} bytes, {expected} expected");
            }
        }
    }

    #[test]
    fn what_needs_many_chunks_is_copied_once() {
        let text = vec![7; 5 * CHUNK];
        let bytes = whole(text.as_slice(), 0).unwrap();
        assert_eq!(bytes.capacity(), text.len(), "it has not grown");
        let at_once = whole(text.as_slice(), text.len()).unwrap();
        assert_eq!(at_once.capacity(), text.len() + CHUNK, "one buffer");
    }

    /// A verb refuses what would be lost, or be a guess; kubeseal's flags read it as kubeseal does.
    #[test]
    fn fields_that_no_secret_has() {
        for (text, refused) in [
            (
                "stringdata: {a: b}",
                "line 4: `stringdata` is not a field of a Secret; did you mean `stringData`?",
            ),
            (
                "immutible: true",
                "line 4: `immutible` is not a field of a Secret; remove it, or write it as it is spelled in a Secret",
            ),
            (
                "  stringData: {a: b}",
                "line 4: `metadata.stringData` is not a field of a Secret; did you mean `stringData`, beside metadata and not indented below it?",
            ),
            (
                "two words: x",
                "line 4: this is not a field of a Secret; remove it, or write it as it is spelled in a Secret",
            ),
        ] {
            let text = format!("kind: Secret\nmetadata:\n  name: app\n{text}\n");
            let documents = || seal_manifest::read(text.as_bytes()).unwrap();
            let Err(error) = of_documents(documents(), "f", false) else {
                panic!("{text}");
            };
            assert_eq!(error.to_string(), format!("f: document 1, {refused}"));
            let read = of_documents(documents(), "f", true).unwrap();
            let has_item = read[0].secret.data.contains_key("a");
            assert_eq!(has_item, text.contains("stringdata"), "{text}");
        }
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let error = whole(std::io::repeat(0), 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        let error = limited(std::io::repeat(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn an_error_is_handed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
        let error = whole(Broken, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}
