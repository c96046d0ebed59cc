//! Where values come from: AWS Secrets Manager, shared by all who ask as the same identity in the same
//! region.

mod known_identities;
mod sweep;
mod tokens;
mod who;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_edge::{CallFault, CredentialsFault};
use aws_identity::{Base, Identities, Identity};
use jiff::SignedDuration;
use secrets_manager::{
    KeyBudget, SecretsError, SecretsFault, SecretsManager, SecretsOptions, SharedLimits,
    SharedValues, ValueBudget,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::metrics::AwsCalls;
use crate::objects::{Id, Key};
use crate::passes::News;
use crate::reconcile::Context;
use crate::stores::AnyStore;
use crate::sync_error::FetchReason;
pub(crate) use known_identities::KnownIdentities;
use sweep::Hurry;
pub(crate) use tokens::ServiceAccountTokens;
pub(crate) use who::WhoError;

/// Who asks, of the cluster's side.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    /// The ExternalSecret.
    pub(crate) key: &'a Id,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// How old its values may become; `None` if they are never looked at again.
    pub(crate) interval: Option<SignedDuration>,
}

/// One identity in one region.
pub(crate) struct Source {
    place: Place,
    identities: Identities,
    values: SharedValues,
    users: Mutex<Users>,
    hurry: Hurry,
}

/// An identity and a region.
type Place = (Identity, String);

/// Identities, in regions, that the stores of one namespace may be at a time. Each costs about 200 KiB, and who
/// writes stores shares the process with others.
const MOST: usize = 100;

/// A namespace has more stores of different identities than one may have.
#[derive(Debug, thiserror::Error)]
#[error(
    "objects of this namespace would ask AWS as more than {MOST} different identities and regions; let its stores \
     share them"
)]
pub(crate) struct TooManyIdentities;

/// How long values and credentials stay that nobody stands on.
const UNUSED: Duration = Duration::from_mins(10);

/// Who stands on what, and how fresh it has to be.
type Users = HashMap<Id, Use>;

struct Use {
    /// In order, each once.
    keys: Box<[Box<str>]>,
    interval: Duration,
}

/// All sources.
pub(crate) struct Sources {
    pub(crate) identities: Identities,
    pub(crate) known: KnownIdentities,
    endpoint: Option<String>,
    calls: AwsCalls,
    /// Of all values together, and of all that is remembered besides.
    budgets: (ValueBudget, KeyBudget),
    /// ExternalSecrets whose values have changed.
    changed: mpsc::UnboundedSender<News>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: HashMap<Place, Running>,
    /// Where each ExternalSecret stands.
    places: HashMap<Id, Box<[Arc<Source>]>>,
    /// Who was asked as, for the objects of each namespace, and when last.
    asked: HashMap<String, HashMap<Place, Instant>>,
}

struct Running {
    source: Arc<Source>,
    /// Since when nobody stands on it.
    unused: Option<Instant>,
    /// Ends with the source.
    _sweeps: AbortOnDropHandle<()>,
}

impl Sources {
    /// None yet. `endpoint` takes the place of AWS's own.
    pub(crate) fn new(
        identities: Identities,
        endpoint: Option<String>,
        calls: AwsCalls,
        changed: mpsc::UnboundedSender<News>,
    ) -> Self {
        Self {
            identities,
            known: KnownIdentities::default(),
            endpoint,
            calls,
            budgets: Default::default(),
            changed,
            state: Mutex::default(),
        }
    }

    /// The source that a store stands for, when this one asks.
    pub(crate) async fn of(
        &self,
        context: &Context,
        store: &AnyStore,
        asker: &Asker<'_>,
    ) -> Result<Arc<Source>, FetchReason> {
        let identity = self.who(context, store, asker.namespace).await?;
        let region = store.aws().map_or("", |aws| aws.region.as_str());
        self.admit(asker.namespace, &identity, region)?;
        Ok(self.source(identity, region))
    }

