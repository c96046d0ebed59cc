//! The public half of an RSA key in KMS: sealing with it needs no AWS at all.

use aws_sdk_kms::operation::get_public_key::GetPublicKeyOutput;
use aws_sdk_kms::types::{EncryptionAlgorithmSpec, KeySpec, KeyUsageType};

use crate::arn::KeyArn;
use crate::error::KmsFault;
use crate::name::KeyName;

/// The public half of an RSA key that unwraps by RSAES_OAEP_SHA_256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsPublicKey {
    /// The key's own name, also when it was asked for by alias.
    pub arn: KeyArn,
    /// `SubjectPublicKeyInfo`, DER.
    pub spki_der: Vec<u8>,
    /// Size of the modulus by the key's spec: 2048, 3072 or 4096.
    pub bits: u16,
}

impl KmsPublicKey {
    /// Takes KMS's answer, if the key can unwrap.
    pub(crate) fn answered(asked: &KeyName, answer: GetPublicKeyOutput) -> Result<Self, KmsFault> {
        let bits = match answer.key_spec {
            Some(KeySpec::Rsa2048) => 2048,
            Some(KeySpec::Rsa3072) => 3072,
            Some(KeySpec::Rsa4096) => 4096,
            _ => return Err(KmsFault::WrongKeyKind),
        };
        let unwraps = answer.key_usage == Some(KeyUsageType::EncryptDecrypt)
            && answer
                .encryption_algorithms()
                .contains(&EncryptionAlgorithmSpec::RsaesOaepSha256);
        if !unwraps {
            return Err(KmsFault::WrongKeyKind);
        }
        Ok(Self {
            arn: answered_arn(asked, answer.key_id.as_deref())?,
            spki_der: answer.public_key.ok_or(KmsFault::BadAnswer)?.into_inner(),
            bits,
        })
    }
}

/// The key that KMS says it used: for a key's ARN the same again, for everything else the ARN behind it.
pub(crate) fn answered_arn(asked: &KeyName, answer: Option<&str>) -> Result<KeyArn, KmsFault> {
    let answer: KeyArn = answer
        .and_then(|text| text.parse().ok())
        .ok_or(KmsFault::BadAnswer)?;
    let expected = match asked {
        KeyName::Key(arn) => *arn == answer,
        KeyName::AliasArn { region, .. } => answer.region() == region,
        KeyName::Local(_) => true,
    };
    if expected {
        Ok(answer)
    } else {
        Err(KmsFault::BadAnswer)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::primitives::Blob;

    use super::*;

    const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/a";

    fn answer(
        spec: KeySpec,
        usage: KeyUsageType,
        by: EncryptionAlgorithmSpec,
    ) -> GetPublicKeyOutput {
        GetPublicKeyOutput::builder()
            .key_id(ARN)
            .key_spec(spec)
            .key_usage(usage)
            .encryption_algorithms(by)
            .public_key(Blob::new([0x30]))
            .build()
    }

    #[test]
    fn takes_only_rsa_keys_that_unwrap() {
        use EncryptionAlgorithmSpec::{RsaesOaepSha1, RsaesOaepSha256, SymmetricDefault};
        use KeyUsageType::{EncryptDecrypt, SignVerify};
        let asked: KeyName = ARN.parse().unwrap();
        let read = |spec, usage, by| KmsPublicKey::answered(&asked, answer(spec, usage, by));

        let key = read(KeySpec::Rsa3072, EncryptDecrypt, RsaesOaepSha256).unwrap();
        assert_eq!((key.arn.to_string().as_str(), key.bits), (ARN, 3072));
        for (spec, usage, by) in [
            (KeySpec::Rsa4096, SignVerify, RsaesOaepSha256),
            (KeySpec::Rsa4096, EncryptDecrypt, RsaesOaepSha1),
            (KeySpec::EccNistP256, EncryptDecrypt, RsaesOaepSha256),
            (KeySpec::SymmetricDefault, EncryptDecrypt, SymmetricDefault),
        ] {
            assert_eq!(read(spec, usage, by), Err(KmsFault::WrongKeyKind));
        }
    }

    #[test]
    fn an_answer_for_another_key_is_none() {
        let other = ARN.replace("key/a", "key/b");
        let elsewhere = ARN.replace("eu-central-1", "eu-west-1");
        let alias = "arn:aws:kms:eu-central-1:111122223333:alias/x";
        for (asked, answer, fits) in [
            (ARN, Some(ARN), true),
            (ARN, Some(other.as_str()), false),
            (ARN, Some("a"), false),
            (ARN, None, false),
            (alias, Some(ARN), true),
            (alias, Some(elsewhere.as_str()), false),
            (alias, Some(alias), false),
            ("alias/x", Some(ARN), true),
        ] {
            let read = answered_arn(&asked.parse().unwrap(), answer);
            assert_eq!(read.is_ok(), fits, "{asked} {answer:?}");
        }
    }
}
