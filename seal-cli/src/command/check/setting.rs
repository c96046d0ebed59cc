//! Settings that say by their names that they are secret: whether their values stand in the file. What a template
//! fills in is no value, and neither is what shows that it is none: a number, a path, the name of something else.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::literal::{FILLED, is_expression, is_literal, without_actions};
use super::secret_name::{Says, says, words};
use super::secret_shape::looks_random;

/// How lines begin that nobody reads.
const COMMENTS: [&str; 5] = ["#", ";", "//", "--", "*"];
/// Words around hexadecimal digits that are no secret: digests, and what has a random name.
const OF_DIGESTS: [&str; 42] = [
    "sha",
    "md",
    "hash",
    "digest",
    "checksum",
    "sum",
    "commit",
    "revision",
    "rev",
    "etag",
    "id",
    "uid",
    "uuid",
    "guid",
    "fingerprint",
    "thumbprint",
    "trace",
    "build",
    "version",
    "image",
    "ref",
    "public",
    "pub",
    "cert",
    "kid",
    "integrity",
    "tag",
    "tenant",
    "tunnel",
    "account",
    "subscription",
    "project",
    "zone",
    "organization",
    "org",
    "workspace",
    "cluster",
    "request",
    "correlation",
    "span",
    "ids",
    "hashes",
];
/// Digits of 128 bits.
const HEX: usize = 32;

/// Longer values are looked at by their beginnings, in bytes.
const LONGEST: usize = 512;

/// A name and the sign before what it is set to, as in INI, YAML, JSON, shells and connection strings; or the start of
/// an element of XML.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r#"["']?([A-Za-z_][A-Za-z0-9_.-]*)\\?["']?"#;
    let element = r"<([A-Za-z_][A-Za-z0-9_.:-]*)>";
    Regex::new(&format!(r"(?-u){name}[ \t]*(=>|:=|=|:)[ \t]*|{element}")).ok()
});

/// Whether this is a secret by its name, and its value stands in the file.
pub(super) fn is_open(name: &str, value: &str) -> bool {
    let value = value.trim();
    let (domain, last) = name.rsplit_once('/').unwrap_or(("", name));
    let Some(says) = says(last).filter(|_| !value.contains('\n')) else {
        return false;
    };
    let text = without_actions(value);
    is_literal(last, &text, says) && (domain.is_empty() || is_clear(last, &text, says))
}

/// Characters of a password whose kinds are looked at.
const PASSWORD: usize = 8;

/// Whether a value shows by itself that it is a secret: annotations of other programs mostly name an object, or the
/// field of one, whatever they are called.
fn is_clear(name: &str, value: &str, says: Says) -> bool {
    let has = |is: fn(char) -> bool| value.contains(is);
    let is_password = says == Says::Secret
        && value.len() >= PASSWORD
        && !has(char::is_whitespace)
        && has(|c| c.is_ascii_digit())
        && has(|c| c.is_ascii_lowercase())
        && has(|c| c.is_ascii_uppercase());
    is_password || looks_random(value) || has_hex_key(name, value)
}

/// The first line of a text, from 1, that sets a secret to a value.
pub(super) fn open_line(text: &str) -> Option<usize> {
    let setting = SETTING.as_ref()?;
    let text = without_actions(text);
    let mut lines = (1..).zip(text.lines());
    let found = lines.find(|(_, line)| sets_secret(setting, line));
    found.map(|(line, _)| line)
}

/// Comments are passed over.
fn sets_secret(setting: &Regex, line: &str) -> bool {
    let text = line.trim_start();
    if COMMENTS.iter().any(|mark| text.starts_with(mark)) {
        return false;
    }
    let mut settings = setting.captures_iter(line.as_bytes());
    settings.any(|found| {
        let name = found.get(1).or(found.get(3)).map(|name| name.range());
        let Some(name) = name.and_then(|name| line.get(name)) else {
            return false;
        };
        let value = || value(setting, line, &found);
        says(name).is_some_and(|says| value().is_some_and(|it| is_literal(name, it, says)))
    })
}

/// What a setting is set to; `None` for what is none.
fn value<'l>(setting: &Regex, line: &'l str, found: &Captures<'_>) -> Option<&'l str> {
    let rest = line.get(found.get(0)?.end()..)?;
    let near = rest.get(..rest.floor_char_boundary(LONGEST))?;
    let (Some(name), Some(sign)) = (found.get(1), found.get(2)) else {
        return near.split_once("</").map(|(value, _)| value);
    };
    let inner = near.strip_prefix('\\').unwrap_or(near);
    if let Some(quote) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let value = inner.get(1..)?.split(quote).next()?;
        return Some(value.trim_end_matches('\\'));
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '}' | '&');
    let end = near.find(ends).unwrap_or(near.len());
    let (value, behind) = near.split_at(end);
    if is_expression(value, near) {
        return None;
    }
    if sign.as_bytes() != b":" {
        return Some(value);
    }
    // `host:port` is no setting, what goes on with more words is a sentence, and YAML has tags, aliases and collections.
    let is_apart = sign.end() < found.get(0)?.end() || name.end() < sign.start();
    let is_yaml = value.starts_with(['!', '*', '{', '[']);
    (is_apart && !is_yaml && is_end(setting, behind)).then_some(value)
}

/// Whether a value ends before this: behind a comma comes the next setting, or a sentence goes on.
fn is_end(setting: &Regex, behind: &str) -> bool {
    let behind = behind.trim_start();
    let Some(next) = behind.strip_prefix([',', ';']).map(str::trim_start) else {
        return behind.is_empty() || behind.starts_with(['#', '}', '&', ']', FILLED]);
    };
    let found = setting.find(next.as_bytes());
    next.is_empty()
        || next.starts_with(['#', '}', ']', FILLED])
        || found.is_some_and(|found| found.start() == 0)
}

/// Whether a word of digits is as long as keys are, and nothing near it says that it is a digest or a name.
pub(super) fn has_hex_key(item: &str, text: &str) -> bool {
    let is_of_digests = |text: &str| {
        let words = words(text);
        words
            .iter()
            .any(|word| OF_DIGESTS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    let is_key = |word: &str| {
        let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        let is_one_case = !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
        word.len() >= HEX
            && is_mixed
            && is_one_case
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let has_key = |line: &str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(is_key);
    let text = without_actions(text);
    let mut lines = text.lines().filter(|line| has_key(line));
    !is_of_digests(item) && lines.any(|line| !is_of_digests(line))
}

#[cfg(test)]
mod tests;
