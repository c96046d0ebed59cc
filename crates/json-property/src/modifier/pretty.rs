//! `@pretty` and `@ugly`: the same JSON with other blanks.

use std::cmp::Ordering;

use crate::bytes::{Bytes, between, from};
use crate::members::members;
use crate::meter::{Exceeded, Meter};
use crate::number;
use crate::scan;
use crate::unescape::unescape;
use crate::value::{Kind, Value};

/// `@pretty`, with its options `width`, `prefix`, `indent`, `sortKeys`.
pub(super) fn pretty<'j>(
    json: &'j [u8],
    argument: &[u8],
    meter: &Meter,
) -> Result<Bytes<'j>, Exceeded> {
    let mut writer = Writer {
        json,
        out: Vec::with_capacity(json.len() * 2),
        line: 0,
        options: Options::read(argument),
        meter,
    };
    writer.out.extend_from_slice(&writer.options.prefix);
    writer.any(0, Form::Lines { tabs: 0 })?;
    if !writer.out.is_empty() {
        writer.out.push(b'\n');
    }
    Ok(Bytes::made(writer.out))
}

/// `@ugly`: no blanks outside of strings.
pub(super) fn ugly(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        if *byte == b'"' {
            let end = scan::string_end(json, at).map_or(json.len(), |(end, _)| end);
            out.extend_from_slice(between(json, at, end));
            at = end;
            continue;
        }
        if *byte > b' ' {
            out.push(*byte);
        }
        at += 1;
    }
    out
}

struct Options {
    width: i64,
    prefix: Vec<u8>,
    indent: Vec<u8>,
    sort_keys: bool,
}

impl Options {
    fn read(argument: &[u8]) -> Self {
        let mut options = Self {
            width: 80,
            prefix: Vec::new(),
            indent: b"  ".to_vec(),
            sort_keys: false,
        };
        for option in members(&scan::parse(argument)) {
            match &*option.key {
                b"width" => options.width = whole(&option.value),
                b"prefix" => options.prefix = blanks(&option.value),
                b"indent" => options.indent = blanks(&option.value),
                b"sortKeys" => options.sort_keys = option.value.to_bool(),
                _ => {}
            }
        }
        options
    }
}

/// GJSON's `Int()`.
fn whole(value: &Value<'_>) -> i64 {
    let digits = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    match value.kind {
        Kind::True => 1,
        Kind::String => digits(&value.text).unwrap_or_default(),
        #[expect(clippy::cast_possible_truncation, reason = "a number of columns")]
        Kind::Number => digits(&value.raw).unwrap_or(value.number as i64),
        _ => 0,
    }
}

/// Only the blanks of a text.
fn blanks(value: &Value<'_>) -> Vec<u8> {
    let text = value.to_text();
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    text.iter().filter(blank).copied().collect()
}

/// How a value is written.
#[derive(Clone, Copy)]
enum Form {
    /// On lines of their own, indented.
    Lines { tabs: usize },
    /// Trying whether an array fits on one line; objects never do.
    OneLine,
}

/// Whether a value could be written in the form that was asked for, and where it ends.
struct Written {
    fits: bool,
    end: usize,
}

struct Writer<'j, 'm> {
    json: &'j [u8],
    out: Vec<u8>,
    /// Where the current line begins in `out`.
    line: usize,
    options: Options,
    meter: &'m Meter,
}

/// A member of an object, for sorting: parts of the text and of what is written.
struct Pair {
    key: (usize, usize),
    line: (usize, usize),
}

impl Writer<'_, '_> {
    fn any(&mut self, mut at: usize, form: Form) -> Result<Written, Exceeded> {
        let _deeper = self.meter.deeper()?;
        let done = |end| Ok(Written { fits: true, end });
        loop {
            let rest = from(self.json, at);
            let Some(byte) = rest.first() else {
                return done(at);
            };
            match byte {
                b'"' => return done(self.string(at)),
                b'{' => return self.object(at, form),
                b'[' => return self.array(at, form),
                b'0'..=b'9' | b'-' | b'i' | b'I' | b'+' | b'N' => return done(self.number(at)),
                b'n' if rest.get(1).is_some_and(|next| *next != b'u') => {
                    return done(self.number(at));
                }
                b't' => return done(self.word(at, b"true")),
                b'f' => return done(self.word(at, b"false")),
                b'n' => return done(self.word(at, b"null")),
                _ => at += 1,
            }
        }
    }

    fn array(&mut self, at: usize, form: Form) -> Result<Written, Exceeded> {
        if let Form::Lines { .. } = form
            && self.options.width > 0
        {
            let columns = i64::try_from(self.out.len() - self.line).unwrap_or(i64::MAX);
            let room = self.options.width - columns;
            if room > 3 {
                let (start, line) = (self.out.len(), self.line);
                let written = self.elements(at, Form::OneLine)?;
                self.line = line;
                let length = i64::try_from(self.out.len() - start).unwrap_or(i64::MAX);
                if written.fits && length <= room {
                    return Ok(written);
                }
                self.out.truncate(start);
            }
        }
        self.elements(at, form)
    }

