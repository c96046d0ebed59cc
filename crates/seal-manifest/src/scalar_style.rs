//! How a string is written in YAML: the choice that `yaml.v2` makes between its four styles.

use crate::resolve::{Resolved, resolve};

/// The styles that `yaml.v2` uses on its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScalarStyle {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// Bytes that are looked at before one of them may end the look.
const AT_ONCE: usize = 64;

/// What matters about the characters of a string.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties of one text"
)]
pub(crate) struct Analysis {
    /// Holds a line break of YAML 1.1.
    pub(crate) multiline: bool,
    block_indicator: bool,
    special: bool,
    edge_space: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

impl Analysis {
    pub(crate) fn of(text: &str) -> Self {
        if is_ordinary(text) {
            return Self::default();
        }
        let mut analysis = Self {
            block_indicator: text.starts_with("---") || text.starts_with("..."),
            ..Self::default()
        };
        let mut previous = None;
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let next = rest.clone().next();
            analysis.look(previous, c, next);
            previous = Some(c);
        }
        analysis
    }

    fn look(&mut self, previous: Option<char>, c: char, next: Option<char>) {
        let edge = previous.is_none() || next.is_none();
        let blank_follows = next.is_none_or(|n| n == ' ' || n == '\t');
        self.block_indicator |= match (previous, c) {
            (
                None,
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`',
            ) => true,
            (None, '?' | '-') | (_, ':') => blank_follows,
            (Some(before), '#') => is_blank_or_break(before),
            _ => false,
        };
        self.special |= !is_printable(c);
        if c == ' ' {
            self.edge_space |= edge;
            self.trailing_space |= next.is_none();
            self.break_space |= previous.is_some_and(is_break);
        } else if is_break(c) {
            self.multiline = true;
            self.edge_space |= edge;
            self.space_break |= previous == Some(' ');
        }
    }

    /// The style for `text`, which this is the analysis of, as a key on its own line or as a value.
    pub(crate) fn style(&self, text: &str, simple_key: bool) -> ScalarStyle {
        let quoted = if self.break_space || self.space_break || self.special {
            ScalarStyle::DoubleQuoted
        } else {
            ScalarStyle::SingleQuoted
        };
        let block_allowed = !(self.trailing_space || self.space_break || self.special);
        if text.contains('\n') {
            return if block_allowed && !simple_key {
                ScalarStyle::Literal
            } else {
                ScalarStyle::DoubleQuoted
            };
        }
        let means_something_else = resolve(text) != Resolved::Text || is_base_60(text);
        // Go leaves the key bare, and then reads it as a merge.
        let is_merge = simple_key && text == "<<";
        if means_something_else || is_merge || (simple_key && self.multiline) {
            ScalarStyle::DoubleQuoted
        } else if self.edge_space || self.special || self.multiline || self.block_indicator {
            quoted
        } else {
            ScalarStyle::Plain
        }
    }
}

/// Words and base64, which need no second look: they are most of what is written.
fn is_ordinary(text: &str) -> bool {
    // Without a branch for each byte.
    let all = |bytes: &[u8]| bytes.iter().fold(true, |all, b| all & is_ordinary_byte(*b));
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.as_bytes().chunks(AT_ONCE).all(all)
}

fn is_ordinary_byte(byte: u8) -> bool {
    ORDINARY[usize::from(byte)]
}

/// Which bytes words and base64 have.
static ORDINARY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'.' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// Line breaks of YAML 1.1.
pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters that are written as they are. Tabs, and all beyond the basic plane, are not.
///
/// U+2028 and U+2029 are the one choice that is not `yaml.v2`'s: it writes them as the line breaks
/// that they are in YAML 1.1, and readers of YAML 1.2 get another text.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    c == ' ' || c == '\t' || c == '\0' || is_break(c)
}

/// Sexagesimal numbers of YAML 1.1 (`1:30`): `yaml.v2` does not read them, but quotes them.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let whole = parts.next().unwrap_or_default();
    let is_whole = whole.starts_with(|c: char| c.is_ascii_digit())
        && whole.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    is_whole
        && middle.iter().chain([&last]).all(|part| is_sixtieth(part))
        && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_as_go_does() {
        let table = [
            ("hello", ScalarStyle::Plain),
            ("a: b", ScalarStyle::SingleQuoted),
            ("a #b", ScalarStyle::SingleQuoted),
            (" a", ScalarStyle::SingleQuoted),
            ("yes", ScalarStyle::DoubleQuoted),
            ("", ScalarStyle::DoubleQuoted),
            ("8080", ScalarStyle::DoubleQuoted),
            ("1:30", ScalarStyle::DoubleQuoted),
            ("a\tb", ScalarStyle::DoubleQuoted),
            ("a\nb", ScalarStyle::Literal),
            ("a\nb ", ScalarStyle::DoubleQuoted),
            ("---", ScalarStyle::SingleQuoted),
            ("-a", ScalarStyle::Plain),
            ("😀", ScalarStyle::DoubleQuoted),
        ];
        for (text, style) in table {
            assert_eq!(Analysis::of(text).style(text, false), style, "{text:?}");
        }
    }
}
