//! PEM blocks, read and written as Go's encoding/pem does (1.26): text between blocks and blocks that are
//! broken are passed over.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::functions::decode;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";
const WIDTH: usize = 64;

/// What stands between BEGIN and END.
pub(crate) struct Block<'t> {
    pub(crate) label: &'t [u8],
    headers: BTreeMap<&'t [u8], &'t [u8]>,
    pub(crate) contents: Zeroizing<Vec<u8>>,
}

/// The blocks of a text, in order.
pub(crate) struct Blocks<'t> {
    /// What is not read yet.
    pub(crate) rest: &'t [u8],
}

impl<'t> Iterator for Blocks<'t> {
    type Item = Block<'t>;

    fn next(&mut self) -> Option<Block<'t>> {
        let mut text = self.rest;
        loop {
            let end = memchr::memmem::find(text, END)?;
            // The last beginning before an end: earlier ones have no end of their own.
            let begin = memchr::memmem::rfind(&text[..end], BEGIN);
            let begin = begin.filter(|begin| *begin == 0 || text[begin - 1] == b'\n');
            if let Some((block, rest)) = begin.and_then(|begin| read(text, begin, end)) {
                self.rest = rest;
                return Some(block);
            }
            text = &text[end + END.len()..];
        }
    }
}

/// The block whose BEGIN and END are known, and what follows it.
fn read(text: &[u8], begin: usize, end: usize) -> Option<(Block<'_>, &[u8])> {
    let (first, mut at) = line(text, begin + BEGIN.len());
    let label = first.strip_suffix(DASHES)?;
    let mut headers = BTreeMap::new();
    while at < text.len() {
        let (header, next) = line(text, at);
        let Some(colon) = header.iter().position(|byte| *byte == b':') else {
            break;
        };
        headers.insert(
            header[..colon].trim_ascii(),
            header[colon + 1..].trim_ascii(),
        );
        at = next;
    }
    if !headers.is_empty() && end < at {
        return None;
    }
    let trailer = text[end + END.len()..]
        .strip_prefix(label)?
        .strip_prefix(DASHES)?;
    if !line(trailer, 0).0.is_empty() {
        return None;
    }
    let body = text.get(at..end).unwrap_or_default();
    let body: Zeroizing<Vec<u8>> = Zeroizing::new(
        body.iter()
            .copied()
            .filter(|byte| !matches!(byte, b' ' | b'\t'))
            .collect(),
    );
    let (_, rest) = line(trailer, 0);
    let block = Block {
        label,
        headers,
        contents: decode(&body)?,
    };
    Some((block, &trailer[rest..]))
}

/// The line that begins at `from`, without the blanks at its end, and where the next one begins.
fn line(text: &[u8], from: usize) -> (&[u8], usize) {
    let rest = text.get(from..).unwrap_or_default();
    let (line, next) = match memchr::memchr(b'\n', rest) {
        Some(end) => {
            let line = &rest[..end];
            (line.strip_suffix(b"\r").unwrap_or(line), from + end + 1)
        }
        None => (rest, text.len()),
    };
    let end = line
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t'))
        .map_or(0, |last| last + 1);
    (&line[..end], next)
}

impl Block<'_> {
    /// Its text, tidied.
    pub(crate) fn write(&self) -> Zeroizing<Vec<u8>> {
        text(self.label, &self.headers, &self.contents)
    }
}

/// The first block of a text.
pub(crate) fn first(text: &[u8]) -> Option<Block<'_>> {
    Blocks { rest: text }.next()
}

/// A block of that label.
pub(crate) fn write(label: &str, contents: &[u8]) -> Zeroizing<Vec<u8>> {
    text(label.as_bytes(), &BTreeMap::new(), contents)
}

fn text(label: &[u8], headers: &BTreeMap<&[u8], &[u8]>, contents: &[u8]) -> Zeroizing<Vec<u8>> {
    // RFC 1421 §4.6.1.1: this one comes first.
    const FIRST: &[u8] = b"Proc-Type";
    let encoded = Zeroizing::new(STANDARD.encode(contents));
    let around: usize = headers
        .iter()
        .map(|(key, value)| key.len() + value.len() + 3)
        .sum();
    let size = encoded.len() / WIDTH * (WIDTH + 1) + WIDTH + 2 * (label.len() + 20) + around;
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    out.extend([BEGIN, label, DASHES, b"\n"].concat());
    let first = headers.get_key_value(FIRST);
    for (key, value) in first
        .into_iter()
        .chain(headers.iter().filter(|(key, _)| **key != FIRST))
    {
        out.extend([*key, b": ", *value, b"\n"].concat());
    }
    if !headers.is_empty() {
        out.push(b'\n');
    }
    for line in encoded.as_bytes().chunks(WIDTH) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend([&END[1..], label, DASHES, b"\n"].concat());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text() {
        let good = "-----BEGIN A-----\nYQ==\n-----END A-----\n";
        for (text, labels) in [
            (good.to_owned(), 1),
            (format!("x\n{good}y\n{good}"), 2),
            (format!("x{good}"), 0),
            (format!("-----BEGIN B-----\n{good}"), 1),
            (good.replace("END A", "END B"), 0),
            (good.replace("YQ==", "YQ="), 0),
            (good.replace('\n', "\r\n"), 1),
            (good.replace("YQ", "K: v\n\nYQ"), 1),
            ("-----BEGIN A-----\n-----END A-----".to_owned(), 1),
            (format!("{}{good}", good.replace("YQ==", "!")), 1),
        ] {
            let blocks = Blocks {
                rest: text.as_bytes(),
            };
            assert_eq!(blocks.count(), labels, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for length in [0, 1, 47, 48, 49, 200] {
            let contents = vec![7; length];
            let text = write("X Y", &contents);
            let block = first(&text).unwrap();
            assert_eq!(*block.contents, contents);
            assert_eq!(*block.write(), *text);
        }
    }
}
