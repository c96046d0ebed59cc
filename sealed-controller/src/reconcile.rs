//! The one sequence for every object: read, open, plan, write, report.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context as Digest, SHA256};
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ApiResource;
use kube::runtime::controller::Action as Requeue;
use kube::runtime::reflector::Store;
use kube::{Api, Client, Resource as _};
use operator_kit::live::{Applied, Live};
use operator_kit::message::one_line;
use operator_kit::secret_sync::{SyncFault, Synced, Target, Write};
use operator_kit::status::{self, Present, Subject, UnheldStatuses, WrittenStatuses};
use operator_kit::{ApiFault, Backoff, EventKind, EventSink};
use seal_api::{SealedSecret, SealedSecretStatus};
use sealing::{OpenedSecret, scope_of};
use template::GoTemplate;

use crate::conditions::{Verdict, next_status};
use crate::identities::Identities;
use crate::metrics::Metrics;
use crate::opening;
use crate::plan::{self, Action, Desired, Extras};
use crate::sealed_object::{Guarded, Key};
use crate::sync_error::{ErrorReason, SyncError};
use crate::turn::{Turn, Turns};

/// First wait after a failure that may pass by itself.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// Longest wait between tries; they never end.
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// Longest wait while the API server is away or busy.
const LONGEST_TRANSIENT_RETRY: Duration = Duration::from_secs(15);

/// Wait of an object that finds too many others waiting for key services.
const CROWDED: Duration = Duration::from_millis(500);

/// All that reconciling needs.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) identities: Arc<Identities>,
    pub(crate) live: Arc<Live<Key>>,
    pub(crate) engine: Arc<GoTemplate>,
    pub(crate) events: EventSink,
    pub(crate) metrics: Arc<Metrics>,
    /// The SealedSecrets of this moment.
    sealed: Store<Guarded>,
    statuses: WrittenStatuses<Key, SealedSecretStatus>,
    unheld: UnheldStatuses<Key>,
    turns: Turns,
    lasting: Backoff<Key>,
    transient: Backoff<Key>,
}

impl Context {
    pub(crate) fn new(
        client: Client,
        identities: Arc<Identities>,
        live: Arc<Live<Key>>,
        events: EventSink,
        metrics: Arc<Metrics>,
        sealed: Store<Guarded>,
    ) -> Self {
        Self {
            client,
            identities,
            live,
            engine: Arc::new(GoTemplate::new(template::Limits::default())),
            events,
            metrics,
            sealed,
            statuses: WrittenStatuses::default(),
            unheld: UnheldStatuses::default(),
            turns: Turns::default(),
            lasting: Backoff::new(FIRST_RETRY, LONGEST_RETRY),
            transient: Backoff::new(FIRST_RETRY, LONGEST_TRANSIENT_RETRY),
        }
    }

    /// The SealedSecret is gone: nothing of it stays here.
    pub(crate) fn forget(&self, key: &Key) {
        self.live.forget(key);
        self.metrics.forget(key);
        self.statuses.forget(key);
        self.unheld.forget(key);
        self.succeeded(key);
    }

    /// Forgets every SealedSecret that went while nobody watched.
    pub(crate) fn forget_the_gone(&self) {
        for key in self.metrics.known() {
            if self.sealed.get(&key).is_none() {
                self.forget(&key);
            }
        }
    }

    fn succeeded(&self, key: &Key) {
        self.lasting.reset(key);
        self.transient.reset(key);
    }
}

/// One pass over one object.
pub(crate) async fn reconcile(
    object: Arc<Guarded>,
    context: Arc<Context>,
) -> Result<Requeue, SyncError> {
    // The garbage collector removes the Secret with its owner; making it anew would fight that.
    if object.meta().deletion_timestamp.is_some() {
        return Ok(Requeue::await_change());
    }
    let key = Key::from_obj(&*object);
    let mut turn = context.turns.begin().await;
    context.metrics.pass();
    let result = sync(&object, &key, &context, &mut turn).await;
    match result {
        Err(SyncError::Stopping) => return Ok(Requeue::await_change()),
        // Nothing is known of the object yet that a status could tell.
        Err(SyncError::Crowded) => return Ok(Requeue::requeue(CROWDED)),
        _ => {}
    }
    let reported = report(&object, &key, &result, &context).await;
    // Deleted during the pass: what the pass has noted would stay for ever.
    if context.sealed.get(&key).is_none() {
        context.forget(&key);
        return Ok(Requeue::await_change());
    }
    reported?;
    result.map(|_| {
        context.succeeded(&key);
        Requeue::await_change()
    })
}

