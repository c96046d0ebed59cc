//! From the SDK's errors to ours: the codes that are KMS's own.

use crate::error::KmsFault;

/// Of AWS's texts one phrase is looked for.
pub(crate) fn of_kms(code: &str, message: Option<&str>) -> Option<KmsFault> {
    Some(match code {
        "NotFoundException" => KmsFault::NotFound,
        "DisabledException" => KmsFault::Disabled,
        "KMSInvalidStateException" => match message {
            Some(text) if text.to_ascii_lowercase().contains("pending deletion") => {
                KmsFault::PendingDeletion
            }
            _ => KmsFault::InvalidState,
        },
        "InvalidCiphertextException" | "IncorrectKeyException" => KmsFault::BadWrap,
        "InvalidKeyUsageException" | "UnsupportedOperationException" => KmsFault::WrongKeyKind,
        "KeyUnavailableException" | "KMSInternalException" => KmsFault::Unavailable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_class() {
        for (code, fault) in [
            ("NotFoundException", Some(KmsFault::NotFound)),
            ("DisabledException", Some(KmsFault::Disabled)),
            ("KMSInvalidStateException", Some(KmsFault::InvalidState)),
            ("InvalidCiphertextException", Some(KmsFault::BadWrap)),
            ("IncorrectKeyException", Some(KmsFault::BadWrap)),
            ("InvalidKeyUsageException", Some(KmsFault::WrongKeyKind)),
            (
                "UnsupportedOperationException",
                Some(KmsFault::WrongKeyKind),
            ),
            ("KMSInternalException", Some(KmsFault::Unavailable)),
            ("KeyUnavailableException", Some(KmsFault::Unavailable)),
            ("AccessDeniedException", None),
        ] {
            assert_eq!(of_kms(code, None), fault, "{code}");
        }
    }

    #[test]
    fn a_key_to_be_deleted_is_told_from_other_states() {
        let state = |text| of_kms("KMSInvalidStateException", Some(text));
        let deleted = "arn:aws:kms:eu-central-1:1:key/a is pending deletion.";
        assert_eq!(state(deleted), Some(KmsFault::PendingDeletion));
        assert_eq!(state("… is pending import."), Some(KmsFault::InvalidState));
    }
}
