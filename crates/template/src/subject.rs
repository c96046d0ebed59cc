//! Names of certificates as Go prints them, near to RFC 2253: a trust store files its certificates by them.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::X509Name;

use crate::error::Failure;

/// The attributes that have names, in Go's order: later ones are printed first.
const NAMED: [(&str, &str); 9] = [
    ("2.5.4.6", "C"),
    ("2.5.4.8", "ST"),
    ("2.5.4.7", "L"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.17", "POSTALCODE"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
];

pub(crate) fn text(name: &X509Name<'_>) -> Result<String, Failure> {
    let mut known: [Vec<String>; NAMED.len()] = Default::default();
    let mut parts = Vec::new();
    for attribute in name.iter_attributes() {
        let kind = attribute.attr_type().to_id_string();
        let value = value(attribute.attr_value())?;
        match NAMED.iter().position(|(oid, _)| *oid == kind) {
            // Of these two only the last counts.
            Some(at) if matches!(NAMED[at].1, "CN" | "SERIALNUMBER") => known[at] = vec![value],
            Some(at) => known[at].push(value),
            None => parts.push(format!("{kind}=#{}", encoded(&value))),
        }
    }
    for ((_, label), values) in NAMED.iter().zip(&known) {
        // A last one that is empty is none.
        let values = values
            .iter()
            .filter(|value| !value.is_empty() || !matches!(*label, "CN" | "SERIALNUMBER"));
        let values: Vec<String> = values
            .map(|value| format!("{label}={}", escaped(value)))
            .collect();
        if !values.is_empty() {
            parts.push(values.join("+"));
        }
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn value(any: &Any<'_>) -> Result<String, Failure> {
    let text = match any.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            std::str::from_utf8(any.data).ok().map(str::to_owned)
        }
        Tag::T61String => Some(any.data.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let (units, rest) = any.data.as_chunks::<2>();
            let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
            rest.is_empty().then(|| String::from_utf16_lossy(&units))
        }
        _ => None,
    };
    text.ok_or(Failure::Unparsable)
}

/// As DER, in hexadecimal digits.
fn encoded(value: &str) -> String {
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag: u8 = if value.bytes().all(printable) {
        0x13
    } else {
        0x0c
    };
    let length = value.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count().min(7)..];
    let mut bytes = vec![tag];
    if value.len() > 127 {
        bytes.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
    }
    bytes.extend_from_slice(length);
    bytes.extend_from_slice(value.as_bytes());
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn escaped(value: &str) -> String {
    let last = value.len().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (at, letter) in value.char_indices() {
        let special = match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
