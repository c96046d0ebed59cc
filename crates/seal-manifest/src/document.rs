//! An input as documents: which bytes belong to which document, and in which notation.

use crate::Format;
use crate::json_document;
use crate::limits::Limits;
use crate::loose_quotes;
use crate::node::Node;
use crate::read_error::ReadError;
use crate::trace::Trace;
use std::ops::Range;

/// Levels of nesting; the deepest manifests in the field have about twenty.
pub(crate) const MAX_DEPTH: usize = 64;

/// A byte order mark. Editors of some systems begin files with it, and files are put one after the other.
const MARK: &str = "\u{feff}";

/// One document of an input, always a mapping.
pub struct Document {
    index: usize,
    root: Node,
    format: Format,
}

impl Document {
    pub(crate) fn new(index: usize, root: Node, format: Format) -> Self {
        Self {
            index,
            root,
            format,
        }
    }

    /// Number among the documents that are not blank, from one.
    pub fn index(&self) -> usize {
        self.index
    }

    /// First line of the document's content, from one.
    pub fn line(&self) -> usize {
        self.root.line()
    }

    /// The notation it is in: what begins like JSON and is none is YAML.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The mapping at the top.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The mapping at the top, by value.
    pub fn into_root(self) -> Node {
        self.root
    }
}

/// Reads every document of an input: YAML documents between `---` lines, and JSON objects one after
/// the other, in any mixture (apimachinery's `YAMLOrJSONDecoder`). Blank documents are skipped.
///
/// # Errors
/// [`ReadError`], for the first thing that is wrong; documents before it are not returned.
pub fn read(bytes: &[u8]) -> Result<Vec<Document>, ReadError> {
    join(parts(bytes)?.iter().map(Part::read))
}

/// The same within other limits than those for people's own files.
///
/// # Errors
/// As [`read`]; for what comes after the last document that is read there are none.
pub fn read_within(bytes: &[u8], limits: &Limits) -> Result<Vec<Document>, ReadError> {
    let mut documents: Vec<Document> = Vec::new();
    for part in Chunks::of(decode(bytes)?).map(Part) {
        let before = documents.len();
        let left = Limits {
            documents: limits.documents.saturating_sub(before),
            ..*limits
        };
        if left.documents == 0 {
            break;
        }
        let found = part.read_traced(None, &left);
        let (found, _) = found.map_err(|error| error.after(before))?;
        documents.extend(found.into_iter().map(|document| Document {
            index: document.index + before,
            ..document
        }));
    }
    Ok(documents)
}

/// Splits an input where it can be read in pieces, each by itself and in any order; [`join`] makes
/// one list of them.
///
/// # Errors
/// When the bytes are no text.
pub fn parts(bytes: &[u8]) -> Result<Vec<Part<'_>>, ReadError> {
    Ok(Chunks::of(decode(bytes)?).map(Part).collect())
}

/// Numbers the documents of all parts through; of several errors the first in the input counts.
///
/// # Errors
/// The first part's that has one.
pub fn join(
    parts: impl IntoIterator<Item = Result<Vec<Document>, ReadError>>,
) -> Result<Vec<Document>, ReadError> {
    let mut documents: Vec<Document> = Vec::new();
    for part in parts {
        let before = documents.len();
        let part = part.map_err(|error| error.after(before))?;
        documents.extend(part.into_iter().map(|document| Document {
            index: document.index + before,
            ..document
        }));
    }
    Ok(documents)
}

/// A piece of an input: the text from one `---` line to the next.
pub struct Part<'a>(Chunk<'a>);

