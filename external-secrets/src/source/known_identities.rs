//! As whom stores are asked, as far as that was read lately: of many who ask at once one reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_identity::Identity;
use external_data::StoreName;
use operator_kit::secret_watch::SecretName;
use tokio::time::Instant;

use super::who::WhoError;

/// How long an answer counts. Changes of Secrets are told by the watch; service accounts are not watched.
const COUNTS: Duration = Duration::from_mins(1);
/// The same for what people are about to mend.
const FAILURE_COUNTS: Duration = Duration::from_secs(5);
/// From so many on, those of stores that are gone are looked for.
const FEW: usize = 64;

/// A store, and the namespace whose it is, or for which it is asked if it depends on that; else nothing.
pub(crate) type Question = (StoreName, String);

/// Uid and generation of the store.
type StoreVersion = (String, i64);

/// What was read lately.
#[derive(Default)]
pub(crate) struct KnownIdentities(Mutex<Slots>);

#[derive(Default)]
struct Slots {
    slots: HashMap<Question, Arc<Slot>>,
    /// From so many on they are looked through.
    many: usize,
}

#[derive(Default)]
struct Slot {
    /// Whose turn it is to read.
    turn: tokio::sync::Mutex<()>,
    known: Mutex<Option<Known>>,
    reading: Mutex<Option<Looked>>,
}

/// What whoever reads has looked at so far.
#[derive(Default)]
struct Looked {
    secrets: Vec<SecretName>,
    /// One of them changed since: nobody knows what was read.
    changed: bool,
}

/// Is told which Secrets are looked at, before they are.
pub(super) struct Reading<'a>(&'a Slot);

impl Reading<'_> {
    pub(super) fn looks_at(&self, secret: SecretName) {
        let mut reading = self.0.reading();
        let secrets = &mut reading.get_or_insert_default().secrets;
        if !secrets.contains(&secret) {
            secrets.push(secret);
        }
    }
}

struct Known {
    store: StoreVersion,
    until: Instant,
    secrets: Vec<SecretName>,
    answer: Result<Identity, WhoError>,
}

