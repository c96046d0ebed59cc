//! What the tests stand on: the emulators, started once for all, and a client of ours.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use seal_kms::{KeyArn, KeyName, Kms, KmsError, KmsFault, KmsOptions, Retries, StaticCredentials};
use testkit::aws::{Emulator, FaultProxy, Kind, REGION};
use zeroize::Zeroizing;

/// For symmetric keys.
pub(crate) static MOTO: LazyLock<Emulator> =
    LazyLock::new(|| Emulator::start(Kind::Moto).expect("moto starts"));

/// For RSA keys and for states of keys.
pub(crate) static MINISTACK: LazyLock<Emulator> =
    LazyLock::new(|| Emulator::start(Kind::Ministack).expect("ministack starts"));

/// Forty bytes, as SE1 wraps them.
pub(crate) const DATA_KEY: &[u8; 40] = b"seal/se1-the-data-key-is-a-canary-thing-";

/// An emulator behind a proxy of the test's own.
pub(crate) struct Bed {
    pub(crate) aws: testkit::aws::Kms,
    pub(crate) proxy: FaultProxy,
}

impl Bed {
    pub(crate) fn on(emulator: &Emulator) -> Self {
        Self {
            aws: emulator.kms(),
            proxy: FaultProxy::start(emulator.url()).expect("the proxy starts"),
        }
    }

    /// One attempt for each call.
    pub(crate) fn options(&self) -> KmsOptions {
        KmsOptions {
            credentials: Some(StaticCredentials {
                access_key_id: "testing".into(),
                secret_access_key: Zeroizing::new("testing".into()),
                session_token: None,
            }),
            endpoint: Some(self.proxy.url().to_owned()),
            region: Some(REGION.to_owned()),
            retries: Retries::None,
            attempt_timeout: Duration::from_secs(30),
            ..KmsOptions::default()
        }
    }

    pub(crate) fn kms(&self) -> Kms {
        Kms::new(self.options())
    }

    pub(crate) fn symmetric_key(&self) -> KeyArn {
        self.aws.create_symmetric_key().unwrap().parse().unwrap()
    }

    pub(crate) fn rsa_key(&self, bits: u32) -> KeyArn {
        self.aws.create_rsa_key(bits).unwrap().parse().unwrap()
    }

    /// A new symmetric key, and the data key wrapped with it.
    pub(crate) async fn wrapped(&self, kms: &Kms) -> (KeyArn, Vec<u8>) {
        let key = self.symmetric_key();
        kms.wrap(&key.into(), &context(), DATA_KEY).await.unwrap()
    }
}

/// As SE1 makes it for a strict object.
pub(crate) fn context() -> BTreeMap<String, String> {
    context_of(&[
        ("seal-format", "se1"),
        ("seal-scope", "strict"),
        ("seal-namespace", "prod"),
        ("seal-name", "db"),
    ])
}

pub(crate) fn context_of(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    entries.iter().map(owned).collect()
}

pub(crate) fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

#[track_caller]
pub(crate) fn fault<T: std::fmt::Debug>(answer: Result<T, KmsError>) -> KmsFault {
    answer.expect_err("a failure").fault
}