    /// Counts an identity for the namespace whose objects or store it serves.
    ///
    /// # Errors
    /// If there are too many of them.
    pub(crate) fn admit(
        &self,
        namespace: &str,
        identity: &Identity,
        region: &str,
    ) -> Result<(), TooManyIdentities> {
        let mut state = self.state();
        let place = (identity.clone(), region.to_owned());
        let known = state.asked.get(namespace);
        if known.is_some_and(|known| known.len() >= MOST && !known.contains_key(&place)) {
            state.let_one_go(namespace)?;
        }
        let asked = state.asked.entry(namespace.to_owned()).or_default();
        asked.insert(place, Instant::now());
        Ok(())
    }

    /// As whom a store is asked for the objects of a namespace.
    pub(crate) async fn who(
        &self,
        context: &Context,
        store: &AnyStore,
        namespace: &str,
    ) -> Result<Identity, WhoError> {
        who::who(context, store, namespace).await
    }

    pub(crate) fn source(&self, identity: Identity, region: &str) -> Arc<Source> {
        let mut state = self.state();
        let place = (identity, region.to_owned());
        if let Some(running) = state.sources.get_mut(&place) {
            running.unused = None;
            return running.source.clone();
        }
        let observer = self.calls.of(label(&place.0), place.1.clone());
        let mut options = SecretsOptions::new(region);
        options.endpoint.clone_from(&self.endpoint);
        options.credentials = Some(self.identities.provider(&place.0, region));
        options.observer = Some(observer);
        let limits = SharedLimits {
            budget: self.budgets.0.clone(),
            all_keys: self.budgets.1.clone(),
            ..SharedLimits::default()
        };
        let values = SharedValues::new(SecretsManager::new(options), limits);
        let source = Arc::new(Source {
            place: place.clone(),
            identities: self.identities.clone(),
            values,
            users: Mutex::default(),
            hurry: Hurry::default(),
        });
        let running = self.running(source.clone());
        state.sources.insert(place, running);
        source
    }

    fn running(&self, source: Arc<Source>) -> Running {
        let sweeps = tokio::spawn(sweep::for_ever(source.clone(), self.changed.clone()));
        Running {
            source,
            unused: None,
            _sweeps: AbortOnDropHandle::new(sweeps),
        }
    }

    /// The ExternalSecret stands on these current values, and on no others any more.
    pub(crate) fn placed(&self, asker: &Asker<'_>, keys: Vec<(Arc<Source>, String)>) {
        let mut state = self.state();
        state.leave(asker.key);
        let Some(interval) = asker.interval else {
            return;
        };
        let interval = Duration::try_from(interval).unwrap_or_default();
        let mut places: Vec<(Arc<Source>, Vec<Box<str>>)> = Vec::new();
        for (source, key) in keys {
            // It may have been let go while it was asked.
            let running = state.sources.entry(source.place.clone());
            let source = &running.or_insert_with(|| self.running(source)).source;
            let known = |(place, _): &&mut (Arc<Source>, _)| Arc::ptr_eq(place, source);
            let key = key.into_boxed_str();
            match places.iter_mut().find(known) {
                Some((_, keys)) => keys.push(key),
                None => places.push((source.clone(), vec![key])),
            }
        }
        let places = places.into_iter().map(|(source, mut keys)| {
            keys.sort_unstable();
            keys.dedup();
            let keys = keys.into_boxed_slice();
            let used = Use { keys, interval };
            source.users().insert(asker.key.clone(), used);
            source.hurry.came(interval);
            source
        });
        state.places.insert(asker.key.clone(), places.collect());
    }

    /// The ExternalSecret stands on nothing any more.
    pub(crate) fn leave(&self, key: &Key) {
        self.state().leave(key);
    }

    /// Whether it stands on anything.
    #[cfg(test)]
    pub(crate) fn stands(&self, key: &Key) -> bool {
        self.state().places.contains_key(key)
    }

