//! Project Wycheproof's vectors for RSA-OAEP with SHA-256 in both places: labels, padding and
//! integer edge cases. 2048 bits and more; smaller keys must be refused when imported.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use seal_keys::{Identity as _, PrivateKey, PrivateKeyError, RsaIdentity};
use wycheproof::rsa_oaep::{TestGroup, TestName, TestSet};
use wycheproof::{HashFunction, TestResult};

/// Counts of vectors that opened and that were refused.
#[derive(Default, Debug)]
struct Tally {
    opened: usize,
    refused: usize,
    labelled: usize,
    small_keys: usize,
}

fn is_ours(group: &TestGroup) -> bool {
    group.hash == HashFunction::Sha2_256 && group.mgf_hash == HashFunction::Sha2_256
}

fn run(name: TestName) -> Tally {
    let mut tally = Tally::default();
    let set = TestSet::load(name).unwrap();
    for group in set.test_groups.iter().filter(|group| is_ours(group)) {
        let key = PrivateKey::from_pem(group.pem.as_bytes()).unwrap();
        if group.key_size < 2048 {
            assert_eq!(
                RsaIdentity::new(&key).err(),
                Some(PrivateKeyError::NotUsable)
            );
            tally.small_keys += 1;
            continue;
        }
        let identity = RsaIdentity::new(&key).unwrap();
        for test in &group.tests {
            let opened = identity.unwrap(&test.ct, &test.label).ok();
            match test.result {
                // A ciphertext that is a tiny number shows a broken sealer; refusing it is fine.
                TestResult::Acceptable if opened.is_none() => tally.refused += 1,
                TestResult::Valid | TestResult::Acceptable => {
                    let opened = opened.map(|bytes| bytes.to_vec());
                    assert_eq!(
                        opened.as_deref(),
                        Some(test.pt.as_slice()),
                        "{}",
                        test.tc_id
                    );
                    tally.opened += 1;
                    tally.labelled += usize::from(!test.label.is_empty());
                }
                TestResult::Invalid => {
                    assert!(opened.is_none(), "{}: {}", test.tc_id, test.comment);
                    tally.refused += 1;
                }
            }
        }
    }
    tally
}

#[test]
fn oaep_with_sha_256() {
    for name in [
        TestName::Rsa2048Sha256Mgf1Sha256,
        TestName::Rsa3072Sha256Mgf1Sha256,
        TestName::Rsa4096Sha256Mgf1Sha256,
    ] {
        let tally = run(name);
        assert!(
            tally.opened >= 10 && tally.refused >= 10,
            "{name:?}: {tally:?}"
        );
        assert!(tally.labelled >= 3, "{name:?}: {tally:?}");
    }
}

#[test]
fn oaep_edge_cases_of_keys() {
    let tally = run(TestName::RsaMisc);
    assert!(tally.opened >= 20 && tally.small_keys == 2, "{tally:?}");
}