impl Part<'_> {
    /// What it stands for, its `---` line included.
    pub(crate) fn text(&self) -> &str {
        self.0.text
    }

    /// Reads the piece's documents, numbered from one.
    ///
    /// # Errors
    /// [`ReadError`], for the first thing that is wrong in this piece; documents count from its
    /// beginning, lines from the input's.
    pub fn read(&self) -> Result<Vec<Document>, ReadError> {
        let read = self.read_traced(None, &Limits::default());
        read.map(|(documents, _)| documents)
    }

    /// The same, the events of the YAML parser recorded; and which notation it was.
    fn read_traced(
        &self,
        mut trace: Option<&mut Trace>,
        limits: &Limits,
    ) -> Result<(Vec<Document>, Format), ReadError> {
        let chunk = &self.0;
        let mut documents = Vec::new();
        if json_document::looks_like_json(chunk.body) {
            let outcome = json_document::read(chunk.body, chunk.body_line, &mut documents, limits);
            let Err(failure) = outcome else {
                return Ok((documents, Format::Json));
            };
            documents.clear();
            // A flow mapping begins like JSON. Go falls back to YAML in the same way.
            compose_or(chunk, failure, &mut documents, (trace.take(), limits))?;
        } else {
            loose_quotes::read(
                chunk.yaml,
                chunk.yaml_line,
                &mut documents,
                (trace.take(), limits),
            )?;
        }
        Ok((documents, Format::Yaml))
    }
}

/// All documents of a text, and the surroundings of one of them.
pub(crate) struct Opened<'a> {
    pub(crate) documents: Vec<Document>,
    /// Where the wanted document is, if there are that many.
    pub(crate) wanted: Option<Wanted<'a>>,
}

/// The part of a text that holds the wanted document.
pub(crate) struct Wanted<'a> {
    /// What the parser read: for JSON without the `---` line, and without a byte order mark.
    pub(crate) part: &'a str,
    /// Bytes of the text before the part.
    pub(crate) offset: usize,
    /// Number of the document in its part, from zero.
    pub(crate) nth: usize,
    /// The positions in the part; JSON has none.
    pub(crate) trace: Option<Trace>,
}

/// Reads every document as [`read`] does, and finds the one with this index.
pub(crate) fn open(text: &str, index: usize) -> Result<Opened<'_>, ReadError> {
    let mut documents: Vec<Document> = Vec::new();
    let mut wanted = None;
    let body = decode(text.as_bytes())?;
    let mut offset = text.len() - body.len();
    for part in Chunks::of(body).map(Part) {
        let before = documents.len();
        let mut trace = Trace::default();
        let is_ahead = wanted.is_none();
        let (found, format) = part
            .read_traced(is_ahead.then_some(&mut trace), &Limits::default())
            .map_err(|error| error.after(before))?;
        if is_ahead && (before + 1..=before + found.len()).contains(&index) {
            let (part, offset, trace) = match format {
                Format::Json => (part.0.body, offset + part.0.before(part.0.body), None),
                Format::Yaml => (
                    part.0.yaml,
                    offset + part.0.before(part.0.yaml),
                    Some(trace),
                ),
            };
            wanted = Some(Wanted {
                part,
                offset,
                nth: index - before - 1,
                trace,
            });
        }
        offset += part.0.text.len();
        documents.extend(found.into_iter().map(|document| Document {
            index: document.index + before,
            ..document
        }));
    }
    Ok(Opened { documents, wanted })
}

/// Where text stands in which a `#` begins no comment: between quotes, in blocks, anywhere in JSON. Ranges
/// of bytes, in their order; of a document that cannot be read, those before the fault.
pub fn quoted(text: &str) -> Vec<Range<usize>> {
    let Ok(body) = decode(text.as_bytes()) else {
        return Vec::new();
    };
    let mut quoted = Vec::new();
    let mut offset = text.len() - body.len();
    for part in Chunks::of(body).map(Part) {
        let Chunk {
            text, yaml, body, ..
        } = part.0;
        let mut trace = Trace::default();
        let read = part.read_traced(Some(&mut trace), &Limits::default());
        if let Ok((_, Format::Json)) = read {
            quoted.push(offset + part.0.before(body)..offset + text.len());
        } else {
            let start = offset + part.0.before(yaml);
            let texts = trace.marks.iter().filter_map(|mark| mark.quoted(yaml));
            quoted.extend(texts.map(|range| start + range.start..start + range.end));
        }
        offset += text.len();
    }
    quoted
}

