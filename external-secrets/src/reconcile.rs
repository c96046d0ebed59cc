//! The one sequence for every ExternalSecret: look, decide, fetch, render, write, report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use external_data::{StoreName, synced_resource_version};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::core::{ObjectMeta, PartialObjectMeta};
use kube::runtime::controller::Action as Requeue;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client, Resource as _};
use operator_kit::live::{Applied, Live};
use operator_kit::status::WrittenStatuses;
use operator_kit::{Backoff, EventSink};
use seal_api::external_secrets::{
    ExternalSecret, ExternalSecretSpec, ExternalSecretStatus, ReadyStatus,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::deletion;
use crate::desired;
use crate::jitter::late;
use crate::lanes::{Lanes, Place};
use crate::metrics::Metrics;
use crate::objects::{Guarded, Id, Key, key_of};
use crate::passes::{Call, News, Passes};
use crate::plan;
use crate::refresh::{self, Moment, Refresh, TargetState, Why};
use crate::report::{self, Outcome};
use crate::source::Sources;
use crate::status::{Synced, Verdict};
use crate::stores::{Service, Stores};
use crate::sync_error::SyncError;
use crate::sync_window;
use crate::targets::Targets;
use crate::workshop::Workshop;

/// First wait after a failure that may pass by itself.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// Longest wait between tries; they never end.
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// Longest wait while a server is away or busy.
const LONGEST_TRANSIENT_RETRY: Duration = Duration::from_secs(30);

/// Between refreshes, however short the interval.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long a pass may go on when the process is to end: kubelets kill those that take too long.
const GRACE: Duration = Duration::from_secs(3);

/// All that reconciling needs.
pub(crate) struct Context {
    pub(crate) client: Client,
    /// Its answers have `managedFields`.
    pub(crate) whole: Client,
    pub(crate) stores: Stores,
    pub(crate) namespaces: Store<PartialObjectMeta<Namespace>>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) live: Arc<Live<Id>>,
    pub(crate) targets: Targets,
    pub(crate) passes: Arc<Passes>,
    pub(crate) events: EventSink,
    pub(crate) metrics: Arc<Metrics>,
    /// The ExternalSecrets of this moment.
    pub(crate) objects: Store<Guarded>,
    pub(crate) statuses: WrittenStatuses<Key, ExternalSecretStatus>,
    pub(crate) lanes: Lanes,
    pub(crate) workshop: Workshop,
    /// Whether Secrets of nobody are taken over.
    pub(crate) adopts: bool,
    /// The process is to end.
    pub(crate) stop: CancellationToken,
    lasting: Backoff<Key>,
    transient: Backoff<Key>,
}

/// What a [`Context`] is made of.
pub(crate) struct Parts {
    pub(crate) client: Client,
    pub(crate) whole: Client,
    pub(crate) stores: Stores,
    pub(crate) namespaces: Store<PartialObjectMeta<Namespace>>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) events: EventSink,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) objects: Store<Guarded>,
    pub(crate) stop: CancellationToken,
    pub(crate) adopts: bool,
}

