//! `property` of a remote reference (contract §5.3).

use json_property::Limits;
use zeroize::Zeroizing;

use crate::DataError;

/// The part of a value that a property names: a key of its JSON if there is one of exactly that name,
/// dots included, else what the path leads to.
///
/// # Errors
/// [`DataError::NoProperty`]: a missing property is never a missing secret. [`DataError::Property`].
pub fn property(value: &[u8], property: &str, key: &str) -> Result<Zeroizing<Vec<u8>>, DataError> {
    let exceeded = |reason| DataError::Property {
        property: property.to_owned(),
        key: key.to_owned(),
        reason,
    };
    let get = |path: &str| json_property::get(value, path, Limits::default()).map_err(exceeded);
    if property.contains('.')
        && let Some(found) = get(&property.replace('.', "\\."))?
    {
        return Ok(found.into_text());
    }
    match get(property)? {
        Some(found) => Ok(found.into_text()),
        None => Err(DataError::NoProperty {
            property: property.to_owned(),
            key: key.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract §5.3 and §0.1.4.
    #[test]
    fn literal_keys_before_paths() {
        let json = br#"{"a.b":"dotted","a":{"b":"nested","c":1.50},"big":12345678901234567890,
            "z":null,"o":{ "x" : 1 },"abc":{"z":"l"},"ABC":"u","n":1e21}"#;
        for (path, text) in [
            ("a.b", "dotted"),
            ("a.c", "1.5"),
            ("big", "12345678901234567890"),
            ("n", "1000000000000000000000"),
            ("z", ""),
            ("o", r#"{ "x" : 1 }"#),
            ("{abc.z,ABC}", r#"{"ABC":"u"}"#),
            // Upstream's, too: the dot was escaped for the first attempt.
            (r#"!"x.y""#, "x"),
        ] {
            let found = property(json, path, "k").unwrap();
            assert_eq!(String::from_utf8_lossy(&found), text, "{path}");
        }
        let missing = property(json, "a.nope", "k").unwrap_err();
        assert_eq!(missing.to_string(), "key a.nope does not exist in secret k");
    }
}
