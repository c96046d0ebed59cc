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

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use k8s_openapi::api::core::v1::Secret;
    use kube::ResourceExt as _;
    use seal_api::{KMS_CERTIFICATE_LABEL, KMS_KEY};
    use seal_keys::{CertificateError, certify, issue};

    use super::super::named;
    use super::*;

    const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/mrk-a";

    fn arn(text: &str) -> KeyArn {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    fn key() -> Certificate {
        issue(2048, "", now(), hours(1)).unwrap().certificate
    }

    /// Made so many hours ago, for so many.
    fn certificate(key: &Certificate, age: i64, life: i64) -> Certificate {
        certify(key.spki(), "", now() - hours(age), hours(life)).unwrap()
    }

    fn stored(certificate: &Certificate) -> Secret {
        let name = certificate_secret::name(&named(certificate).unwrap());
        certificate_secret::write(&name, &arn(ARN), certificate)
    }

    fn changed(mut secret: Secret, change: impl Fn(&mut Secret)) -> Secret {
        change(&mut secret);
        secret
    }

    fn with(secret: Secret, pem: &str) -> Secret {
        let pem = ByteString(pem.as_bytes().to_vec());
        changed(secret, |secret| {
            let data = secret.data.get_or_insert_default();
            data.insert("tls.crt".to_owned(), pem.clone());
        })
    }

    #[track_caller]
    fn assert_step(what: &str, key: &Certificate, secret: Option<Secret>, expected: &Step) {
        let found = secret.map(certificate_secret::read);
        let step = with_key(&arn(ARN), &named(key).unwrap(), found.as_ref(), now());
        assert_eq!(step, *expected, "{what}");
    }

    #[test]
    fn the_secret_is_made_kept_mended_or_renewed() {
        let ours = key();
        let young = stored(&certificate(&ours, 4, 10));
        let unlabelled = |secret: &mut Secret| secret.labels_mut().clear();
        let of = |key: String| {
            changed(young.clone(), |secret| {
                let annotations = secret.annotations_mut();
                annotations.insert(KMS_KEY.to_owned(), key.clone());
            })
        };
        let replica = of(ARN.replace("eu-central-1", "us-east-1"));
        let another = of(ARN.replace("mrk-a", "b"));
        let unlabelled = changed(young.clone(), unlabelled);
        let made = |age, life| Some(stored(&certificate(&ours, age, life)));
        for (what, secret, expected) in [
            ("nothing", None, Step::Create),
            ("young", Some(young.clone()), Step::Keep),
            ("of a replica", Some(replica), Step::Keep),
            ("of tomorrow", made(-24, 10), Step::Keep),
            ("of another key", Some(another), Step::Mend),
            ("unlabelled", Some(unlabelled), Step::Mend),
            ("half", made(5, 10), Step::Renew),
            ("expired", made(11, 10), Step::Renew),
        ] {
            assert_step(what, &ours, secret, &expected);
        }
    }

    #[test]
    fn what_is_wrong_is_refused_and_never_overwritten() {
        let ours = key();
        let foreign = certificate(&key(), 4, 10);
        // Also where it would be renewed if it were right.
        for age in [4, 11] {
            let right = stored(&certificate(&ours, age, 10));
            let empty = changed(right.clone(), |secret| secret.data = None);
            let put = |pem: &str| with(right.clone(), pem);
            for (secret, refusal) in [
                (
                    put(&foreign.to_pem()),
                    Refusal::OtherKey(named(&foreign).unwrap()),
                ),
                (put(&ours.to_pem()), Refusal::NotMarked),
                (put("x"), CertificateError::NoCertificate.into()),
                (empty, Refusal::Missing),
            ] {
                let what = refusal.to_string();
                assert_step(&what, &ours, Some(secret), &Step::Refuse(refusal));
            }
        }
    }

    #[test]
    fn certificates_of_no_validity_are_not_renewed_all_the_time() {
        let short = certificate(&key(), 0, 0);
        assert_eq!(due(&short), now() + SHORTEST_LIFE);
        assert_eq!(due(&certificate(&key(), 0, 10)), now() + hours(5));
    }

    #[test]
    fn without_kms_only_what_is_for_the_key_and_not_evidently_wrong_counts() {
        let (ours, other) = (key(), key());
        let good = stored(&certificate(&ours, 4, 10));
        let renamed = |secret: &mut Secret| secret.metadata.name = Some("x".to_owned());
        let of_other_key = |secret: &mut Secret| {
            let annotations = secret.annotations_mut();
            annotations.insert(KMS_KEY.to_owned(), ARN.replace("mrk-a", "b"));
        };
        let nameless = |secret: &mut Secret| secret.annotations_mut().clear();
        let planted = stored(&certificate(&other, 4, 10));
        for (what, secrets, count) in [
            ("nothing", vec![], 0),
            ("good", vec![good.clone()], 1),
            ("planted", vec![good.clone(), planted.clone()], 2),
            ("renamed", vec![changed(good.clone(), renamed)], 0),
            (
                "of another",
                vec![good.clone(), changed(planted, of_other_key)],
                1,
            ),
            ("of nobody", vec![changed(good.clone(), nameless)], 0),
            ("unmarked", vec![with(good.clone(), &ours.to_pem())], 0),
            (
                "foreign",
                vec![with(good, &certificate(&other, 4, 10).to_pem())],
                0,
            ),
        ] {
            let found: Vec<_> = secrets.into_iter().map(certificate_secret::read).collect();
            assert_eq!(without_key(&arn(ARN), &found).len(), count, "{what}");
        }
    }

    /// A stock controller, and our own loading of keys, must not take it for a key Secret.
    #[test]
    fn it_does_not_look_like_a_key_secret() {
        let secret = stored(&certificate(&key(), 0, 1));
        assert!(secret.labels().keys().eq([KMS_CERTIFICATE_LABEL]));
        assert_ne!(secret.type_.as_deref(), Some("kubernetes.io/tls"));
    }
}
