//! Word forms: what `snakecase`, `kebabcase` and `camelcase` take for a word.

use crate::error::Fault;
use crate::functions::{lower, upper};
use crate::meter::Buffer;

/// The kinds of runs that text falls into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Upper,
    Letters,
    Connector,
    Mark,
    Other,
}

fn connects(letter: char) -> bool {
    matches!(letter, '-' | '_') || letter.is_whitespace()
}

fn mark(letter: char) -> bool {
    letter.is_ascii_punctuation()
        && !matches!(letter, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
        || matches!(letter, '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
}

fn alphabetic(letter: char) -> bool {
    letter.is_alphabetic()
}

/// One run and what follows it. An upper-case run before a lower-case letter gives up its last
/// letter: `HTTPServer` is `HTTP` and `Server`.
fn next(text: &str) -> Option<(Kind, &str, &str)> {
    let first = text.chars().next()?;
    let run =
        |belongs: &dyn Fn(char) -> bool| text.find(|letter| !belongs(letter)).unwrap_or(text.len());
    let (kind, end) = if connects(first) {
        (Kind::Connector, run(&connects))
    } else if mark(first) {
        (Kind::Mark, run(&mark))
    } else if first.is_uppercase() {
        (Kind::Upper, upper_run(text, first))
    } else if alphabetic(first) {
        (
            Kind::Letters,
            run(&|letter| alphabetic(letter) && !letter.is_uppercase()),
        )
    } else if first.is_numeric() {
        (Kind::Number, run(&char::is_numeric))
    } else {
        (
            Kind::Other,
            run(&|letter| {
                !connects(letter) && !alphabetic(letter) && !letter.is_numeric() && !mark(letter)
            }),
        )
    };
    Some((kind, &text[..end], &text[end..]))
}

fn upper_run(text: &str, first: char) -> usize {
    let capitals = text
        .find(|letter: char| !letter.is_uppercase())
        .unwrap_or(text.len());
    let followed = text[capitals..].chars().next().is_some_and(alphabetic);
    if capitals > first.len_utf8() {
        let last = text[..capitals]
            .chars()
            .next_back()
            .map_or(0, char::len_utf8);
        return if followed { capitals - last } else { capitals };
    }
    let rest = &text[capitals..];
    capitals
        + rest
            .find(|letter: char| !alphabetic(letter) || letter.is_uppercase())
            .unwrap_or(rest.len())
}

/// A cursor over the runs of a text.
struct Words<'t> {
    kind: Option<Kind>,
    word: &'t str,
    rest: &'t str,
}

impl Words<'_> {
    fn advance(&mut self) {
        (self.kind, self.word, self.rest) = next(self.rest)
            .map_or((None, "", ""), |(kind, word, rest)| {
                (Some(kind), word, rest)
            });
    }

    /// Writes this run and the letters and numbers that belong to it.
    fn take_lettered(&mut self, out: &mut Buffer, connector: char) -> Result<(), Fault> {
        while matches!(self.kind, Some(Kind::Letters | Kind::Number)) {
            write(out, self.kind, self.word, connector)?;
            self.advance();
        }
        Ok(())
    }

    fn joins(&self) -> bool {
        !matches!(self.kind, None | Some(Kind::Mark | Kind::Connector))
    }
}

/// Lower-case words joined by `connector`.
pub(crate) fn lower_case(out: &mut Buffer, text: &str, connector: char) -> Result<(), Fault> {
    let mut at = Words {
        kind: None,
        word: "",
        rest: text,
    };
    at.advance();
    while !at.rest.is_empty() {
        let (kind, word) = (at.kind, at.word);
        if kind != Some(Kind::Connector) {
            write(out, kind, word, connector)?;
        }
        at.advance();
        match kind {
            Some(Kind::Number) => {
                at.take_lettered(out, connector)?;
                if at.joins() {
                    out.push_char(connector)?;
                }
            }
            Some(Kind::Connector) => write(out, kind, word, connector)?,
            Some(Kind::Mark) => {}
            _ if at.kind != Some(Kind::Number) => {
                if at.kind != Some(Kind::Connector) && at.kind != Some(Kind::Mark) {
                    out.push_char(connector)?;
                }
            }
            _ => number_after_word(out, &mut at, connector)?,
        }
    }
    write(out, at.kind, at.word, connector)
}

/// A number belongs to the word before it (`Bld4` → `bld4`), unless letters follow it
/// (`HTTP2xx` → `http_2xx`).
fn number_after_word(out: &mut Buffer, at: &mut Words<'_>, connector: char) -> Result<(), Fault> {
    if at.rest.is_empty() {
        return Ok(());
    }
    let number = at.word;
    at.advance();
    if at.kind == Some(Kind::Letters) {
        out.push_char(connector)?;
        write(out, Some(Kind::Number), number, connector)?;
        at.take_lettered(out, connector)?;
        if at.joins() {
            out.push_char(connector)?;
        }
        return Ok(());
    }
    write(out, Some(Kind::Number), number, connector)?;
    if at.kind != Some(Kind::Connector) && at.kind != Some(Kind::Mark) {
        out.push_char(connector)?;
    }
    Ok(())
}

fn write(out: &mut Buffer, kind: Option<Kind>, word: &str, connector: char) -> Result<(), Fault> {
    match kind {
        Some(Kind::Upper) => word
            .chars()
            .try_for_each(|letter| out.push_char(lower(letter))),
        Some(Kind::Connector) => word.chars().try_for_each(|_| out.push_char(connector)),
        _ => out.push(word),
    }
}

/// Capitalised words without connectors; leading connectors stay.
pub(crate) fn pascal_case(out: &mut Buffer, text: &str) -> Result<(), Fault> {
    let start = text.find(|letter| !connects(letter)).unwrap_or(text.len());
    out.push(&text[..start])?;
    let mut letters = text[start..].chars();
    let Some(first) = letters.next() else {
        // A text of connectors alone comes out with its last one twice.
        return text
            .chars()
            .next_back()
            .map_or(Ok(()), |last| out.push_char(last));
    };
    let mut was_upper = first.is_uppercase();
    let mut letter = upper(first);
    for next in letters {
        let before = std::mem::replace(&mut letter, next);
        if connects(next) && connects(before) {
            out.push_char(before)?;
            continue;
        }
        if connects(before) {
            was_upper = next.is_uppercase();
            letter = upper(next);
            continue;
        }
        if was_upper {
            if next.is_uppercase() {
                letter = lower(next);
            } else {
                was_upper = false;
            }
        }
        out.push_char(before)?;
    }
    out.push_char(letter)
}
