//! RSA keys: sealed without AWS, opened by it; and the states of a key. On ministack.

use seal_keys::{Recipient as _, RsaRecipient};
use seal_kms::KmsFault;

use crate::bed::{Bed, DATA_KEY, MINISTACK, context, fault, name};

#[tokio::test]
async fn what_is_sealed_without_aws_opens() {
    let bed = Bed::on(&MINISTACK);
    let kms = bed.kms();
    for bits in [2048, 3072, 4096] {
        let key = bed.rsa_key(bits);
        let alias = bed.aws.create_alias(&format!("rsa-{bits}"), key.key_id());
        for text in [key.to_string(), alias.unwrap(), format!("alias/rsa-{bits}")] {
            let public = kms.public_key(&name(&text)).await.unwrap();
            assert_eq!(
                (&public.arn, u32::from(public.bits)),
                (&key, bits),
                "{text}"
            );
            let recipient = RsaRecipient::from_spki(&public.spki_der).unwrap();
            assert_eq!(recipient.bits(), bits as usize);
            let blob = recipient.wrap(DATA_KEY, b"").unwrap();
            let opened = kms.unwrap_rsa(&public.arn, &blob).await.unwrap();
            assert_eq!(opened.as_slice(), DATA_KEY, "{text}");
        }
    }
    assert_eq!(bed.proxy.calls("GetPublicKey"), 9);
    for request in bed.proxy.requests("Decrypt") {
        assert_eq!(request["EncryptionAlgorithm"], "RSAES_OAEP_SHA_256");
        assert!(request["KeyId"].as_str().unwrap().starts_with("arn:"));
        assert!(request["EncryptionContext"].is_null());
    }
}

#[tokio::test]
async fn a_label_a_flipped_bit_or_another_key_does_not_open() {
    let bed = Bed::on(&MINISTACK);
    let (kms, key, other) = (bed.kms(), bed.rsa_key(2048), bed.rsa_key(2048));
    let public = kms.public_key(&key.clone().into()).await.unwrap();
    let recipient = RsaRecipient::from_spki(&public.spki_der).unwrap();
    let blob = recipient.wrap(DATA_KEY, b"").unwrap();
    let labelled = recipient.wrap(DATA_KEY, b"prod/db").unwrap();
    let mut flipped = blob.clone();
    flipped[100] ^= 1;
    for (key, blob) in [
        (&key, &labelled[..]),
        (&key, &flipped),
        (&key, &blob[..blob.len() - 1]),
        (&other, &blob),
    ] {
        assert_eq!(fault(kms.unwrap_rsa(key, blob).await), KmsFault::BadWrap);
    }
    assert!(kms.unwrap_rsa(&key, &blob).await.is_ok());
}

#[tokio::test]
async fn a_key_of_the_other_kind_is_named_as_that() {
    let bed = Bed::on(&MINISTACK);
    let (kms, rsa, symmetric) = (bed.kms(), bed.rsa_key(2048), bed.symmetric_key());
    let wrapped = kms.wrap(&rsa.clone().into(), &context(), DATA_KEY).await;
    assert_eq!(fault(wrapped), KmsFault::WrongKeyKind);
    let unwrapped = kms.unwrap(&rsa, &context(), &[1; 256]).await;
    assert_eq!(fault(unwrapped), KmsFault::WrongKeyKind);
    let public = kms.public_key(&symmetric.into()).await;
    assert_eq!(fault(public), KmsFault::WrongKeyKind);
}

#[tokio::test]
async fn a_disabled_key_opens_nothing_until_it_is_enabled() {
    let bed = Bed::on(&MINISTACK);
    let (kms, key) = (bed.kms(), bed.rsa_key(2048));
    let public = kms.public_key(&key.clone().into()).await.unwrap();
    let recipient = RsaRecipient::from_spki(&public.spki_der).unwrap();
    let blob = recipient.wrap(DATA_KEY, b"").unwrap();

    bed.aws.disable_key(key.key_id()).unwrap();
    let error = kms.unwrap_rsa(&key, &blob).await.unwrap_err();
    assert_eq!(error.fault, KmsFault::Disabled);
    assert!(error.to_string().contains("enable-key"), "{error}");
    bed.aws.enable_key(key.key_id()).unwrap();
    assert!(kms.unwrap_rsa(&key, &blob).await.is_ok());
}

#[tokio::test]
async fn a_key_to_be_deleted_is_said_to_be() {
    let bed = Bed::on(&MINISTACK);
    let (kms, rsa) = (bed.kms(), bed.rsa_key(2048));
    let (symmetric, blob) = bed.wrapped(&kms).await;
    for key in [&rsa, &symmetric] {
        bed.aws.schedule_deletion(key.key_id()).unwrap();
    }
    let opened = kms.unwrap_rsa(&rsa, &[1; 256]).await.unwrap_err();
    assert!(
        opened.to_string().contains("cancel-key-deletion"),
        "{opened}"
    );
    assert_eq!(opened.fault, KmsFault::PendingDeletion);
    let opened = kms.unwrap(&symmetric, &context(), &blob).await;
    assert_eq!(fault(opened), KmsFault::PendingDeletion);
    let wrapped = kms.wrap(&symmetric.into(), &context(), DATA_KEY).await;
    assert_eq!(fault(wrapped), KmsFault::PendingDeletion);
}