/// When the next try is due.
pub(crate) fn retry(object: &Guarded, error: &SyncError, context: &Context) -> Requeue {
    let key = Key::from_obj(object);
    let backoff = if error.is_transient() {
        &context.transient
    } else {
        &context.lasting
    };
    Requeue::requeue(backoff.next(key))
}

/// Makes the Secret; true if it had to be written.
async fn sync(
    object: &Arc<Guarded>,
    key: &Key,
    context: &Context,
    turn: &mut Turn<'_>,
) -> Result<bool, SyncError> {
    let Ok(sealed) = &object.0 else {
        return Err(SyncError::Malformed);
    };
    let input = digest(sealed);
    if context.live.is_current(key, &input) {
        return Ok(false);
    }
    let keys = context.live.start_pass(key);
    let Context {
        identities,
        engine,
        metrics,
        ..
    } = context;
    let opened = opening::open(object, identities, engine, metrics, turn).await?;
    let desired = desired(sealed, opened);
    let extras = if context.live.applied_before(key, &input) {
        Extras::Keep
    } else {
        Extras::Remove
    };
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &desired.namespace);
    let missing = context.live.is_probably_missing(key);
    let synced = write(&secrets, &desired, extras, missing).await?;
    context.live.record(
        key,
        Applied {
            input,
            version: synced.version,
            keys,
        },
    );
    Ok(synced.written.is_some())
}

/// Carries the plan out.
async fn write(
    secrets: &Api<Secret>,
    desired: &Desired,
    extras: Extras,
    probably_missing: bool,
) -> Result<Synced, SyncError> {
    let decide = |live: Option<&Secret>| match plan::decide(desired, live, extras) {
        Action::UpToDate => Ok(Write::Nothing),
        Action::Create(secret) => Ok(Write::Create(secret)),
        Action::Update(secret) => Ok(Write::Update(secret)),
        Action::Refuse(refusal) => Err(refusal),
    };
    let target = Target {
        secrets,
        name: &desired.name,
        field_manager: None,
    };
    let synced = target.sync(probably_missing, decide).await;
    synced.map_err(|fault| match fault {
        SyncFault::Refused(refusal) => SyncError::refused(refusal, &desired.name),
        SyncFault::Api { verb, fault } => SyncError::Api { verb, fault },
    })
}

