//! Escapers of text/template: HTML, JavaScript, URL query.

use super::builtin::printed;
use super::{ANY, Call, Function, Outcome, function};
use crate::print::printable;

pub(super) const FUNCTIONS: &[Function] = &[
    function("html", 0, ANY, html),
    function("js", 0, ANY, js),
    function("urlquery", 0, ANY, urlquery),
];

fn html(call: &mut Call<'_>) -> Outcome {
    let text = printed(call)?;
    let mut out = call.meter.buffer();
    for byte in text.as_bytes() {
        match byte {
            b'"' => out.push("&#34;")?,
            b'\'' => out.push("&#39;")?,
            b'&' => out.push("&amp;")?,
            b'<' => out.push("&lt;")?,
            b'>' => out.push("&gt;")?,
            0 => out.push("\u{fffd}")?,
            other => out.push([*other])?,
        }
    }
    call.meter.text(out)
}

fn js(call: &mut Call<'_>) -> Outcome {
    let text = printed(call)?;
    let mut out = call.meter.buffer();
    for letter in text.chars().chars() {
        match letter {
            '\\' => out.push("\\\\")?,
            '\'' => out.push("\\'")?,
            '"' => out.push("\\\"")?,
            '<' | '>' | '&' | '=' => out.push(format!("\\u{:04X}", u32::from(letter)))?,
            letter if u32::from(letter) < 0x20 => {
                out.push(format!("\\u{:04X}", u32::from(letter)))?;
            }
            letter if letter.is_ascii() || printable(letter) => out.push_char(letter)?,
            letter => out.push(format!("\\u{:04X}", u32::from(letter)))?,
        }
    }
    call.meter.text(out)
}

fn urlquery(call: &mut Call<'_>) -> Outcome {
    let text = printed(call)?;
    let mut out = call.meter.buffer();
    for byte in text.as_bytes() {
        match byte {
            b' ' => out.push("+")?,
            b'-' | b'_' | b'.' | b'~' => out.push([*byte])?,
            other if other.is_ascii_alphanumeric() => out.push([*other])?,
            other => out.push(format!("%{other:02X}"))?,
        }
    }
    call.meter.text(out)
}
