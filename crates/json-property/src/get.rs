//! A path from its beginning.

use super::bytes::{Bytes, from};
use super::literal;
use super::meter::{Exceeded, Meter};
use super::modifier;
use super::multipath;
use super::scan;
use super::search::Search;
use super::value::Value;

/// What the path leads to in the text.
pub(crate) fn get<'j>(json: &'j [u8], path: &[u8], meter: &Meter) -> Result<Value<'j>, Exceeded> {
    let _deeper = meter.deeper()?;
    let mut path = path;
    if path.len() > 1 {
        let made = match path.first() {
            Some(b'@') => modifier::apply(json, path, meter)?,
            Some(b'!') => literal::read(path).map(|(made, rest)| (Bytes::Part(made), rest)),
            _ => None,
        };
        if let Some((made, rest)) = made {
            return match rest {
                [b'|' | b'.', rest @ ..] => Ok(made.get_in(rest, meter)?.into_owned()),
                _ => Ok(made.parse().into_owned()),
            };
        }
        if let Some(b'[' | b'{') = path.first() {
            let (selections, rest) = multipath::parse(path);
            match (selections, rest) {
                (Some(selections), []) => return multipath::select(json, path, &selections, meter),
                (Some(selections), [b'|' | b'.', rest @ ..]) => {
                    return multipath::select(json, path, &selections, meter)?.get(rest, meter);
                }
                // What is no selection is forgotten, and what is left is the path.
                (_, rest) => path = rest,
            }
        }
    }
    let mut search = Search::new(json, meter);
    if let Some(lines) = path.strip_prefix(b"..") {
        search.array(0, lines)?;
    } else if let Some(at) = json.iter().position(|byte| matches!(byte, b'{' | b'[')) {
        meter.charge(at)?;
        if json.get(at) == Some(&b'{') {
            search.object(at + 1, path)?;
        } else {
            search.array(at + 1, path)?;
        }
    }
    match search.pipe {
        Some(rest) => search.value.get(rest, meter),
        None => Ok(search.value),
    }
}

/// A path within elements up to its first pipe outside of selections and queries, and what is after
/// that: it is for the list of all of them.
pub(crate) fn split_pipe(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    if path.first() == Some(&b'{') {
        let block = scan::squash(path);
        return match from(path, block.len()) {
            [b'|', rest @ ..] => (block, Some(rest)),
            _ => (path, None),
        };
    }
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        match byte {
            b'\\' => at += 1,
            b'.' if path.get(at + 1) == Some(&b'#') => {
                at += 2;
                match path.get(at) {
                    Some(b'[') => at = query_end(path, at + 1, (b'[', b']')),
                    Some(b'(') => at = query_end(path, at + 1, (b'(', b')')),
                    _ => {}
                }
            }
            b'|' => return (path.get(..at).unwrap_or_default(), Some(from(path, at + 1))),
            _ => {}
        }
        at += 1;
    }
    (path, None)
}

/// The closing bracket, or the end of the path.
fn query_end(path: &[u8], mut at: usize, (open, close): (u8, u8)) -> usize {
    let mut depth = 1_usize;
    while let Some(byte) = path.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => {
                at += 1;
                while let Some(byte) = path.get(at)
                    && *byte != b'"'
                {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            _ if *byte == open => depth += 1,
            _ if *byte == close => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}