    fn elements(&mut self, at: usize, form: Form) -> Result<Written, Exceeded> {
        self.out.push(b'[');
        let mut at = at + 1;
        let mut count = 0;
        while let Some(byte) = self.json.get(at) {
            if *byte <= b' ' {
                at += 1;
                continue;
            }
            if *byte == b']' {
                self.close(form, count, b'[', b']');
                return Ok(Written {
                    fits: true,
                    end: at + 1,
                });
            }
            if count > 0 {
                self.out.push(b',');
                if self.options.width != -1 {
                    self.out.push(b' ');
                }
            }
            let inner = self.open_line(form);
            let before = at;
            let written = self.any(at, inner)?;
            at = written.end;
            if !written.fits && matches!(form, Form::OneLine) {
                return Ok(written);
            }
            self.meter.charge(at.saturating_sub(before))?;
            count += 1;
        }
        Ok(Written {
            fits: true,
            end: at,
        })
    }

    fn object(&mut self, at: usize, form: Form) -> Result<Written, Exceeded> {
        if let Form::OneLine = form
            && self.options.width > 0
        {
            return Ok(Written {
                fits: false,
                end: at,
            });
        }
        self.out.push(b'{');
        let mut at = at + 1;
        let mut pairs = Vec::new();
        let mut count = 0;
        while let Some(byte) = self.json.get(at) {
            if *byte == b'}' {
                if self.options.sort_keys {
                    self.sort(&pairs);
                }
                self.close(form, count, b'{', b'}');
                return Ok(Written {
                    fits: false,
                    end: at + 1,
                });
            }
            if *byte != b'"' {
                at += 1;
                continue;
            }
            if count > 0 {
                self.out.push(b',');
            }
            let before = at;
            let inner = self.open_line(form);
            let line = self.line;
            let end = self.string(at);
            self.out.extend_from_slice(b": ");
            at = self.any(end, inner)?.end;
            pairs.push(Pair {
                key: (before, end),
                line: (line, self.out.len()),
            });
            self.meter.charge(at.saturating_sub(before))?;
            count += 1;
        }
        Ok(Written {
            fits: false,
            end: at,
        })
    }

    /// Begins the line of a member or element; the form of what is on it.
    fn open_line(&mut self, form: Form) -> Form {
        let Form::Lines { tabs } = form else {
            return form;
        };
        self.line = self.out.len();
        self.break_line();
        self.indent(tabs + 1);
        Form::Lines { tabs: tabs + 1 }
    }

    fn close(&mut self, form: Form, count: usize, open: u8, close: u8) {
        if let Form::Lines { tabs } = form {
            if count > 0 {
                self.line = self.out.len();
                self.break_line();
            }
            if self.out.last() != Some(&open) {
                self.indent(tabs);
            }
        }
        self.out.push(close);
    }

    fn break_line(&mut self) {
        match self.out.last_mut() {
            Some(last) if *last == b' ' => *last = b'\n',
            _ => self.out.push(b'\n'),
        }
    }

    fn indent(&mut self, tabs: usize) {
        self.out.extend_from_slice(&self.options.prefix);
        for _ in 0..tabs {
            self.out.extend_from_slice(&self.options.indent);
        }
    }

    fn string(&mut self, at: usize) -> usize {
        let end = scan::string_end(self.json, at).map_or(self.json.len(), |(end, _)| end);
        self.out.extend_from_slice(between(self.json, at, end));
        end
    }

    fn number(&mut self, at: usize) -> usize {
        let ends = |byte: &u8| *byte <= b' ' || matches!(byte, b',' | b':' | b']' | b'}');
        let length = from(self.json, at + 1)
            .iter()
            .take_while(|byte| !ends(byte));
        let end = at + 1 + length.count();
        self.out.extend_from_slice(between(self.json, at, end));
        end
    }

    /// Literals are known by their first letter.
    fn word(&mut self, at: usize, word: &[u8]) -> usize {
        self.out.extend_from_slice(word);
        at + word.len()
    }

    fn sort(&mut self, pairs: &[Pair]) {
        let (Some(first), Some(last)) = (pairs.first(), pairs.last()) else {
            return;
        };
        let (start, end) = (first.line.0, last.line.1);
        let mut sorted: Vec<&Pair> = pairs.iter().collect();
        sorted.sort_by(|left, right| self.order(left, right));
        let lines = sorted
            .iter()
            .map(|pair| between(&self.out, pair.line.0, pair.line.1));
        let lines = lines.collect::<Vec<_>>().join(&b","[..]);
        if end == self.out.len() {
            self.out.truncate(start);
            self.out.extend_from_slice(&lines);
        }
    }

    fn order(&self, left: &Pair, right: &Pair) -> Ordering {
        let key = |pair: &Pair| {
            let raw = between(self.json, pair.key.0, pair.key.1);
            unescape(between(raw, 1, raw.len().saturating_sub(1))).to_vec()
        };
        let value = |pair: &Pair| {
            let line = scan::parse(between(&self.out, pair.line.0, pair.line.1))
                .raw
                .len();
            let written = between(&self.out, pair.line.0, pair.line.1);
            let after = written.iter().take_while(|byte| **byte <= b' ').count() + line;
            scan::parse(from(written, after + 1)).into_owned()
        };
        key(left)
            .cmp(&key(right))
            .then_with(|| of_values(&value(left), &value(right)))
    }
}

/// Values by kind, then as their kind orders them.
fn of_values(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    (left.kind as u8)
        .cmp(&(right.kind as u8))
        .then_with(|| match left.kind {
            Kind::String => left.text.cmp(&right.text),
            Kind::Number => {
                let (left, right) = (number::parse(&left.raw), number::parse(&right.raw));
                left.partial_cmp(&right).unwrap_or(Ordering::Equal)
            }
            _ => left.raw.cmp(&right.raw),
        })
}