    /// Lets go of values and credentials that nobody used for a while, now and then.
    pub(crate) fn tidied(self) -> Arc<Self> {
        let sources = Arc::new(self);
        let known = Arc::downgrade(&sources);
        tokio::spawn(async move {
            while let Some(sources) = known.upgrade() {
                sources.tidy();
                drop(sources);
                sleep(UNUSED / 5).await;
            }
        });
        sources
    }

    fn tidy(&self) {
        let now = Instant::now();
        let mut state = self.state();
        state.forget_who_asked(now);
        state.sources.retain(|_, running| {
            if !running.source.users().is_empty() {
                running.unused = None;
                return true;
            }
            now.duration_since(*running.unused.get_or_insert(now)) < UNUSED
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Those that objects of each namespace stand on.
    fn stood_on(&self) -> HashMap<&str, HashSet<&Place>> {
        let mut stood_on: HashMap<&str, HashSet<&Place>> = HashMap::new();
        for (key, sources) in &self.places {
            let namespace = key.namespace.as_deref().unwrap_or_default();
            let places = sources.iter().map(|source| &source.place);
            stood_on.entry(namespace).or_default().extend(places);
        }
        stood_on
    }

    /// The identity that no object of the namespace stands on, and that was asked as longest ago, counts no more;
    /// nor does it cost anything, if nobody else stands on it. Keys that were changed make room for those that came.
    fn let_one_go(&mut self, namespace: &str) -> Result<(), TooManyIdentities> {
        let stood_on = self.stood_on().remove(namespace).unwrap_or_default();
        let asked = self.asked.get(namespace).into_iter().flatten();
        let idle = asked.filter(|(place, _)| !stood_on.contains(place));
        let oldest = idle.min_by_key(|(_, last)| **last);
        let place = oldest.map(|(place, _)| place.clone());
        let place = place.ok_or(TooManyIdentities)?;
        if let Some(asked) = self.asked.get_mut(namespace) {
            asked.remove(&place);
        }
        let running = self.sources.get(&place);
        if running.is_some_and(|running| running.source.users().is_empty()) {
            self.sources.remove(&place);
        }
        Ok(())
    }

    /// Forgets who asked as an identity long ago, and has nothing that stands on it.
    fn forget_who_asked(&mut self, now: Instant) {
        let mut asked = std::mem::take(&mut self.asked);
        let stood_on = self.stood_on();
        asked.retain(|namespace, asked| {
            let stood_on = stood_on.get(namespace.as_str());
            asked.retain(|place, last| {
                let used = stood_on.is_some_and(|stood_on| stood_on.contains(place));
                used || now.duration_since(*last) < UNUSED
            });
            !asked.is_empty()
        });
        drop(stood_on);
        self.asked = asked;
    }

    fn leave(&mut self, key: &Key) {
        for source in self.places.remove(key).into_iter().flatten() {
            source.users().remove(key);
        }
    }
}

impl Source {
    /// Its values.
    pub(crate) fn values(&self) -> &SharedValues {
        &self.values
    }

    /// An answer was an error: credentials that AWS does not take any more are not kept.
    pub(crate) fn heard(&self, error: &SecretsError) {
        if let SecretsFault::Call(CallFault::Credentials(
            CredentialsFault::Expired | CredentialsFault::Refused,
        )) = &error.fault
        {
            self.identities.forget(&self.place.0);
        }
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who it is, in metrics. Access keys come and go.
fn label(identity: &Identity) -> String {
    match (&identity.base, &identity.role, &*identity.additional_roles) {
        (Base::Static(_), None, []) => "access key".to_owned(),
        _ => identity.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use aws_identity::{
        IdentitiesOptions, ServiceAccount, StaticCredentials, TokenFault, TokenSource,
    };
    use futures::future::{BoxFuture, pending};
    use zeroize::Zeroizing;

    use super::*;

    struct NoTokens;

    impl TokenSource for NoTokens {
        fn token<'a>(
            &'a self,
            _: &'a ServiceAccount,
            _: &'a [String],
        ) -> BoxFuture<'a, Result<Zeroizing<String>, TokenFault>> {
            Box::pin(pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_namespace_has_so_many_identities() {
        let identities = Identities::new(IdentitiesOptions::default(), Arc::new(NoTokens));
        let (changed, _) = mpsc::unbounded_channel();
        let sources = Sources::new(identities, None, AwsCalls::default(), changed);
        let identity = |number: usize| {
            Identity::of(Base::Static(StaticCredentials {
                access_key_id: format!("AKIA{number}"),
                secret_access_key: "testing".to_owned().into(),
                session_token: None,
            }))
        };
        let admit = |namespace: &str, number| {
            let admitted = sources.admit(namespace, &identity(number), "eu-central-1");
            admitted.is_ok()
        };
        let stand = |number: usize| {
            let key = Arc::new(Key::new(&format!("db-{number}")).within("a"));
            let source = sources.source(identity(number), "eu-central-1");
            let asker = Asker {
                key: &key,
                namespace: "a",
                interval: Some(SignedDuration::from_hours(1)),
            };
            sources.placed(&asker, vec![(source, "prod/db".to_owned())]);
        };
        for number in 0..MOST {
            assert!(admit("a", number));
            stand(number);
        }
        assert!(!admit("a", MOST) && admit("a", 0) && admit("b", MOST));
        // A key that was changed makes room for the one that came.
        sources.leave(&Key::new("db-7").within("a"));
        assert!(admit("a", MOST));
        let running = sources.state().sources.len();
        assert_eq!(running, MOST - 1, "nor does it cost anything");
        stand(MOST);
        assert!(!admit("a", 7));
        tokio::time::advance(UNUSED).await;
        sources.leave(&Key::new("db-8").within("a"));
        sources.tidy();
        assert!(!sources.state().asked.contains_key("b"));
        assert_eq!(sources.state().asked["a"].len(), MOST - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_stays_while_somebody_stands_on_it() {
        let identities = Identities::new(IdentitiesOptions::default(), Arc::new(NoTokens));
        let (changed, _) = mpsc::unbounded_channel();
        // Sweeps find nobody there.
        let nowhere = Some("http://127.0.0.1:9".to_owned());
        let sources = Sources::new(identities, nowhere, AwsCalls::default(), changed);
        let keys = StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: "testing".to_owned().into(),
            session_token: None,
        };
        let identity = Identity::of(Base::Static(keys));
        let get = || sources.source(identity.clone(), "eu-central-1");
        let key = Arc::new(Key::new("db").within("shop"));
        let asker = Asker {
            key: &key,
            namespace: "shop",
            interval: Some(SignedDuration::from_hours(1)),
        };
        let first = get();
        for _ in 0..2 {
            sources.placed(&asker, vec![(first.clone(), "prod/db".to_owned())]);
            tokio::time::advance(UNUSED * 2).await;
            sources.tidy();
            assert!(Arc::ptr_eq(&first, &get()));
        }
        sources.leave(&key);
        sources.tidy();
        assert!(Arc::ptr_eq(&first, &get()), "it may be used again");
        sources.tidy();
        tokio::time::advance(UNUSED).await;
        sources.tidy();
        assert!(!Arc::ptr_eq(&first, &get()));
        // Whoever asked meanwhile stands on the new one.
        sources.placed(&asker, vec![(first.clone(), "prod/db".to_owned())]);
        assert!(first.users().is_empty() && get().users().contains_key(&key));
        drop(first);
        // Nor is anything told of an identity that nobody is asked as any more.
        assert_eq!(sources.calls.identities(), 1);
        sources.leave(&key);
        sources.tidy();
        tokio::time::advance(UNUSED).await;
        sources.tidy();
        for _ in 0..10 {
            // Its sweeps end first.
            tokio::task::yield_now().await;
        }
        assert_eq!(sources.calls.identities(), 0);
    }
}