impl Context {
    /// Nothing is known yet.
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            client: parts.client,
            whole: parts.whole,
            stores: parts.stores,
            namespaces: parts.namespaces,
            sources: parts.sources,
            live: Arc::default(),
            targets: Targets::default(),
            passes: Arc::default(),
            events: parts.events,
            metrics: parts.metrics,
            objects: parts.objects,
            statuses: WrittenStatuses::default(),
            lanes: Lanes::default(),
            workshop: Workshop::default(),
            adopts: parts.adopts,
            stop: parts.stop,
            lasting: Backoff::new(FIRST_RETRY, LONGEST_RETRY),
            transient: Backoff::new(FIRST_RETRY, LONGEST_TRANSIENT_RETRY),
        }
    }

    /// The ExternalSecret is gone, or not ours: nothing of it stays here.
    pub(crate) fn forget(&self, key: &Id) {
        self.targets.remove(key);
        self.live.forget(key);
        self.passes.forget(key);
        self.sources.leave(key);
        self.metrics.forget(key);
        self.statuses.forget(key);
        self.succeeded(key);
    }

    /// Forgets every ExternalSecret that went while nobody watched.
    pub(crate) fn forget_the_gone(&self) {
        for key in self.targets.keys() {
            if self.objects.get(&key).is_none() {
                self.forget(&key);
            }
        }
    }

    /// Labels of a namespace, if the watch knows it.
    pub(crate) fn labels_of(&self, namespace: &str) -> Option<BTreeMap<String, String>> {
        let found = self.namespaces.get(&ObjectRef::new(namespace))?;
        Some(found.metadata.labels.clone().unwrap_or_default())
    }

    /// ExternalSecrets that name the store; `place` is its namespace, or that of those that use it, or nothing.
    pub(crate) fn users_of(&self, store: &StoreName, place: &str) -> Vec<Key> {
        let objects = self.objects.state();
        let users = objects.iter().filter(|object| {
            let Ok(external) = &object.0 else {
                return false;
            };
            let namespace = external.metadata.namespace.as_deref().unwrap_or_default();
            (place.is_empty() || namespace == place)
                && external_data::wants(&external.spec)
                    .is_ok_and(|wants| wants.iter().any(|want| want.store == *store))
        });
        users.map(|object| key_of(object)).collect()
    }

    /// The object as the watch told it last, if it is still the same specification.
    pub(crate) fn newest(&self, object: &Arc<Guarded>, key: &Key) -> Arc<Guarded> {
        let same = |newer: &Arc<Guarded>| {
            let (newer, older) = (newer.meta(), object.meta());
            newer.uid == older.uid && newer.generation == older.generation
        };
        let newest = self.objects.get(key).filter(same);
        newest.unwrap_or_else(|| object.clone())
    }

    /// Its status: what was written last, whether the watch has told it or not.
    fn status_of(&self, object: &Arc<Guarded>, key: &Key) -> Option<ExternalSecretStatus> {
        let newest = self.newest(object, key);
        let status = newest.0.as_ref().ok()?.status.clone();
        self.statuses.newest(key, newest.meta(), status)
    }

    /// Secrets as they are, managed fields included.
    pub(crate) fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.whole.clone(), namespace)
    }

    fn succeeded(&self, key: &Key) {
        self.lasting.reset(key);
        self.transient.reset(key);
    }
}

/// One pass over one object. When the process is to end, what was begun is finished, but not at any price: what
/// is left undone is found at the next start.
pub(crate) async fn reconcile(
    object: Arc<Guarded>,
    context: Arc<Context>,
) -> Result<Requeue, SyncError> {
    let key = context.targets.id(key_of(&object));
    let call = context.passes.begin(&key, &version_of(object.meta()));
    let waiting = context.metrics.work.waits(call.lane);
    let place = context.lanes.enter(call.lane);
    let Some(mut place) = context.stop.run_until_cancelled(place).await else {
        return Ok(Requeue::await_change());
    };
    drop(waiting);
    let overdue = async {
        context.stop.cancelled().await;
        sleep(GRACE).await;
    };
    // What waits for its turn is to be small: there may be thousands.
    let passed = Box::pin(pass(object, key, (call, &mut place), context.clone()));
    tokio::select! {
        biased;
        passed = passed => passed,
        () = overdue => Ok(Requeue::await_change()),
    }
}

/// When the next try is due.
pub(crate) fn retry(object: &Guarded, error: &SyncError, context: &Context) -> Requeue {
    let key = key_of(object);
    if error.waits_for_people() {
        // Nor is anything looked for that it stood on.
        context.sources.leave(&key);
        return Requeue::await_change();
    }
    let backoff = if error.is_transient() {
        &context.transient
    } else {
        &context.lasting
    };
    Requeue::requeue(backoff.next(key))
}

