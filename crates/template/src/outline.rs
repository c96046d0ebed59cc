//! The block structure of a template, checked before the parser sees it: gotmpl's parser takes a
//! stray `{{end}}` or `{{else}}` for the end of the template and drops the rest, and takes the end
//! of the text for a missing `{{end}}`.

use crate::error::{ParseError, Position};

/// Checks that every block is closed, and nothing else is.
pub(crate) fn check(source: &str) -> Result<(), ParseError> {
    let mut open: Vec<Block> = Vec::new();
    for action in (Actions { source, at: 0 }) {
        let syntax = |problem| ParseError::Syntax {
            position: Position::of(source, action.start),
            problem,
        };
        let mut words = action.content.split_whitespace();
        match words.next().unwrap_or_default() {
            keyword @ ("if" | "range" | "with" | "block" | "define") => {
                if keyword == "define" && !open.is_empty() {
                    return Err(syntax("a definition inside a block"));
                }
                open.push(Block {
                    start: action.start,
                    branches: !matches!(keyword, "block" | "define"),
                    has_else: false,
                });
            }
            "end" => {
                open.pop().ok_or_else(|| syntax("an end without a block"))?;
            }
            "else" => {
                let block = open
                    .last_mut()
                    .filter(|block| block.branches && !block.has_else);
                let block = block.ok_or_else(|| syntax("an else without a block"))?;
                block.has_else = words.next().is_none();
            }
            _ => {}
        }
    }
    open.last().map_or(Ok(()), |block| {
        Err(ParseError::Syntax {
            position: Position::of(source, block.start),
            problem: "a block without an end",
        })
    })
}

struct Block {
    start: usize,
    branches: bool,
    has_else: bool,
}

/// One `{{ … }}`, without comments.
struct Action<'t> {
    start: usize,
    content: &'t str,
}

struct Actions<'t> {
    source: &'t str,
    at: usize,
}

impl<'t> Iterator for Actions<'t> {
    type Item = Action<'t>;

    fn next(&mut self) -> Option<Action<'t>> {
        loop {
            let start = self.at + self.source[self.at..].find("{{")?;
            let mut inside = start + 2;
            let bytes = self.source.as_bytes();
            if bytes.get(inside) == Some(&b'-')
                && bytes.get(inside + 1).is_some_and(u8::is_ascii_whitespace)
            {
                inside += 2;
            }
            if self.source[inside..].starts_with("/*") {
                let end = self.source[inside..].find("*/")?;
                self.at = inside + end + 2;
                continue;
            }
            let end = inside + end_of_action(&self.source[inside..])?;
            self.at = end + 2;
            let content = &self.source[inside..end];
            let content = content
                .strip_suffix('-')
                .filter(|rest| rest.ends_with(char::is_whitespace))
                .unwrap_or(content);
            return Some(Action { start, content });
        }
    }
}

/// The offset of the closing `}}`, past quoted text. None when there is none: the parser says so.
fn end_of_action(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            quote @ (b'"' | b'\'') => {
                at += 1;
                while *bytes.get(at)? != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'`' => at += 1 + bytes[at + 1..].iter().position(|byte| *byte == b'`')?,
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_balanced() {
        for good in [
            "",
            "plain }} text",
            "{{if .a}}x{{else if .b}}y{{else}}z{{end}}",
            "{{- range .x -}}{{break}}{{- end -}}",
            "{{/* {{end}} */}}",
            "{{define \"a\"}}{{\"{{end}}\"}}{{end}}",
            "{{`{{end}}`}}{{printf '}'}}",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "{{end}}",
            "a{{ if .x }}b",
            "{{else}}",
            "{{if .a}}{{else}}{{else}}{{end}}",
            "{{if 1}}{{define \"x\"}}{{end}}{{end}}",
            "{{block \"x\" .}}{{else}}{{end}}",
        ] {
            assert!(
                matches!(check(bad), Err(ParseError::Syntax { .. })),
                "{bad}"
            );
        }
    }
}
