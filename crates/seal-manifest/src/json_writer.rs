//! JSON as Go's `encoding/json` indents and escapes it (contract §3.5).

use crate::decimal;
use crate::wiped_text::WipedText;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};
use std::io;

/// Indented by two spaces, with Go's escaping (`<`, `>`, `&`, U+2028 and U+2029 as `\u003c`…), one
/// line break at the end. Fields stand in the order in which `value` serialises them. Copies that the
/// writer makes are wiped; the text is the caller's to wipe.
///
/// # Errors
/// When `value`'s own `Serialize` fails or a map key is not a string.
pub fn write_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut out = WipedText::new();
    let formatter = GoFormatter {
        pretty: PrettyFormatter::with_indent(b"  "),
    };
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut out, formatter,
    ))?;
    out.push('\n');
    Ok(out.into_text())
}

struct GoFormatter {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for GoFormatter {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(decimal::json(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut written = 0;
        for (at, special) in fragment.match_indices(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for c in special.chars() {
                write!(writer, "\\u{:04x}", u32::from(c))?;
            }
            written = at + special.len();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.pretty.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn escapes_as_go_does() {
        let text =
            write_json(&json!({"a": "<&>\u{2028}\u{7f}\t\u{1}", "b": {}, "c": [], "d": [1, 2.0]}))
                .unwrap();
        assert_eq!(
            text,
            "{\n  \"a\": \"\\u003c\\u0026\\u003e\\u2028\u{7f}\\t\\u0001\",\n  \"b\": {},\n  \"c\": [],\n  \"d\": [\n    1,\n    2\n  ]\n}\n"
        );
    }
}
