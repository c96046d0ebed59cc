//! What to do about the certificate's Secret: pure.

use jiff::{SignedDuration, Timestamp};
use seal_format::se1::RecipientName;
use seal_keys::Certificate;
use seal_kms::KeyArn;

use super::certificate_secret::{self, Found, Refusal};

/// Between two new certificates, however short their validity.
const SHORTEST_LIFE: SignedDuration = SignedDuration::from_mins(1);

/// What to do, when the public key is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make the Secret.
    Create,
    /// Use what is there.
    Keep,
    /// Use it, and put its label and annotation right.
    Mend,
    /// Use it, and replace it by a certificate that is valid for longer.
    Renew,
    /// Leave it alone.
    Refuse(Refusal),
}

/// What is stored under the name of the key, by what KMS says of the key.
pub(crate) fn with_key(
    arn: &KeyArn,
    key: &RecipientName,
    found: Option<&Found>,
    now: Timestamp,
) -> Step {
    let Some(found) = found else {
        return Step::Create;
    };
    match &found.content {
        Err(refusal) => Step::Refuse(refusal.clone()),
        Ok((_, other)) if other != key => Step::Refuse(Refusal::OtherKey(other.clone())),
        Ok((certificate, _)) if due(certificate) <= now => Step::Renew,
        Ok(_) if found.labelled && is_for(found, arn) => Step::Keep,
        Ok(_) => Step::Mend,
    }
}

/// When a certificate is to be replaced: at half of its life, as clients refuse it after the end.
pub(crate) fn due(certificate: &Certificate) -> Timestamp {
    let (start, end) = (certificate.not_before(), certificate.not_after());
    let life = end.duration_since(start) / 2;
    start
        .checked_add(life.max(SHORTEST_LIFE))
        .unwrap_or(Timestamp::MAX)
}

/// The Secrets that say they are for the key, and are not evidently wrong. Of these only KMS knows better.
pub(crate) fn without_key<'a>(
    arn: &KeyArn,
    stored: &'a [Found],
) -> Vec<(&'a Found, &'a Certificate)> {
    let stored = stored.iter().filter(|found| is_for(found, arn));
    stored
        .filter_map(|found| match &found.content {
            Ok((certificate, key)) if certificate_secret::name(key) == found.name => {
                Some((found, certificate))
            }
            _ => None,
        })
        .collect()
}

/// Whether the Secret says that it is for this key.
pub(crate) fn is_for(found: &Found, arn: &KeyArn) -> bool {
    found.key.as_ref().is_some_and(|key| key.is_same_key(arn))
}
