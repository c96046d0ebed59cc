//! Wrapping with symmetric keys, on moto.

use seal_kms::{KeyArn, Kms, KmsFault, KmsOptions};
use testkit::aws::REGION;

use crate::bed::{Bed, DATA_KEY, MOTO, context, context_of, fault, name};

#[tokio::test]
async fn every_name_of_a_key_ends_as_its_arn() {
    let bed = Bed::on(&MOTO);
    let (kms, key) = (bed.kms(), bed.symmetric_key());
    let alias = bed.aws.create_alias("every-name", key.key_id()).unwrap();
    for text in [&*key.to_string(), &alias, "alias/every-name", key.key_id()] {
        let (arn, blob) = kms.wrap(&name(text), &context(), DATA_KEY).await.unwrap();
        assert_eq!(arn, key, "{text}");
        assert!(!blob.windows(8).any(|bytes| bytes == &DATA_KEY[..8]));
        let opened = kms.unwrap(&arn, &context(), &blob).await.unwrap();
        assert_eq!(opened.as_slice(), DATA_KEY, "{text}");
    }
    assert_eq!(
        (bed.proxy.calls("Encrypt"), bed.proxy.calls("Decrypt")),
        (4, 4)
    );
    for request in bed.proxy.requests("Decrypt") {
        assert_eq!(request["KeyId"], key.to_string());
        assert_eq!(request["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
        let expected = serde_json::to_value(context()).unwrap();
        assert_eq!(request["EncryptionContext"], expected);
    }
}

#[tokio::test]
async fn another_context_does_not_open() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let (key, blob) = bed.wrapped(&kms).await;
    let with = |entry: (&str, &str)| {
        let mut context = context();
        context.extend(context_of(&[entry]));
        context
    };
    let mut less = context();
    less.remove("seal-name");
    for other in [
        context_of(&[]),
        less,
        with(("seal-name", "dc")),
        with(("seal-namespace", "Prod")),
        with(("seal-scope", "namespace-wide")),
        with(("more", "")),
    ] {
        let answer = kms.unwrap(&key, &other, &blob).await;
        assert_eq!(fault(answer), KmsFault::BadWrap, "{other:?}");
    }
    assert!(kms.unwrap(&key, &context(), &blob).await.is_ok());
}

#[tokio::test]
async fn what_was_changed_or_is_another_key_s_does_not_open() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let (key, blob) = bed.wrapped(&kms).await;
    for place in [blob.len() / 2, blob.len() - 1] {
        let mut tampered = blob.clone();
        tampered[place] ^= 1;
        let answer = kms.unwrap(&key, &context(), &tampered).await;
        assert_eq!(fault(answer), KmsFault::BadWrap, "byte {place}");
    }
    let cut = kms.unwrap(&key, &context(), &blob[..blob.len() - 1]).await;
    assert_eq!(fault(cut), KmsFault::BadWrap);

    let (other, _) = bed.wrapped(&kms).await;
    let answer = kms.unwrap(&other, &context(), &blob).await.unwrap_err();
    assert_eq!(answer.fault, KmsFault::BadWrap);
    let text = answer.to_string();
    assert!(text.contains(&other.to_string()), "{text}");
    assert!(text.contains("kms:Decrypt"), "{text}");
    assert!(!answer.is_transient());
}

#[tokio::test]
async fn keys_that_are_not_there() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let (key, blob) = bed.wrapped(&kms).await;
    let gone = "12345678-1234-1234-1234-123456789012";
    for text in ["alias/nobody-made-it", gone] {
        let answer = kms.wrap(&name(text), &context(), DATA_KEY).await;
        assert_eq!(fault(answer), KmsFault::NotFound, "{text}");
    }
    let gone: KeyArn = key.to_string().replace(key.key_id(), gone).parse().unwrap();
    let answer = kms.wrap(&gone.into(), &context(), DATA_KEY).await;
    assert_eq!(fault(answer), KmsFault::NotFound);
    let elsewhere = key.in_region("eu-west-1").unwrap();
    let answer = kms.unwrap(&elsewhere, &context(), &blob).await;
    assert_ne!(fault(answer), KmsFault::Unavailable);
}

#[tokio::test]
async fn a_call_goes_to_the_region_in_the_name() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let (here, blob) = bed.wrapped(&kms).await;
    let away = bed.aws.in_region("eu-west-1");
    let key: KeyArn = away.create_symmetric_key().unwrap().parse().unwrap();
    let alias = away.create_alias("away", key.key_id()).unwrap();
    for text in [key.to_string(), alias] {
        let (arn, blob) = kms.wrap(&name(&text), &context(), DATA_KEY).await.unwrap();
        assert_eq!((&arn, arn.region()), (&key, "eu-west-1"));
        assert!(kms.unwrap(&arn, &context(), &blob).await.is_ok());
    }
    let local = kms.wrap(&name("alias/away"), &context(), DATA_KEY).await;
    assert_eq!(fault(local), KmsFault::NotFound);
    assert!(kms.unwrap(&here, &context(), &blob).await.is_ok());
}

#[tokio::test]
async fn a_symmetric_key_has_no_public_half() {
    let bed = Bed::on(&MOTO);
    let answer = bed.kms().public_key(&bed.symmetric_key().into()).await;
    let error = answer.unwrap_err();
    assert_eq!(error.fault, KmsFault::WrongKeyKind);
    assert!(error.to_string().contains("RSA_4096"), "{error}");
}

#[tokio::test]
async fn only_multi_region_keys_move_to_the_region_of_replicas() {
    let bed = Bed::on(&MOTO);
    let (key, blob) = bed.wrapped(&bed.kms()).await;
    let kms = Kms::new(KmsOptions {
        region_of_replicas: Some("eu-west-1".into()),
        ..bed.options()
    });
    assert!(kms.unwrap(&key, &context(), &blob).await.is_ok());

    let mrk = format!(
        "arn:aws:kms:{REGION}:000000000000:key/mrk-{}",
        "0a".repeat(16)
    );
    let error = kms.unwrap(&mrk.parse().unwrap(), &context(), &blob).await;
    let error = error.unwrap_err();
    let replica = mrk.replace(REGION, "eu-west-1");
    assert_eq!(error.key, replica);
    let asked: Vec<_> = bed.proxy.requests("Decrypt").into_iter().collect();
    assert_eq!(asked[0]["KeyId"], key.to_string());
    assert_eq!(asked[1]["KeyId"], replica);
    // Wrapping stays where the name says.
    let _ = kms.wrap(&name(&mrk), &context(), DATA_KEY).await;
    assert_eq!(bed.proxy.requests("Encrypt").last().unwrap()["KeyId"], mrk);
}

#[tokio::test]
async fn a_private_key_fits_and_more_is_not_even_sent() {
    let bed = Bed::on(&MOTO);
    let (kms, key) = (bed.kms(), name(&bed.symmetric_key().to_string()));
    let longest = [7; Kms::LONGEST];
    let (arn, blob) = kms.wrap(&key, &context(), &longest).await.unwrap();
    let opened = kms.unwrap(&arn, &context(), &blob).await.unwrap();
    assert_eq!(opened.as_slice(), longest);
    let more = kms.wrap(&key, &context(), &[7; Kms::LONGEST + 1]).await;
    assert_eq!(fault(more), KmsFault::TooLong);
    assert_eq!(bed.proxy.calls("Encrypt"), 1);
}
