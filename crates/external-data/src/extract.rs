//! `dataFrom.extract`: the members of a JSON object (contract §5.4).

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{DataError, SecretData};

/// The members of a JSON object: strings without quotes, everything else as it stands (`1.50` stays
/// `1.50`, objects keep their blanks), null as nothing. The last of a name wins. JSON `null` has no
/// members.
///
/// # Errors
/// [`DataError::NotAnObject`] with the secret's key.
pub fn extract(value: &[u8], key: &str) -> Result<SecretData, DataError> {
    // Go replaces what is no UTF-8.
    let text = Zeroizing::new(String::from_utf8_lossy(value).into_owned());
    let members: Option<BTreeMap<String, &RawValue>> =
        serde_json::from_str(&text).map_err(|_| DataError::NotAnObject(key.to_owned()))?;
    let members = members.unwrap_or_default().into_iter();
    Ok(members
        .map(|(name, raw)| (name, unquoted(raw.get())))
        .collect())
}

/// A string's text, nothing for null, and anything else as it stands.
fn unquoted(raw: &str) -> Zeroizing<Vec<u8>> {
    if raw == "null" {
        return Zeroizing::new(Vec::new());
    }
    if !raw.starts_with('"') {
        return Zeroizing::new(raw.as_bytes().to_vec());
    }
    match serde_json::from_str::<String>(raw) {
        Ok(text) => Zeroizing::new(text.into_bytes()),
        // Half a surrogate pair, which Go replaces.
        Err(_) => json_property::get(raw.as_bytes(), "@this", json_property::Limits::default())
            .ok()
            .flatten()
            .map(json_property::Property::into_text)
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_as_they_stand() {
        let json = br#" {"s":"a\"b","n":1.50,"o":{ "x" : [1, 2] },"t":true,"z":null,"d":1,"d":2,"h":"\ud83d!"} "#;
        let data = extract(json, "k").unwrap();
        for (name, value) in [
            ("s", "a\"b"),
            ("n", "1.50"),
            ("o", r#"{ "x" : [1, 2] }"#),
            ("t", "true"),
            ("z", ""),
            ("d", "2"),
            ("h", "\u{fffd}!"),
        ] {
            assert_eq!(String::from_utf8_lossy(&data[name]), value, "{name}");
        }
        assert!(extract(b"null", "k").unwrap().is_empty());
        for bad in [
            &b"[1]"[..],
            b"\"x\"",
            b"1",
            b"",
            b"{\"a\":1",
            b"{\"a\":1} x",
        ] {
            assert_eq!(extract(bad, "k"), Err(DataError::NotAnObject("k".into())));
        }
    }
}
