//! An emulator behind the proxy.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use secrets_manager::{
    Answered, CallObserver, Checked, Operation, Saved, SecretsFault, SecretsManager,
    SecretsOptions, SharedLimits, SharedValues, Version,
};
use testkit::aws::{Emulator, FaultProxy, Kind, REGION};
use tokio::time::Instant;

pub(crate) struct Aws {
    pub(crate) emulator: Emulator,
    pub(crate) proxy: FaultProxy,
    pub(crate) counts: Arc<Counts>,
}

impl Aws {
    pub(crate) fn start() -> Self {
        Self::of(Kind::Moto)
    }

    pub(crate) fn of(kind: Kind) -> Self {
        let emulator = Emulator::start(kind).unwrap();
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        Self {
            emulator,
            proxy,
            counts: Arc::default(),
        }
    }

    pub(crate) fn manager(&self) -> SecretsManager {
        SecretsManager::new(SecretsOptions {
            endpoint: Some(self.proxy.url().to_owned()),
            credentials: Some(SharedCredentialsProvider::new(Credentials::new(
                "testing", "testing", None, None, "test",
            ))),
            observer: Some(self.counts.clone()),
            ..SecretsOptions::new(REGION)
        })
    }

    pub(crate) fn shared(&self) -> SharedValues {
        self.shared_with(|_| {})
    }

    /// Tries again at once what failed.
    pub(crate) fn shared_impatient(&self) -> SharedValues {
        self.shared_with(|limits| limits.retry = (Duration::ZERO, Duration::ZERO))
    }

    fn shared_with(&self, change: impl FnOnce(&mut SharedLimits)) -> SharedValues {
        // The emulators have no limit, and questions are not to miss each other on a busy machine.
        let mut limits = SharedLimits {
            per_second: 10_000,
            gather: Duration::from_millis(100),
            ..SharedLimits::default()
        };
        change(&mut limits);
        SharedValues::new(self.manager(), limits)
    }

    pub(crate) fn secrets(&self, count: usize) -> Vec<String> {
        let names: Vec<_> = (0..count).map(|number| format!("prod/{number}")).collect();
        for name in &names {
            let value = format!("value of {name}");
            self.emulator
                .secrets()
                .create_secret(name, value.as_str(), &[])
                .unwrap();
        }
        names
    }

    /// Calls since the last look at them.
    pub(crate) fn calls(&self) -> Vec<(String, usize)> {
        let calls = self.proxy.all_calls().into_iter().collect();
        self.proxy.forget_calls();
        calls
    }
}

/// What the observer was told.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<String, usize>>);

impl Counts {
    pub(crate) fn of(&self, what: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .get(what)
            .copied()
            .unwrap_or_default()
    }

    fn count(&self, what: String) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }
}

impl CallObserver for Counts {
    fn called(&self, operation: Operation, fault: Option<&SecretsFault>, elapsed: Duration) {
        assert!(elapsed > Duration::ZERO);
        self.count(operation.name().to_owned());
        if let Some(fault) = fault {
            self.count(format!("{}: {fault}", operation.name()));
        }
    }

    fn saved(&self, how: Saved) {
        self.count(how.name().to_owned());
    }
}

pub(crate) fn text(answer: &Answered) -> &str {
    answer.as_ref().unwrap().text.as_ref().unwrap()
}

/// Surely after everything so far.
pub(crate) fn later() -> Instant {
    Instant::now() + Duration::from_nanos(1)
}

/// Asks for all of them at the same time.
pub(crate) async fn all(shared: &SharedValues, keys: &[String], since: Instant) -> Vec<Answered> {
    let questions = keys.iter().map(|key| {
        let (shared, key) = (shared.clone(), key.clone());
        tokio::spawn(async move { shared.value(&key, &Version::default(), since).await })
    });
    let mut answers = Vec::new();
    for question in questions.collect::<Vec<_>>() {
        answers.push(question.await.unwrap());
    }
    answers
}

/// Nothing is unsure; what changed.
pub(crate) fn changed(checked: Checked) -> Vec<String> {
    assert!(checked.unsure.is_empty(), "{checked:?}");
    checked.changed
}

/// So many calls of one operation, as [`Aws::calls`] shows them.
pub(crate) fn call(operation: &str, calls: usize) -> Vec<(String, usize)> {
    vec![(operation.to_owned(), calls)]
}
