//! Wraps of data keys: what comes back, and what SE1's strict reading refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::HashSet;
use std::io::Write as _;

use age::secrecy::SecretString;
use age::{DecryptError, EncryptError, Encryptor, Recipient, x25519};
use age_core::format::{FileKey, Stanza};
use proptest::prelude::*;
use seal_age::{
    AgeIdentity, AgeRecipient, StanzaType, UnwrapError, WrapError, stanza_type, unwrap_with,
    wrap_for,
};

const DATA_KEY: &[u8] = b"seal/se1 and thirty-two random bytes....";

fn wrapped_for(recipients: &[&dyn Recipient], payload: &[u8]) -> Vec<u8> {
    let encryptor = Encryptor::with_recipients(recipients.iter().copied()).unwrap();
    let mut wrap = Vec::new();
    let mut writer = encryptor.wrap_output(&mut wrap).unwrap();
    writer.write_all(payload).unwrap();
    writer.finish().unwrap();
    wrap
}

#[test]
fn a_wrap_opens_for_its_recipient_only() {
    let ours = x25519::Identity::generate();
    let recipient = AgeRecipient::parse(&ours.to_public().to_string()).unwrap();
    let wrap = recipient.wrap(DATA_KEY).unwrap();
    assert_eq!(*unwrap_with(&ours, &wrap).unwrap(), DATA_KEY);
    let theirs = x25519::Identity::generate();
    assert_eq!(
        unwrap_with(&theirs, &wrap).err(),
        Some(UnwrapError::NotOurs)
    );
}

#[test]
fn a_parsed_identity_opens_behind_the_trait() {
    use age::secrecy::ExposeSecret as _;
    use seal_keys::Identity as _;
    let generated = x25519::Identity::generate();
    let ours = AgeIdentity::parse(generated.to_string().expose_secret()).unwrap();
    let recipient = AgeRecipient::parse(&ours.recipient_name()).unwrap();
    let wrap = recipient.wrap(DATA_KEY).unwrap();
    assert_eq!(*ours.unwrap(&wrap, b"").unwrap(), DATA_KEY);
    assert!(ours.unwrap(&wrap, b"label").is_err());
}

#[test]
fn every_wrap_has_one_stanza_of_its_type() {
    let tagged = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";
    let native = x25519::Identity::generate().to_public().to_string();
    for (text, expected, post_quantum) in [
        (native, StanzaType::X25519, false),
        (tagged.to_owned(), StanzaType::P256Tag, false),
        (hybrid_tag(), StanzaType::MlKem768P256Tag, true),
    ] {
        let recipient = AgeRecipient::parse(&text).unwrap();
        assert_eq!(recipient.name(), text);
        assert_eq!(recipient.is_post_quantum(), post_quantum);
        let wrap = recipient.wrap(DATA_KEY).unwrap();
        let told = stanza_type(&wrap);
        assert_eq!(told.as_ref(), Some(&expected), "{text}");
        assert_eq!(told.unwrap().is_post_quantum(), post_quantum);
    }
}

/// An `age1tagpq1…` of an ML-KEM key of zeros, which is valid, and a P-256 key's point.
fn hybrid_tag() -> String {
    let point = "04\
        6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
        4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    let bytes = (0..point.len() / 2)
        .map(|i| u8::from_str_radix(&point[2 * i..2 * i + 2], 16).unwrap())
        .collect::<Vec<_>>();
    bech32("age1tagpq", &[vec![0; 1184], bytes].concat())
}

fn bech32(prefix: &str, bytes: &[u8]) -> String {
    let prefix = bech32::Hrp::parse(prefix).unwrap();
    age_core::primitives::bech32_encode(prefix, bytes)
}

#[test]
fn points_that_everybody_could_open_for_are_refused() {
    // Zero, one, and a point of order eight (RFC 7748 §6.1 asks for the check).
    let order_eight: [u8; 32] = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    let one = std::array::from_fn(|i| u8::from(i == 0));
    for point in [[0; 32], one, order_eight] {
        let text = bech32("age", &point);
        assert!(
            text.parse::<x25519::Recipient>().is_ok(),
            "the library takes it"
        );
        assert!(AgeRecipient::parse(&text).is_err(), "{text}");
    }
}