async fn pass(
    object: Arc<Guarded>,
    key: Id,
    (call, place): (Call, &mut Place<'_>),
    context: Arc<Context>,
) -> Result<Requeue, SyncError> {
    if !is_ours(&object, &context) {
        context.forget(&key);
        return Ok(Requeue::await_change());
    }
    if object.meta().deletion_timestamp.is_some() {
        Box::pin(deletion::finish(&object, &context)).await?;
        context.forget(&key);
        return Ok(Requeue::await_change());
    }
    let began = Clock::now();
    let result = match &object.0 {
        Ok(external) => sync((&object, external), &key, (call, place), &context).await,
        Err(_) => Err(SyncError::Malformed),
    };
    if let Err(SyncError::Stopped) = result {
        return Ok(Requeue::await_change());
    }
    let reported = Box::pin(report::report(&object, &key, &result, &context)).await;
    // Deleted during the pass: what the pass has noted would stay for ever.
    if context.objects.get(&key).is_none() {
        context.forget(&key);
        return Ok(Requeue::await_change());
    }
    let took = began.elapsed();
    context.metrics.took(&key, took);
    context.metrics.work.passed(result.is_err(), took);
    reported?;
    let outcome = result?;
    context.succeeded(&key);
    Ok(match outcome.again {
        Some(wait) => Requeue::requeue(wait),
        None => Requeue::await_change(),
    })
}

/// What the object is, for the memory of passes.
fn version_of(metadata: &ObjectMeta) -> String {
    let none = BTreeMap::new();
    let annotations = metadata.annotations.as_ref().unwrap_or(&none);
    let labels = metadata.labels.as_ref().unwrap_or(&none);
    synced_resource_version(metadata.generation.unwrap_or_default(), annotations, labels)
}

/// Whether every store that it names and that is known is for this controller to serve. What is not is left
/// alone without a word. So is what names no store of ours, where this controller has a class of its own; unless
/// it is being deleted: its stores may have gone first, with its namespace, and its finalizer would hold both for
/// ever.
fn is_ours(object: &Guarded, context: &Context) -> bool {
    let Ok(external) = &object.0 else {
        return context.stores.is_default();
    };
    let namespace = external.metadata.namespace.as_deref().unwrap_or_default();
    let services: Vec<_> = external_data::stores(&external.spec)
        .iter()
        .filter_map(|name| context.stores.get(name, namespace))
        .map(|store| context.stores.service(&store))
        .collect();
    let is_going = external.metadata.deletion_timestamp.is_some();
    let any = is_going || services.contains(&Service::Ours) || context.stores.is_default();
    any && !services.contains(&Service::Foreign)
}

/// Makes the Secret what it should be, if it is time.
async fn sync(
    (object, external): (&Arc<Guarded>, &ExternalSecret),
    key: &Id,
    (call, place): (Call, &mut Place<'_>),
    context: &Context,
) -> Result<Outcome, SyncError> {
    Box::pin(prepare(external, key, context)).await?;
    let version = version_of(&external.metadata);
    let status = context.status_of(object, key);
    let input = desired::digest(external);
    context.live.start_pass(key);
    let state = Box::pin(state(external, key, &input, context)).await?;
    let interval = refresh::interval(&external.spec).map_err(|_| SyncError::Interval)?;
    let now = Timestamp::now();
    let moment = Moment {
        spec: &external.spec,
        status: status.as_ref(),
        version: &version,
        target: state,
        now,
    };
    let refresh = refresh::decide(&moment).map_err(|_| SyncError::Interval)?;
    let failed = status.as_ref().is_some_and(is_failed);
    let windows = external.spec.sync_windows.as_ref();
    let periodic = refresh::is_periodic(&external.spec);
    let may = periodic && sync_window::is_open(windows, now);
    let told = may.then(|| context.passes.take_changed(key)).flatten();
    let why = match refresh {
        Refresh::Now(why) => why,
        Refresh::Later(_) if may && (failed || told.is_some()) => Why::Due,
        // What is read once is not read again because it could not be repaired, and is as it was meanwhile.
        Refresh::Later(_) if failed && !periodic && state == TargetState::AsWritten => {
            return Ok(Outcome::of(Verdict::synced()));
        }
        Refresh::Later(wait) => {
            let wait = wait.map(|wait| spread(&external.spec, wait));
            return Ok(Outcome::nothing(wait));
        }
    };
    let since = match why {
        Why::First | Why::Changed => call.noticed,
        Why::Drift | Why::Due => {
            let back = back(interval).unwrap_or(context.passes.started());
            told.map_or(back, |told| told.max(back))
        }
    };
    let brought = bring_about(
        (object, external),
        key,
        (&input, since, why),
        (context, place),
    )
    .await;
    if let (Err(_), Some(seen)) = (&brought, told) {
        // It is still news.
        let key = Key::clone(key);
        let seen = Some(seen);
        context.passes.heard(News { key, seen });
    }
    let mut outcome = brought?;
    outcome.synced = Some(Synced { at: now, version });
    // Once for each specification.
    if matches!(why, Why::First | Why::Changed) {
        outcome.ignored = windows.map(sync_window::unreadable).unwrap_or_default();
    }
    outcome.again = periodic.then(|| spread(&external.spec, interval).max(SHORTEST));
    Ok(outcome)
}

/// Asks for nothing that is not served here, and has its finalizer if it needs one.
async fn prepare(external: &ExternalSecret, key: &Id, context: &Context) -> Result<(), SyncError> {
    let target = external.spec.target.as_ref();
    if target.is_some_and(|target| target.manifest.is_some()) {
        return Err(SyncError::Unserved(
            "spec.target.manifest: this controller makes Secrets only; remove it",
        ));
    }
    let namespace = external.metadata.namespace.clone().unwrap_or_default();
    let name = external.target_name().to_owned();
    context.targets.put(key, (namespace, name));
    external_data::wants(&external.spec)?;
    deletion::guard(external, context).await
}

/// Not all at the same time; but a window may be over before who is late has come.
fn spread(spec: &ExternalSecretSpec, wait: SignedDuration) -> Duration {
    match spec.sync_windows {
        Some(_) => wait.try_into().unwrap_or_default(),
        None => late(wait),
    }
}

/// Makes the Secret what it should be. While AWS is away, what it said last is better than what anybody else put
/// there; it stays a failure.
async fn bring_about(
    (object, external): (&Arc<Guarded>, &ExternalSecret),
    key: &Id,
    (input, since, why): (&[u8; 32], Instant, Why),
    (context, place): (&Context, &mut Place<'_>),
) -> Result<Outcome, SyncError> {
    let brought = desired::bring_about(
        (object, external),
        key,
        (input, since, why),
        (context, &mut *place),
    )
    .await;
    if let Err(error) = &brought
        && why == Why::Drift
        && error.is_transient()
    {
        let since = context.passes.started();
        desired::bring_about(
            (object, external),
            key,
            (input, since, why),
            (context, place),
        )
        .await?;
    }
    brought
}

/// A failure whose cause was taken back is looked at again, whatever the interval (contract §0.1.11).
fn is_failed(status: &ExternalSecretStatus) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|condition| condition.kind == "Ready" && condition.status == ReadyStatus::False)
}

/// How far back an answer may lie. Never nothing: an object that is read once is repaired from what is known.
fn back(interval: SignedDuration) -> Option<Instant> {
    let interval = if interval > SignedDuration::ZERO {
        interval
    } else {
        refresh::DEFAULT_INTERVAL
    };
    // Sweeps come once in an interval, and passes up to a tenth late.
    let interval = Duration::try_from(interval).ok()?.mul_f64(1.1);
    Instant::now().checked_sub(interval)
}

/// What the Secret is. It is only read where the watch tells of a version that is not known.
async fn state(
    external: &ExternalSecret,
    key: &Id,
    input: &[u8; 32],
    context: &Context,
) -> Result<TargetState, SyncError> {
    if context.live.is_current(key, input) {
        return Ok(TargetState::AsWritten);
    }
    if context.live.is_probably_missing(key) {
        return Ok(TargetState::Missing);
    }
    let namespace = external.metadata.namespace.as_deref().unwrap_or_default();
    let live = context
        .secrets(namespace)
        .get_opt(external.target_name())
        .await
        .map_err(|error| SyncError::Api {
            verb: "get",
            fault: error.into(),
        })?;
    let state = plan::state_of(live.as_ref());
    if state == TargetState::AsWritten {
        let version = live.and_then(|live| live.metadata.resource_version);
        context.live.record(
            key,
            Applied {
                input: *input,
                version: version.unwrap_or_default(),
                keys: 0,
            },
        );
    }
    Ok(state)
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