impl KnownIdentities {
    /// The answer for the store in this version; `read` asks the API server, and says which Secrets it looks at.
    /// `exists` says whether a question can still be asked.
    pub(super) async fn answer(
        &self,
        question: &Question,
        version: StoreVersion,
        read: impl AsyncFnOnce(&Reading<'_>) -> Result<Identity, WhoError>,
        exists: impl Fn(&Question) -> bool,
    ) -> Result<Identity, WhoError> {
        let slot = self.slot(question, exists);
        if let Some(answer) = slot.current(&version) {
            return answer;
        }
        let _turn = slot.turn.lock().await;
        if let Some(answer) = slot.current(&version) {
            return answer;
        }
        // Whoever read before may have been dropped in the middle.
        *slot.reading() = None;
        let answer = read(&Reading(&slot)).await;
        // Until here the watch marks what is being read, from here on what is known.
        let mut known = slot.known();
        let Looked { secrets, changed } = slot.reading().take().unwrap_or_default();
        let counts = match &answer {
            _ if changed => Duration::ZERO,
            Ok(_) => COUNTS,
            Err(error) if error.is_transient() => Duration::ZERO,
            Err(_) => FAILURE_COUNTS,
        };
        *known = Some(Known {
            store: version,
            until: Instant::now() + counts,
            secrets,
            answer: answer.clone(),
        });
        answer
    }

    /// The Secret changed: stores whose credentials are in it, and for whom they were asked, are read anew.
    pub(crate) fn secret_changed(&self, secret: &SecretName) -> Vec<Question> {
        let slots = self.slots();
        let concerned = slots.slots.iter().filter(|(_, slot)| {
            let (mut known, mut reading) = (slot.known(), slot.reading());
            let reading = reading.as_mut();
            let reading = reading.filter(|looked| looked.secrets.contains(secret));
            let is_read = reading.map(|looked| looked.changed = true).is_some();
            let known = known.as_mut();
            let known = known.filter(|known| known.secrets.contains(secret));
            // Whose it was stays known: it may change again before it is read.
            let is_known = known.map(|known| known.until = Instant::now()).is_some();
            is_read || is_known
        });
        concerned.map(|(question, _)| question.clone()).collect()
    }

    fn slot(&self, question: &Question, exists: impl Fn(&Question) -> bool) -> Arc<Slot> {
        let mut slots = self.slots();
        if let Some(slot) = slots.slots.get(question) {
            return slot.clone();
        }
        if slots.slots.len() >= slots.many.max(FEW) {
            slots.slots.retain(|question, _| exists(question));
            slots.many = slots.slots.len() * 2;
        }
        slots.slots.entry(question.clone()).or_default().clone()
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn current(&self, version: &StoreVersion) -> Option<Result<Identity, WhoError>> {
        let known = self.known();
        let known = known.as_ref()?;
        (known.store == *version && known.until > Instant::now()).then(|| known.answer.clone())
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locked after [`Self::known`], if both are.
    fn reading(&self) -> MutexGuard<'_, Option<Looked>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_identity::Base;
    use seal_api::external_secrets::StoreKind;

    use super::*;

    fn question(name: &str) -> Question {
        let kind = StoreKind::SecretStore;
        let name = name.to_owned();
        (StoreName { kind, name }, "shop".to_owned())
    }

    /// What a bed has read.
    #[derive(Default)]
    struct Reads(AtomicUsize);

    impl Reads {
        async fn ask(&self, known: &KnownIdentities, name: &str, generation: i64, fails: bool) {
            let version = ("uid".to_owned(), generation);
            let read = async |reading: &Reading<'_>| {
                reading.looks_at(("shop".to_owned(), "keys".to_owned()));
                tokio::task::yield_now().await;
                self.0.fetch_add(1, Ordering::Relaxed);
                if fails {
                    Err(WhoError::OtherNamespace)
                } else {
                    Ok(Identity::of(Base::Process))
                }
            };
            let exists = |(store, _): &Question| store.name != "gone";
            let answer = known.answer(&question(name), version, read, exists).await;
            assert_eq!(answer.is_err(), fails);
        }

        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_reads_for_all_until_something_changes() {
        let (known, reads) = (KnownIdentities::default(), Reads::default());
        let ask = |generation, fails| reads.ask(&known, "aws", generation, fails);
        tokio::join!(ask(1, false), ask(1, false), ask(1, false));
        assert_eq!(reads.count(), 1);
        ask(2, false).await;
        assert_eq!(reads.count(), 2);
        let [keys, other] = ["keys", "other"].map(|name| ("shop".to_owned(), name.to_owned()));
        assert_eq!(known.secret_changed(&other), []);
        for _ in 0..2 {
            assert_eq!(known.secret_changed(&keys), [question("aws")]);
        }
        ask(2, true).await;
        ask(2, true).await;
        assert_eq!(reads.count(), 3);
        tokio::time::advance(FAILURE_COUNTS).await;
        ask(2, false).await;
        tokio::time::advance(FAILURE_COUNTS).await;
        ask(2, false).await;
        assert_eq!(reads.count(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_while_it_is_read_is_read_again() {
        for (name, concerned, read) in [("other", 0, 1), ("keys", 1, 2)] {
            let (known, reads) = (KnownIdentities::default(), Reads::default());
            let ask = || reads.ask(&known, "aws", 1, false);
            let secret = ("shop".to_owned(), name.to_owned());
            let change = async { known.secret_changed(&secret).len() };
            // Polled in this order: the Secret changes after it was looked at, and before the answer.
            let ((), woken) = tokio::join!(ask(), change);
            assert_eq!(woken, concerned, "{name}");
            for _ in 0..2 {
                ask().await;
                assert_eq!(reads.count(), read, "{name}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_gone_is_forgotten() {
        let (known, reads) = (KnownIdentities::default(), Reads::default());
        reads.ask(&known, "gone", 1, false).await;
        for number in 0..FEW {
            reads.ask(&known, &number.to_string(), 1, false).await;
        }
        let slots = known.slots();
        assert_eq!(slots.slots.len(), FEW);
        assert!(!slots.slots.contains_key(&question("gone")));
    }
}
