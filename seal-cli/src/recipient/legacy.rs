//! The one reader that the legacy format has.

use seal_format::Scope;
use seal_format::se1::RecipientName;
use seal_keys::RsaRecipient;

/// A certificate with nobody beside it.
#[derive(Clone, Copy)]
pub(crate) struct OneCertificate<'a> {
    pub(super) key: &'a RsaRecipient,
    pub(super) in_kms: bool,
}

/// Why no value of the legacy format is sealed for it: KMS knows no OAEP label, which binds values to
/// their place in every other scope. The controller could never open them.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the certificate's private key is in AWS KMS, which opens values of the legacy format only if they are cluster-wide, and the scope is {0}"
)]
pub(crate) struct InKms(Scope);

impl<'a> OneCertificate<'a> {
    /// What wraps for it say.
    pub(crate) fn name(self) -> &'a RecipientName {
        self.key.name()
    }

    /// Whether its private half is in AWS KMS.
    pub(crate) fn is_in_kms(self) -> bool {
        self.in_kms
    }

    /// The key for values of the legacy format.
    ///
    /// # Errors
    /// [`InKms`].
    pub(crate) fn for_legacy(self, scope: Scope) -> Result<&'a RsaRecipient, InKms> {
        if self.in_kms && scope != Scope::ClusterWide {
            return Err(InKms(scope));
        }
        Ok(self.key)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use seal_keys::Certificate;

    use super::*;

    const PEM: &[u8] = include_bytes!("../../../tests/vectors/certificates/kms-rsa-2048.pem");

    #[test]
    fn kms_opens_only_what_is_bound_to_no_place() {
        let certificate = Certificate::from_pem(PEM).unwrap();
        assert!(certificate.is_kms_held());
        let key = certificate.recipient(Timestamp::UNIX_EPOCH).unwrap();
        for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
            let opens = |in_kms| {
                let certificate = OneCertificate { key: &key, in_kms };
                certificate.for_legacy(scope).is_ok()
            };
            assert!(opens(false), "{scope}");
            assert_eq!(opens(true), scope.label("prod", "db").is_empty(), "{scope}");
        }
    }
}
