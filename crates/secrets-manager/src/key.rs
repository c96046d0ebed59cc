//! What can name a secret.

use std::ops::RangeInclusive;

use crate::error::{Operation, SecretsError, SecretsFault};

/// Characters of a name or an ARN (API reference, `SecretId`).
const CHARACTERS: RangeInclusive<usize> = 1..=2_048;

/// Why this names no secret, if it cannot. AWS refuses a call that holds such a key as a whole, whatever else
/// it asks for: it is never sent. Which characters a name may have is left to AWS.
pub(crate) fn fault(key: &str) -> Option<SecretsFault> {
    let characters = key.chars().count();
    (!CHARACTERS.contains(&characters)).then_some(SecretsFault::BadKey { characters })
}

/// The same as the error of a question.
pub(crate) fn check(operation: Operation, key: &str) -> Result<(), SecretsError> {
    fault(key).map_or(Ok(()), |fault| {
        Err(SecretsError {
            operation,
            // There is nothing to show, or too much.
            key: None,
            fault,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_so_many_characters() {
        for (key, characters) in [
            (String::new(), Some(0)),
            ("a".to_owned(), None),
            ("a".repeat(2_048), None),
            ("ä".repeat(2_048), None),
            ("a".repeat(2_049), Some(2_049)),
        ] {
            let bad = characters.map(|characters| SecretsFault::BadKey { characters });
            assert_eq!(fault(&key), bad, "{} bytes", key.len());
        }
        let error = check(Operation::GetSecretValue, "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "secretsmanager:GetSecretValue: the key of a secret has 1 to 2,048 characters, this one 0; \
             correct remoteRef.key"
        );
    }
}
