//! Project Wycheproof's AES-256-GCM vectors.
//!
//! The format fixes the nonce (twelve zero bytes) and has no additional data, so [`SessionKey`]
//! itself can only run the vectors that do the same. The others run through the very cipher that
//! it stands on, at the same version: they show that the build on this machine (AES-NI or not) is
//! sound.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use seal_format::SessionKey;
use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

fn vectors() -> Vec<Test> {
    let groups = TestSet::load(TestName::AesGcm).unwrap().test_groups;
    let ours = groups
        .into_iter()
        .filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128));
    ours.flat_map(|group| group.tests).collect()
}

fn check(test: &Test, opened: Option<&[u8]>) {
    if test.result == TestResult::Invalid {
        assert_eq!(opened, None, "{}: {}", test.tc_id, test.comment);
    } else {
        let plaintext = Some(test.pt.as_slice());
        assert_eq!(opened, plaintext, "{}: {}", test.tc_id, test.comment);
    }
}

fn payload(test: &Test) -> Vec<u8> {
    [test.ct.as_slice(), test.tag.as_slice()].concat()
}

#[test]
fn the_cipher_passes_all() {
    let vectors = vectors();
    let invalid = vectors
        .iter()
        .filter(|test| test.result.must_fail())
        .count();
    assert!(
        vectors.len() > 60 && invalid > 20,
        "{} {invalid}",
        vectors.len()
    );
    for test in &vectors {
        let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
        let message = payload(test);
        let message = Payload {
            msg: &message,
            aad: &test.aad,
        };
        let opened = cipher.decrypt(Nonce::from_slice(&test.nonce), message).ok();
        check(test, opened.as_deref());
    }
}

#[test]
fn session_keys_pass_what_has_the_zero_nonce() {
    for test in vectors() {
        let zero = test.nonce.iter().all(|byte| *byte == 0) && test.aad.is_empty();
        let key = SessionKey::from_unwrapped(&test.key).unwrap();
        let opened = key.open(&payload(&test)).ok();
        if zero {
            check(&test, opened.as_ref().map(|bytes| bytes.as_slice()));
        } else {
            assert!(
                opened.is_none(),
                "{}: sealed with another nonce",
                test.tc_id
            );
        }
    }
}