/// Everything that determines the Secret, in 32 bytes. Only ciphertext and metadata go in.
fn digest(sealed: &SealedSecret) -> [u8; 32] {
    let metadata = &sealed.metadata;
    let parts = [
        metadata.uid.clone().unwrap_or_default().into_bytes(),
        scope_of(metadata.annotations.as_ref()).as_str().into(),
        serde_json::to_vec(&sealed.spec).unwrap_or_default(),
    ];
    let mut digest = Digest::new(&SHA256);
    for part in &parts {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}

fn desired(sealed: &SealedSecret, opened: OpenedSecret) -> Desired {
    Desired {
        namespace: sealed.metadata.namespace.clone().unwrap_or_default(),
        name: sealed.metadata.name.clone().unwrap_or_default(),
        data: opened
            .data
            .into_iter()
            .map(|(name, mut value)| (name, ByteString(std::mem::take(&mut *value))))
            .collect(),
        labels: opened.metadata.labels.unwrap_or_default(),
        annotations: opened.metadata.annotations.unwrap_or_default(),
        finalizers: opened.metadata.finalizers.unwrap_or_default(),
        secret_type: opened.secret_type,
        immutable: opened.immutable.unwrap_or_default(),
        owner: OwnerReference {
            api_version: SealedSecret::api_version(&()).into_owned(),
            kind: SealedSecret::kind(&()).into_owned(),
            name: sealed.metadata.name.clone().unwrap_or_default(),
            uid: sealed.metadata.uid.clone().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: None,
        },
    }
}

/// Condition, event and metric, all from one result; events only when something changed.
async fn report(
    object: &Guarded,
    key: &Key,
    result: &Result<bool, SyncError>,
    context: &Context,
) -> Result<(), SyncError> {
    let metadata = object.meta();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let verdict = verdict(result);
    let resource = ApiResource::erase::<SealedSecret>(&());
    context
        .metrics
        .condition(key, &instance(object), verdict.synced);
    if let Err(error) = result {
        context.metrics.error(error.metric(), namespace);
    }
    let subject = Subject {
        metadata: metadata.clone(),
        status: match &object.0 {
            Ok(sealed) => Present::Known(sealed.status.clone()),
            Err(_) => Present::Unknown,
        },
    };
    // Before the status: if that fails, the next pass finds nothing to write and would not say so.
    if let Ok(true) = result {
        context.events.publish(
            status::reference(&resource, metadata),
            EventKind::Normal,
            "Unsealed",
            "SealedSecret unsealed successfully".to_owned(),
        );
    }
    let changed = bring_to(key, &subject, &verdict, context).await;
    let (changed, unheld) = match changed {
        Ok(changed) => {
            context.unheld.forget(key);
            (changed, "")
        }
        // No other try helps; that nobody would be told does not, either.
        Err(ApiFault::TooLarge) => {
            context.metrics.error(ErrorReason::Status, namespace);
            let generation = metadata.generation;
            (
                context.unheld.is_news(key, generation, &verdict.message),
                UNHELD,
            )
        }
        Err(fault) => {
            context.metrics.error(ErrorReason::Status, namespace);
            tracing::warn!(object = %key, %fault, "cannot write the status, it will be tried again");
            let verb = "report the status of";
            return Err(SyncError::Api { verb, fault });
        }
    };
    if changed && let Some((reason, message)) = warning(result, unheld) {
        tracing::warn!(object = %key, reason, "{}", one_line(&message));
        let object = status::reference(&resource, metadata);
        context
            .events
            .publish(object, EventKind::Warning, reason, message);
    }
    Ok(())
}

async fn bring_to(
    key: &Key,
    subject: &Subject<SealedSecretStatus>,
    verdict: &Verdict,
    context: &Context,
) -> Result<bool, ApiFault> {
    let resource = ApiResource::erase::<SealedSecret>(&());
    let generation = subject.metadata.generation;
    let next = |present: Option<&SealedSecretStatus>| {
        next_status(present, generation, verdict, Timestamp::now())
    };
    let Context {
        client, statuses, ..
    } = context;
    status::bring_to(client, &resource, (key, subject), next, statuses).await
}

/// What is told besides if there is no room for a status.
const UNHELD: &str = "Its status cannot be written, as the object is too large for the API server to store: \
    split it into several";

/// Reason and message of the event.
fn warning(result: &Result<bool, SyncError>, unheld: &str) -> Option<(&'static str, String)> {
    match (result, unheld) {
        (Ok(_), "") => None,
        (Ok(_), unheld) => Some(("ErrUpdateFailed", unheld.to_owned())),
        (Err(error), "") => Some(error.event()),
        (Err(error), unheld) => {
            let (reason, message) = error.event();
            // First, as messages are cut at their ends.
            Some((reason, format!("{unheld}. {message}")))
        }
    }
}

fn verdict(result: &Result<bool, SyncError>) -> Verdict {
    match result {
        Ok(_) => Verdict {
            synced: true,
            reason: "Synced",
            message: String::new(),
        },
        Err(error) => Verdict {
            synced: false,
            reason: error.condition_reason(),
            message: error.message(),
        },
    }
}

/// Argo CD's label, which upstream puts on a metric.
fn instance(object: &Guarded) -> String {
    object
        .meta()
        .labels
        .as_ref()
        .and_then(|labels| labels.get("app.kubernetes.io/instance"))
        .cloned()
        .unwrap_or_default()
}
