//! A YAML scalar with its tag, as `yaml.v2` takes it.

use crate::node::Content;
use crate::read_error::SyntaxReason;
use crate::resolve::{Resolved, resolve};
use base64::Engine as _;
use granit_parser::{ScalarStyle, Tag};
use std::borrow::Cow;
use zeroize::Zeroizing;

const CORE: &str = "tag:yaml.org,2002:";

/// The name of a tag of YAML itself.
pub(crate) fn core_tag(tag: &Tag) -> Option<&str> {
    match tag.handle() {
        CORE => Some(tag.suffix()),
        "" | "!" => tag.suffix().strip_prefix(CORE),
        _ => None,
    }
}

/// What a scalar holds, by its style, its tag and the rules of YAML 1.1.
pub(crate) fn scalar(
    text: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Content, SyntaxReason> {
    let Some(tag) = tag else {
        let resolved = if style == ScalarStyle::Plain {
            resolve(&text)
        } else {
            Resolved::Text
        };
        return Ok(content(text, resolved));
    };
    let resolved = resolve(&text);
    let fits = match core_tag(tag) {
        Some("bool") => matches!(resolved, Resolved::Bool(_)),
        Some("int") => matches!(resolved, Resolved::Int(_) | Resolved::Uint(_)),
        Some("float") => match resolved {
            #[expect(clippy::cast_precision_loss, reason = "that is what !!float asks for")]
            Resolved::Int(value) => return Ok(Content::Float(Zeroizing::new(value as f64))),
            resolved => matches!(resolved, Resolved::Float(_)),
        },
        Some("null") => resolved == Resolved::Null,
        Some("timestamp") => resolved == Resolved::Timestamp,
        Some("binary") => return binary(&text),
        // A tag of someone else's, or !!str: text.
        _ => return Ok(content(text, Resolved::Text)),
    };
    if fits {
        Ok(content(text, resolved))
    } else {
        Err(SyntaxReason::Tag)
    }
}

fn content(text: Cow<'_, str>, resolved: Resolved) -> Content {
    match resolved {
        Resolved::Null => Content::Null,
        Resolved::Bool(value) => Content::Bool(value),
        Resolved::Int(value) => Content::Int(Zeroizing::new(value)),
        Resolved::Uint(value) => Content::Uint(Zeroizing::new(value)),
        Resolved::Float(value) => Content::Float(Zeroizing::new(value)),
        Resolved::Timestamp | Resolved::Text => Content::Text(Zeroizing::new(text.into_owned())),
    }
}

fn binary(text: &str) -> Result<Content, SyntaxReason> {
    let encoded: Zeroizing<String> = Zeroizing::new(text.replace(['\r', '\n'], ""));
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| SyntaxReason::Tag)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| SyntaxReason::BinaryNotText)?;
    Ok(Content::Text(Zeroizing::new(text.to_owned())))
}
