//! Keys that a Secret may have (contract §4).

use seal_api::external_secrets::ConversionStrategy;

use crate::{DataError, SecretData};

/// Bytes of a key.
const LENGTH: usize = 253;

/// Replaces what no key may have.
///
/// # Errors
/// [`DataError::Collision`], if two keys become the same.
pub fn convert_keys(
    data: SecretData,
    strategy: ConversionStrategy,
) -> Result<SecretData, DataError> {
    let mut converted = SecretData::new();
    for (key, value) in data {
        let key = convert(&key, strategy);
        if converted.contains_key(&key) {
            return Err(DataError::Collision(key));
        }
        converted.insert(key, value);
    }
    Ok(converted)
}

/// Takes out empty keys, and refuses those that no Secret may have.
///
/// # Errors
/// [`DataError::Key`] with the first of them.
pub fn validate_keys(mut data: SecretData) -> Result<SecretData, DataError> {
    data.remove("");
    match data
        .keys()
        .find(|key| key.len() > LENGTH || !key.chars().all(is_of_keys))
    {
        Some(key) => Err(DataError::Key(key.clone())),
        None => Ok(data),
    }
}

fn convert(key: &str, strategy: ConversionStrategy) -> String {
    key.chars()
        .map(|character| match strategy {
            _ if is_of_keys(character) => character.to_string(),
            ConversionStrategy::Default => "_".to_owned(),
            ConversionStrategy::Unicode => format!("_U{:04x}_", u32::from(character)),
        })
        .collect()
}

/// Letters and digits of all alphabets pass; those that are not ASCII are refused by the API server.
fn is_of_keys(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '.' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn data(keys: &[&str]) -> SecretData {
        let keys = keys.iter();
        keys.map(|key| ((*key).to_owned(), Zeroizing::new(Vec::new())))
            .collect()
    }

    #[test]
    fn conversion_and_collision() {
        let convert = |keys: &[&str], strategy| {
            let converted = convert_keys(data(keys), strategy);
            converted.map(|data| data.into_keys().collect::<Vec<_>>().join(" "))
        };
        let (default, unicode) = (ConversionStrategy::Default, ConversionStrategy::Unicode);
        assert_eq!(
            convert(&["a/b", "c.d-e_f"], default).unwrap(),
            "a_b c.d-e_f"
        );
        assert_eq!(
            convert(&["a/b", "a:b"], unicode).unwrap(),
            "a_U002f_b a_U003a_b"
        );
        assert_eq!(convert(&["😀"], unicode).unwrap(), "_U1f600_");
        assert_eq!(
            convert(&["a/b", "a:b"], default),
            Err(DataError::Collision("a_b".into()))
        );
    }

    #[test]
    fn validation() {
        let keys = validate_keys(data(&["", "a.b", "é"])).unwrap();
        assert_eq!(keys.into_keys().collect::<Vec<_>>(), ["a.b", "é"]);
        let long = "k".repeat(254);
        for bad in ["a/b", "a b", &long] {
            assert_eq!(
                validate_keys(data(&[bad])).unwrap_err(),
                DataError::Key(bad.to_owned())
            );
        }
    }
}