/// A recipient that gives the stanzas it is told.
struct Gives(Vec<(&'static str, &'static [&'static str], usize)>);

impl Recipient for Gives {
    fn wrap_file_key(&self, _: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let stanzas = self.0.iter().map(|&(tag, args, body)| Stanza {
            tag: tag.into(),
            args: args.iter().map(|&arg| arg.into()).collect(),
            body: vec![7; body],
        });
        Ok((stanzas.collect(), HashSet::new()))
    }
}

#[test]
fn a_recipient_must_give_one_stanza() {
    let outcome = |gives: &[_]| match wrap_for(&Gives(gives.to_vec()), DATA_KEY) {
        Ok(wrap) => stanza_type(&wrap).unwrap().as_str().to_owned(),
        Err(error) => format!("{error:?}"),
    };
    let stanza = ("a", ["b"].as_slice(), 32);
    let grease = ("x-grease", [].as_slice(), 64);
    for (gives, expected) in [
        (vec![stanza], "a"),
        (vec![grease, stanza, grease], "a"),
        (vec![], "NotOneStanza(0)"),
        (vec![grease], "NotOneStanza(0)"),
        (vec![stanza, grease, stanza], "NotOneStanza(2)"),
        (vec![("a b\n", [].as_slice(), 3)], "BadStanza"),
        (vec![("", [].as_slice(), 3)], "BadStanza"),
    ] {
        assert_eq!(outcome(&gives), expected, "{gives:?}");
    }
}

#[test]
fn a_passphrase_is_no_recipient() {
    let mut passphrase = age::scrypt::Recipient::new(SecretString::from("secret".to_owned()));
    passphrase.set_work_factor(1);
    assert!(matches!(
        wrap_for(&passphrase, DATA_KEY),
        Err(WrapError::Passphrase)
    ));
}

#[test]
fn a_data_key_is_short() {
    let ours = x25519::Identity::generate();
    let wrap = wrap_for(&ours.to_public(), &[7; 64]).unwrap();
    assert_eq!(*unwrap_with(&ours, &wrap).unwrap(), [7; 64]);
    assert!(matches!(
        wrap_for(&ours.to_public(), &[7; 65]),
        Err(WrapError::DataKeyTooLong)
    ));
    for length in [65, 65_536, 200_000] {
        let wrap = wrapped_for(&[&ours.to_public()], &vec![7; length]);
        let outcome = unwrap_with(&ours, &wrap);
        assert_eq!(outcome.err(), Some(UnwrapError::BadWrap), "{length}");
    }
}

#[test]
fn the_strict_reading_refuses() {
    let ours = x25519::Identity::generate();
    let other = x25519::Identity::generate();
    let wrap = wrapped_for(&[&ours.to_public()], DATA_KEY);
    let edited = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut edited = wrap.clone();
        edit(&mut edited);
        edited
    };
    let mac_line = wrap.windows(4).position(|part| part == b"--- ").unwrap();
    for (name, blob) in [
        ("empty", Vec::new()),
        (
            "two recipients",
            wrapped_for(&[&ours.to_public(), &other.to_public()], DATA_KEY),
        ),
        (
            "the same twice",
            wrapped_for(&[&ours.to_public(), &ours.to_public()], DATA_KEY),
        ),
        (
            "armored",
            age::encrypt_and_armor(&ours.to_public(), DATA_KEY)
                .unwrap()
                .into(),
        ),
        ("appended", edited(&|blob| blob.push(0))),
        (
            "another wrap appended",
            edited(&|blob| blob.extend_from_slice(&wrap)),
        ),
        ("cut off", edited(&|blob| blob.truncate(blob.len() - 1))),
        (
            "payload flipped",
            edited(&|blob| *blob.last_mut().unwrap() ^= 1),
        ),
        ("MAC flipped", edited(&|blob| blob[mac_line + 4] ^= 1)),
        ("version 2", edited(&|blob| blob[20] = b'2')),
        ("CRLF", edited(&|blob| blob.insert(21, b'\r'))),
        ("line feed first", edited(&|blob| blob.insert(0, b'\n'))),
        (
            "stanza added",
            edited(&|blob| {
                let rest = blob.split_off(22);
                blob.extend_from_slice(b"-> a\nAAAA\n");
                blob.extend_from_slice(&rest);
            }),
        ),
        (
            "grease added",
            edited(&|blob| {
                let rest = blob.split_off(22);
                blob.extend_from_slice(b"-> a-grease\nAAAA\n");
                blob.extend_from_slice(&rest);
            }),
        ),
    ] {
        let outcome = unwrap_with(&ours, &blob);
        assert_eq!(outcome.err(), Some(UnwrapError::BadWrap), "{name}");
    }
}

#[test]
fn a_passphrase_wrap_is_refused_unasked() {
    let passphrase = SecretString::from("secret".to_owned());
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(1);
    let wrap = wrapped_for(&[&recipient], DATA_KEY);
    let identity = age::scrypt::Identity::new(passphrase);
    assert_eq!(
        unwrap_with(&identity, &wrap).err(),
        Some(UnwrapError::BadWrap)
    );
}

#[test]
fn an_identity_sees_one_stanza_and_no_grease() {
    struct Sees(std::cell::RefCell<Vec<String>>);
    impl age::Identity for Sees {
        fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
            self.0.borrow_mut().push(stanza.tag.clone());
            None
        }
    }
    let gives = Gives(vec![
        ("x-grease", &[], 3),
        ("a", &["b"], 32),
        ("y-grease", &[], 3),
    ]);
    let wrap = wrap_for(&gives, DATA_KEY).unwrap();
    let sees = Sees(Vec::new().into());
    assert_eq!(unwrap_with(&sees, &wrap).err(), Some(UnwrapError::NotOurs));
    assert_eq!(*sees.0.borrow(), ["a"]);
}

#[test]
fn an_identity_that_fails_is_a_bad_wrap() {
    // Its stanza is ours by type, and breaks the rules for that type.
    let wrap = wrap_for(&Gives(vec![("X25519", &["AAAA"], 32)]), DATA_KEY).unwrap();
    let ours = x25519::Identity::generate();
    assert_eq!(unwrap_with(&ours, &wrap).err(), Some(UnwrapError::BadWrap));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let ours = x25519::Identity::generate();
        prop_assert!(unwrap_with(&ours, &bytes).is_err());
        prop_assert!(seal_age::open_file(&[&ours], &bytes).is_err());
        prop_assert!(stanza_type(&bytes).is_none());
    }

    #[test]
    fn any_edit_is_refused_without_a_panic(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let ours = x25519::Identity::generate();
        let wrap = wrapped_for(&[&ours.to_public()], DATA_KEY);
        let mut edited = wrap.clone();
        let at = at.index(edited.len());
        if cut { edited.truncate(at) } else { edited[at] = byte }
        prop_assert_eq!(unwrap_with(&ours, &edited).is_ok(), edited == wrap);
    }

    #[test]
    fn any_header_is_read_without_a_panic(text in "(-> ?[ -~]{0,20}\n[A-Za-z0-9+/=]{0,70}\n){0,4}(--- [A-Za-z0-9+/]{43}\n)?") {
        let file = format!("age-encryption.org/v1\n{text}0123456789abcdef");
        let ours = x25519::Identity::generate();
        let _ = stanza_type(file.as_bytes());
        prop_assert!(unwrap_with(&ours, file.as_bytes()).is_err());
        prop_assert!(seal_age::open_file(&[&ours], file.as_bytes()).is_err());
    }

    #[test]
    fn any_key_that_parses_wraps_without_a_panic(
        prefix in prop::sample::select(vec!["age", "age1tag", "age1tagpq", "age1pq", "age1x"]),
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 32),
            proptest::collection::vec(any::<u8>(), 33),
            proptest::collection::vec(any::<u8>(), 1249),
            proptest::collection::vec(0..4_u8, 1249),
        ],
    ) {
        if let Ok(recipient) = AgeRecipient::parse(&bech32(prefix, &bytes)) {
            prop_assert!(recipient.wrap(DATA_KEY).is_ok());
        }
    }

    #[test]
    fn any_text_is_parsed_without_a_panic(text in "(age|AGE|ssh|AGE-SECRET-KEY-)?1?[ -~]{0,80}") {
        let _ = AgeRecipient::parse(&text);
        let _ = AgeIdentity::parse(&text);
    }
}
