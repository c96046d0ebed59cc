//! Where values come from: AWS Secrets Manager, shared by all who ask as the same identity in the same
//! region.

mod known_identities;
mod sweep;
mod tokens;
mod who;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_edge::{CallFault, CredentialsFault};
use aws_identity::{Identities, Identity};
use jiff::SignedDuration;
use secrets_manager::{
    CallObserver, SecretsError, SecretsFault, SecretsManager, SecretsOptions, SharedLimits,
    SharedValues,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::objects::Key;
use crate::passes::News;
use crate::reconcile::Context;
use crate::stores::AnyStore;
use crate::sync_error::FetchReason;
pub(crate) use known_identities::KnownIdentities;
pub(crate) use tokens::ServiceAccountTokens;
pub(crate) use who::WhoError;

/// Who asks, of the cluster's side.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    /// The ExternalSecret.
    pub(crate) key: &'a Key,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// How old its values may become; `None` if they are never looked at again.
    pub(crate) interval: Option<SignedDuration>,
}

/// One identity in one region.
pub(crate) struct Source {
    identity: Identity,
    region: String,
    identities: Identities,
    values: SharedValues,
    users: Mutex<Users>,
}

/// Who stands on what, and how fresh it has to be.
type Users = HashMap<Key, Use>;

struct Use {
    keys: BTreeSet<String>,
    interval: Duration,
}

/// All sources.
pub(crate) struct Sources {
    pub(crate) identities: Identities,
    pub(crate) known: KnownIdentities,
    endpoint: Option<String>,
    observer: Arc<dyn CallObserver>,
    /// ExternalSecrets whose values have changed.
    changed: mpsc::UnboundedSender<News>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: HashMap<(Identity, String), Running>,
    /// Where each ExternalSecret stands.
    places: HashMap<Key, Vec<Arc<Source>>>,
}

struct Running {
    source: Arc<Source>,
    /// Ends with the source.
    _sweeps: AbortOnDropHandle<()>,
}

impl Sources {
    /// None yet. `endpoint` takes the place of AWS's own.
    pub(crate) fn new(
        identities: Identities,
        endpoint: Option<String>,
        observer: Arc<dyn CallObserver>,
        changed: mpsc::UnboundedSender<News>,
    ) -> Self {
        Self {
            identities,
            known: KnownIdentities::default(),
            endpoint,
            observer,
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
        Ok(self.source(identity, region))
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

    fn source(&self, identity: Identity, region: &str) -> Arc<Source> {
        let mut state = self.state();
        let key = (identity, region.to_owned());
        if let Some(running) = state.sources.get(&key) {
            return running.source.clone();
        }
        let mut options = SecretsOptions::new(region);
        options.endpoint.clone_from(&self.endpoint);
        options.credentials = Some(self.identities.provider(&key.0, region));
        options.observer = Some(self.observer.clone());
        let values = SharedValues::new(SecretsManager::new(options), SharedLimits::default());
        let source = Arc::new(Source {
            identity: key.0.clone(),
            region: region.to_owned(),
            identities: self.identities.clone(),
            values,
            users: Mutex::default(),
        });
        let sweeps = tokio::spawn(sweep::for_ever(source.clone(), self.changed.clone()));
        let running = Running {
            source: source.clone(),
            _sweeps: AbortOnDropHandle::new(sweeps),
        };
        state.sources.insert(key, running);
        source
    }

    /// The ExternalSecret stands on these sources, on what they currently have under a key where there is one,
    /// and on no others any more.
    pub(crate) fn placed(&self, asker: &Asker<'_>, grounds: Vec<(Arc<Source>, Option<String>)>) {
        let mut state = self.state();
        state.leave(asker.key);
        let interval = asker.interval;
        let interval = interval.map(|interval| Duration::try_from(interval).unwrap_or_default());
        let mut places: Vec<Arc<Source>> = Vec::new();
        for (source, key) in grounds {
            if let Some(interval) = interval {
                let mut users = source.users();
                let used = users.entry(asker.key.clone()).or_insert_with(|| Use {
                    keys: BTreeSet::new(),
                    interval,
                });
                used.keys.extend(key);
            }
            if !places.iter().any(|known| Arc::ptr_eq(known, &source)) {
                places.push(source);
            }
        }
        if interval.is_some() {
            state.places.insert(asker.key.clone(), places);
        } else {
            for source in places {
                state.let_go(&source);
            }
        }
    }

    /// The ExternalSecret stands on nothing any more.
    pub(crate) fn leave(&self, key: &Key) {
        self.state().leave(key);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn leave(&mut self, key: &Key) {
        for source in self.places.remove(key).into_iter().flatten() {
            source.users().remove(key);
            self.let_go(&source);
        }
    }

    /// Values and credentials of nobody are wiped. Whoever still asks has the source in hand.
    fn let_go(&mut self, source: &Arc<Source>) {
        if !source.users().is_empty() {
            return;
        }
        let place = (source.identity.clone(), source.region.clone());
        let running = self.sources.get(&place);
        if running.is_some_and(|running| Arc::ptr_eq(&running.source, source)) {
            self.sources.remove(&place);
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
            self.identities.forget(&self.identity);
        }
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