/// Reads as YAML what failed as JSON, and says what JSON's reader said if that fails too.
fn compose_or(
    chunk: &Chunk<'_>,
    failure: json_document::Failure,
    documents: &mut Vec<Document>,
    (trace, limits): (Option<&mut Trace>, &Limits),
) -> Result<(), ReadError> {
    match failure {
        json_document::Failure::Refused(error) => Err(error),
        json_document::Failure::NotJson(error) => {
            let how = (trace, limits);
            loose_quotes::read(chunk.yaml, chunk.yaml_line, documents, how).map_err(|yaml_error| {
                if json_document::is_unmistakable(chunk.body) {
                    error
                } else {
                    yaml_error
                }
            })
        }
    }
}

fn decode(bytes: &[u8]) -> Result<&str, ReadError> {
    let is_utf_16 = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [a, b, ..] => (*a == 0) != (*b == 0),
        _ => false,
    };
    if is_utf_16 {
        return Err(ReadError::Utf16);
    }
    let bytes = bytes.strip_prefix(MARK.as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
        line: 1 + newlines(&bytes[..error.valid_up_to()]),
    })
}

pub(crate) fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|b| *b == b'\n').count() - 1
}

/// The text from one `---` line to the next.
struct Chunk<'a> {
    /// All of it.
    text: &'a str,
    /// With the `---` line, unless a byte order mark stands behind that.
    yaml: &'a str,
    yaml_line: usize,
    /// Without both.
    body: &'a str,
    body_line: usize,
}

impl<'a> Chunk<'a> {
    fn new(text: &'a str, line: usize) -> Self {
        let (before, yaml) = text.split_at(end_of_mark(text).unwrap_or_default());
        let yaml_line = line + newlines(before.as_bytes());
        let (body, body_line) = match yaml.split_once('\n') {
            Some((first, body)) if is_bare_separator(first) => (body, yaml_line + 1),
            _ => (yaml, yaml_line),
        };
        Self {
            text,
            yaml,
            yaml_line,
            body,
            body_line,
        }
    }

    /// Bytes of the text before one of its ends.
    fn before(&self, end: &str) -> usize {
        self.text.len() - end.len()
    }
}

struct Chunks<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Chunks<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
        }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let end = chunk_end(self.rest);
        let (text, rest) = self.rest.split_at(end);
        let line = self.line;
        self.line += newlines(text.as_bytes());
        self.rest = rest;
        Some(Chunk::new(text, line))
    }
}

/// Where the chunk at the start of `text` ends: at the next separator that has content before it
/// (directives belong to the document that follows them).
fn chunk_end(text: &str) -> usize {
    let mut at = 0;
    let mut only_directives = true;
    for line in text.split_inclusive('\n') {
        let first = at == 0;
        let bare = line.strip_prefix(MARK).unwrap_or(line);
        if is_separator(bare) && !first && !only_directives {
            return at;
        }
        let content = bare.trim();
        let neutral = content.is_empty() || content.starts_with('#') || bare.starts_with('%');
        only_directives &= neutral;
        at += line.len();
    }
    text.len()
}

/// Where a byte order mark ends that begins the document of a chunk (YAML 1.2.2, section 5.2): before it
/// stand comments at most, and the separator.
fn end_of_mark(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(MARK) {
            return Some(at + MARK.len());
        }
        let content = line.trim();
        let is_separator = at == 0 && is_bare_separator(line);
        if !is_separator && !content.is_empty() && !content.starts_with('#') {
            return None;
        }
        at += line.len();
    }
    None
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// A separator with nothing but a comment behind it.
fn is_bare_separator(line: &str) -> bool {
    let rest = line.strip_prefix("---").map(str::trim);
    is_separator(line) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}
