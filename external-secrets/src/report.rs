//! What a pass came to: condition, event and metric, all from one result; events only when something
//! changed.

use std::sync::Arc;

use external_data::Entry;
use jiff::Timestamp;
use kube::Resource as _;
use kube::api::ApiResource;
use operator_kit::EventKind;
use operator_kit::message::{bounded, one_line};
use operator_kit::secret_sync::Written;
use operator_kit::status::{self as statuses, Present, Subject};
use seal_api::external_secrets::{ExternalSecret, ExternalSecretStatus};

use crate::objects::{Guarded, Id};
use crate::reconcile::Context;
use crate::status::{Synced, Verdict, next_status};
use crate::sync_error::SyncError;
use crate::sync_window::BadWindow;

/// A pass that did not fail.
pub(crate) struct Outcome {
    /// What is told; nothing if nothing was to be done.
    pub(crate) verdict: Option<Verdict>,
    /// When values were fetched, and of which version of the object.
    pub(crate) synced: Option<Synced>,
    /// What was written.
    pub(crate) written: Option<Written>,
    /// Whether there is a Secret with the values in it.
    pub(crate) bound: bool,
    /// Why the Secret was deleted, if it was.
    pub(crate) deleted: Option<&'static str>,
    /// Entries whose secret is missing, and its key.
    pub(crate) missing: Vec<(Entry, String)>,
    /// Windows that cannot be read.
    pub(crate) ignored: Vec<BadWindow>,
    /// When to look again.
    pub(crate) again: Option<std::time::Duration>,
}

impl Outcome {
    pub(crate) fn of(verdict: Verdict) -> Self {
        Self {
            verdict: Some(verdict),
            ..Self::nothing(None)
        }
    }

    /// It is not time yet.
    pub(crate) fn nothing(again: Option<std::time::Duration>) -> Self {
        Self {
            verdict: None,
            synced: None,
            written: None,
            bound: false,
            deleted: None,
            missing: Vec::new(),
            ignored: Vec::new(),
            again,
        }
    }
}

/// Tells.
pub(crate) async fn report(
    object: &Arc<Guarded>,
    key: &Id,
    result: &Result<Outcome, SyncError>,
    context: &Context,
) -> Result<(), SyncError> {
    let (verdict, synced) = match result {
        Ok(Outcome { verdict: None, .. }) => return Ok(()),
        Ok(Outcome {
            verdict: Some(verdict),
            synced,
            ..
        }) => (verdict.clone(), synced.as_ref()),
        Err(error) => (Verdict::failed(bounded(error.to_string())), None),
    };
    context.metrics.synced(key, verdict.ready);
    // Before the status: if that fails, the next pass finds nothing to write and would not say so.
    if let Ok(outcome) = result {
        tell(object, outcome, context);
    }
    let bound = matches!(result, Ok(Outcome { bound: true, .. }));
    let changed = write(object, key, (&verdict, synced, bound), context).await?;
    if changed && let Err(error) = result {
        let message = bounded(error.to_string());
        tracing::warn!(object = %key, class = error.class(), "{}", one_line(&message));
        publish(object, context, EventKind::Warning, "UpdateFailed", message);
    }
    Ok(())
}

/// Writes the status; true if the condition changed.
async fn write(
    object: &Arc<Guarded>,
    key: &Id,
    (verdict, synced, bound): (&Verdict, Option<&Synced>, bool),
    context: &Context,
) -> Result<bool, SyncError> {
    let object = &context.newest(object, key);
    let subject = Subject {
        metadata: object.meta().clone(),
        status: match &object.0 {
            Ok(external) => Present::Known(external.status.clone()),
            Err(_) => Present::Unknown,
        },
    };
    let target = match &object.0 {
        Ok(external) if bound => Some(external.target_name()),
        _ => None,
    };
    let news = std::sync::atomic::AtomicBool::new(false);
    let next = |present: Option<&ExternalSecretStatus>| {
        let next = next_status(present, verdict, synced, target, Timestamp::now())?;
        let same = present.is_some_and(|present| present.conditions == next.conditions);
        news.store(!same, std::sync::atomic::Ordering::Relaxed);
        Some(next)
    };
    let resource = ApiResource::erase::<ExternalSecret>(&());
    let Context {
        client, statuses, ..
    } = context;
    let written = statuses::bring_to(client, &resource, (&**key, &subject), next, statuses).await;
    match written {
        Ok(written) => Ok(written && news.into_inner()),
        Err(fault) => {
            tracing::warn!(object = %key, %fault, "cannot write the status, it will be tried again");
            Err(SyncError::Own {
                verb: "report the status of",
                fault,
            })
        }
    }
}

fn tell(object: &Guarded, outcome: &Outcome, context: &Context) {
    let normal = |reason, message: String| {
        publish(object, context, EventKind::Normal, reason, message);
    };
    match outcome.written {
        Some(Written::Created) => normal("Created", "secret created".to_owned()),
        Some(Written::Updated) => normal("Updated", "secret updated".to_owned()),
        None => {}
    }
    for window in &outcome.ignored {
        let kind = EventKind::Warning;
        publish(
            object,
            context,
            kind,
            "SyncWindowIgnored",
            window.to_string(),
        );
    }
    if let Some(message) = outcome.deleted {
        normal("Deleted", message.to_owned());
    }
    // Once, with what it brought about.
    if outcome.written.is_some() || outcome.deleted.is_some() {
        for (entry, key) in &outcome.missing {
            let message = format!("secret does not exist at provider using {entry} (key={key})");
            normal("MissingProviderSecret", message);
        }
    }
}

fn publish(
    object: &Guarded,
    context: &Context,
    kind: EventKind,
    reason: &'static str,
    message: String,
) {
    let resource = ApiResource::erase::<ExternalSecret>(&());
    let reference = statuses::reference(&resource, object.meta());
    context.events.publish(reference, kind, reason, message);
}
