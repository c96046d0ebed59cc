//! One namespace of a cluster: a test's own.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Event, Secret};
use seal_api::{Condition, ConditionStatus, SealedSecret};
use serde_json::Value;
use testkit::eventually;

use crate::PATIENCE;
use crate::cluster::{Cluster, Object};
use crate::plain::Plain;

/// A namespace, with what tests do and wait for in it.
#[derive(Clone)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Namespace<'a> {
    pub(crate) fn new(cluster: &'a Cluster, name: &str) -> Self {
        Self {
            cluster,
            name: name.to_owned(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A Secret for this namespace, in the clear.
    pub fn plain(&self, name: &str) -> Plain {
        Plain::new(&self.name, name)
    }

    /// Reads an object.
    pub fn get<K: Object>(&self, name: &str) -> Option<K> {
        self.cluster.get(&self.name, name)
    }

    /// Reads every object of a kind, or those that a label selector picks.
    pub fn list<K: Object>(&self, labels: &str) -> Vec<K> {
        self.cluster.list(&self.name, labels)
    }

    /// Creates an object, in this namespace whatever it says itself.
    pub fn create<K: Object>(&self, object: &K) -> K {
        let mut object = object.clone();
        object.meta_mut().namespace = Some(self.name.clone());
        self.cluster.create(&self.name, &object)
    }

    /// Creates a Secret from JSON, without the parts that are always the same.
    pub fn create_secret(&self, name: &str, rest: &Value) -> Secret {
        let mut secret: Secret = serde_json::from_value(rest.clone()).unwrap();
        secret.metadata.name = Some(name.to_owned());
        self.create(&secret)
    }

    /// Reads an object, changes it and writes it back, as often as others are faster.
    #[track_caller]
    pub fn edit<K: Object>(&self, name: &str, change: impl Fn(&mut K)) -> K {
        eventually("a write without conflict", PATIENCE, || {
            let mut object: K = self.get(name).expect("the object to edit");
            change(&mut object);
            self.cluster.replace(&self.name, &object)
        })
    }

    /// Merges a patch into an object.
    pub fn patch<K: Object>(&self, name: &str, patch: &Value) -> K {
        self.cluster.patch(&self.name, name, patch)
    }

    /// Merges a patch into an object's status.
    pub fn patch_status<K: Object>(&self, name: &str, patch: &Value) -> K {
        self.cluster.patch_status(&self.name, name, patch)
    }

    /// Deletes an object.
    pub fn delete<K: Object>(&self, name: &str) {
        self.cluster.delete::<K>(&self.name, name);
    }

    /// The Secret of that name, if there is one.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name)
    }

    /// Waits for a Secret of that name.
    #[track_caller]
    pub fn wait_secret(&self, name: &str) -> Secret {
        self.wait_for(name, "to exist", |_: &Secret| true)
    }

    /// Waits until an object is as it should be, and returns it.
    #[track_caller]
    pub fn wait_for<K: Object>(&self, name: &str, what: &str, is_so: impl Fn(&K) -> bool) -> K {
        let title = format!("{} {}/{name} {what}", K::kind(&()), self.name);
        eventually(&title, PATIENCE, || self.get::<K>(name).filter(&is_so))
    }

    /// Waits until the controller says of the present generation that it is, or is not, in sync.
    #[track_caller]
    pub fn wait_synced(&self, name: &str, status: ConditionStatus) -> SealedSecret {
        let what = format!("to have Synced={status:?}");
        self.wait_for(name, &what, |sealed: &SealedSecret| {
            let observed = sealed.status.as_ref().and_then(|it| it.observed_generation);
            observed == sealed.metadata.generation && condition(sealed).status == status
        })
    }

    /// Waits until an object is gone.
    #[track_caller]
    pub fn wait_gone<K: Object>(&self, name: &str) {
        let title = format!("{} {}/{name} to be gone", K::kind(&()), self.name);
        eventually(&title, PATIENCE, || {
            self.get::<K>(name).is_none().then_some(())
        });
    }

    /// Events on objects of that name with that reason.
    pub fn events(&self, name: &str, reason: &str) -> Vec<Event> {
        let events: Vec<Event> = self.list("");
        let about = |event: &Event| {
            event.involved_object.name.as_deref() == Some(name)
                && event.reason.as_deref() == Some(reason)
        };
        events.into_iter().filter(about).collect()
    }

    /// Waits for an event.
    #[track_caller]
    pub fn wait_event(&self, name: &str, reason: &str) -> Event {
        let title = format!("an event {reason} on {}/{name}", self.name);
        eventually(&title, PATIENCE, || self.events(name, reason).pop())
    }
}

/// The first condition, which must be `Synced`; unknown while there is none.
pub fn condition(sealed: &SealedSecret) -> Condition {
    let first = sealed.status.as_ref().and_then(|it| it.conditions.first());
    let Some(condition) = first else {
        return Condition {
            kind: "Synced".to_owned(),
            status: ConditionStatus::Unknown,
            last_update_time: None,
            last_transition_time: None,
            reason: None,
            message: None,
        };
    };
    assert_eq!(condition.kind, "Synced");
    condition.clone()
}

/// The items of a Secret as text.
pub fn data(secret: &Secret) -> BTreeMap<String, String> {
    let items = secret.data.iter().flatten();
    items
        .map(|(name, value)| {
            let text = String::from_utf8(value.0.clone()).expect("an item that is no text");
            (name.clone(), text)
        })
        .collect()
}

/// Items as a test writes them down, to compare with [`data`].
pub fn text(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
