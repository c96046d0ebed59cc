//! Events, off the critical path: a full queue drops events, never blocks a reconcile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::mpsc;

use crate::api_fault::ApiFault;

const QUEUE: usize = 4096;

/// How much an event should worry its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// All is well.
    Normal,
    /// Something needs a look.
    Warning,
}

/// Publishes events on objects, as core/v1 (the group that stock RBAC rules name).
#[derive(Clone)]
pub struct EventSink {
    queue: mpsc::Sender<Queued>,
    /// It was said that events are dropped.
    full: Arc<AtomicBool>,
}

impl EventSink {
    /// Starts the task that posts; `component` is the events' source. It ends when every sink is
    /// dropped.
    pub fn start(client: Client, component: &'static str) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Queued>(QUEUE);
        tokio::spawn(async move {
            while let Some(queued) = receiver.recv().await {
                let event = queued.event(component);
                let namespace = event.metadata.namespace.clone().unwrap_or_default();
                let events: Api<Event> = Api::namespaced(client.clone(), &namespace);
                if let Err(error) = events.create(&PostParams::default(), &event).await {
                    let fault = ApiFault::from(error);
                    tracing::debug!(%fault, namespace, "cannot publish an event");
                }
            }
        });
        Self {
            queue: sender,
            full: Arc::default(),
        }
    }

    /// Queues one event on `object`.
    pub fn publish(
        &self,
        object: ObjectReference,
        kind: EventKind,
        reason: &'static str,
        message: String,
    ) {
        self.send(Queued {
            object,
            kind,
            reason,
            message: message.into_boxed_str(),
            at: Timestamp::now(),
        });
    }

    /// Says once that the queue is full, and again only when it was half empty since.
    fn send(&self, event: Queued) {
        if self.queue.try_send(event).is_ok() {
            if self.queue.capacity() > QUEUE / 2 {
                self.full.store(false, Ordering::Relaxed);
            }
        } else if !self.full.swap(true, Ordering::Relaxed) {
            tracing::warn!("the event queue is full, events are dropped");
        }
    }
}

/// An event to be: thousands may wait when a controller starts, and the whole is three times as large.
struct Queued {
    object: ObjectReference,
    kind: EventKind,
    reason: &'static str,
    message: Box<str>,
    at: Timestamp,
}

impl Queued {
    fn event(self, component: &str) -> Event {
        // Events on objects of the cluster live there.
        let namespace = self.object.namespace.clone().filter(|it| !it.is_empty());
        let namespace = namespace.unwrap_or_else(|| "default".to_owned());
        let name = event_name(self.object.name.as_deref().unwrap_or_default(), self.at);
        let kind = match self.kind {
            EventKind::Normal => "Normal",
            EventKind::Warning => "Warning",
        };
        Event {
            metadata: ObjectMeta {
                name: Some(name),
                namespace: Some(namespace),
                ..ObjectMeta::default()
            },
            involved_object: self.object,
            type_: Some(kind.to_owned()),
            reason: Some(self.reason.to_owned()),
            message: Some(self.message.into()),
            source: Some(EventSource {
                component: Some(component.to_owned()),
                host: None,
            }),
            first_timestamp: Some(Time(self.at)),
            last_timestamp: Some(Time(self.at)),
            count: Some(1),
            ..Event::default()
        }
    }
}

/// As clients name events: the object and a time. Names end at 253 characters.
fn event_name(object: &str, now: Timestamp) -> String {
    let object = object.get(..200).unwrap_or(object);
    let object = object.trim_end_matches(['.', '-']);
    format!("{object}.{:x}", now.as_nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_small() {
        assert!(3 * size_of::<Queued>() <= size_of::<Event>());
    }

    #[test]
    fn long_names_still_make_valid_events() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        assert!(event_name("db", now).starts_with("db."));
        let longest = "a.".repeat(126) + "a";
        let name = event_name(&longest, now);
        assert!(name.len() <= 253 && !name.contains(".."), "{name}");
    }
}
