//! What is to be written: a pure decision from what a Secret should be and what it is (contract §3.3 to
//! §3.5, §3.8, and the fixes of §13).
//!
//! Marks are upstream's to the byte: who takes over from whom writes nothing.

use std::collections::BTreeMap;

use external_data::{SecretData, data_hash, owner_hash};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use seal_api::external_secrets::{CREATED_BY, CreationPolicy, DATA_HASH, MANAGED, field_manager};

use crate::managed_fields::ManagedFields;
use crate::refresh::TargetState;

/// What the Secret should be. It has no `Debug`: nothing prints it.
pub struct Desired<'a> {
    /// The ExternalSecret, as it stands in owner references.
    pub owner: &'a OwnerReference,
    /// Namespace of both.
    pub namespace: &'a str,
    /// Name of the Secret.
    pub name: &'a str,
    /// Who makes and owns it.
    pub creation: CreationPolicy,
    /// `target.immutable`.
    pub immutable: bool,
    /// Its data, rendered.
    pub data: &'a SecretData,
    /// Its labels: those of the template, or of the ExternalSecret.
    pub labels: &'a BTreeMap<String, String>,
    /// Its annotations, the same way.
    pub annotations: &'a BTreeMap<String, String>,
    /// Finalizers that are added.
    pub finalizers: &'a [String],
    /// Its type, if the template says one.
    pub secret_type: Option<&'a str>,
    /// Whether a Secret that nobody owns is taken over as it is, and what is not ours in it removed.
    pub adopt: bool,
}

/// The one thing to do.
pub enum Action {
    /// There is no Secret: make this one.
    Create(Box<Secret>),
    /// Replace the live Secret (its resource version is inside) by this one.
    Update(Box<Secret>),
    /// Nothing to write.
    UpToDate,
    /// Wait until someone makes the Secret that is merged into.
    Wait,
    /// Leave the live Secret alone.
    Refuse(Refusal),
}

/// Why a live Secret is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another ExternalSecret owns it.
    OwnedByAnother,
    /// Something else controls it.
    ControlledByOther,
    /// Nobody owns it, and taking it over would remove what is in it.
    Foreign,
    /// Kubernetes lets nobody change its data.
    Immutable,
    /// Kubernetes lets nobody change its type.
    TypeChange,
}

/// Decides. `live` is the Secret of that name, if there is one.
pub fn decide(desired: &Desired<'_>, live: Option<&Secret>) -> Action {
    let Some(live) = live else {
        return match desired.creation {
            CreationPolicy::None => Action::UpToDate,
            CreationPolicy::Merge => Action::Wait,
            CreationPolicy::Owner | CreationPolicy::Orphan | CreationPolicy::CreateOrMerge => {
                let empty = Secret {
                    metadata: ObjectMeta {
                        name: Some(desired.name.to_owned()),
                        namespace: Some(desired.namespace.to_owned()),
                        ..ObjectMeta::default()
                    },
                    ..Secret::default()
                };
                Action::Create(Box::new(written(desired, empty, false)))
            }
        };
    };
    if desired.creation == CreationPolicy::None {
        return Action::UpToDate;
    }
    if let Some(refusal) = refusal(desired, live) {
        return Action::Refuse(refusal);
    }
    // Made once and never changed, whatever the store has now.
    let keeps_all = desired.immutable && live.immutable == Some(true);
    let updated = written(desired, live.clone(), keeps_all);
    if same(live, &updated) {
        return Action::UpToDate;
    }
    if live.immutable == Some(true) && live.data != updated.data {
        return Action::Refuse(Refusal::Immutable);
    }
    if live.type_ != updated.type_ {
        return Action::Refuse(Refusal::TypeChange);
    }
    Action::Update(Box::new(updated))
}

/// What a Secret is, by its own marks.
pub fn state_of(live: Option<&Secret>) -> TargetState {
    let Some(live) = live else {
        return TargetState::Missing;
    };
    let hash = mark(live.metadata.annotations.as_ref(), DATA_HASH);
    if is_managed(live) && hash == Some(&data_hash(&data_of(live))) {
        TargetState::AsWritten
    } else {
        TargetState::Changed
    }
}

fn refusal(desired: &Desired<'_>, live: &Secret) -> Option<Refusal> {
    let controller = live.metadata.owner_references.iter().flatten();
    let controller = controller
        .clone()
        .find(|owner| owner.controller == Some(true));
    if let Some(controller) = controller
        && !is_same(controller, desired.owner)
    {
        // Group and kind, as upstream has it: versions come and go.
        let same_kind = group_kind(controller) == group_kind(desired.owner);
        return match desired.creation {
            _ if same_kind => Some(Refusal::OwnedByAnother),
            CreationPolicy::Owner => Some(Refusal::ControlledByOther),
            _ => None,
        };
    }
    let replaces = matches!(
        desired.creation,
        CreationPolicy::Owner | CreationPolicy::Orphan
    );
    let ours = is_managed(live) || controller.is_some() || writes(desired, live);
    let may = ours || desired.adopt || keeps_what_is_there(desired, live);
    (replaces && !may).then_some(Refusal::Foreign)
}

/// Whether nothing in the Secret goes: it is empty, or what is in it comes from the store as well.
fn keeps_what_is_there(desired: &Desired<'_>, live: &Secret) -> bool {
    let mut items = live.data.iter().flatten();
    items.all(|(key, value)| desired.data.get(key).is_some_and(|ours| **ours == value.0))
}

/// Whether the Secret has something that this ExternalSecret wrote.
fn writes(desired: &Desired<'_>, live: &Secret) -> bool {
    ManagedFields::of(live, &manager(desired)) != ManagedFields::default()
}

fn manager(desired: &Desired<'_>) -> String {
    field_manager(&desired.owner.name)
}

/// The Secret with ours in it.
fn written(desired: &Desired<'_>, mut secret: Secret, keeps_all: bool) -> Secret {
    if !keeps_all {
        fill(desired, &mut secret);
    }
    if desired.immutable {
        secret.immutable = Some(true);
    }
    let mut labels = secret.metadata.labels.take().unwrap_or_default();
    own(desired, &mut secret, &mut labels);
    labels.insert(MANAGED.to_owned(), "true".to_owned());
    secret.metadata.labels = Some(labels);
    let hash = data_hash(&data_of(&secret));
    let annotations = secret.metadata.annotations.get_or_insert_default();
    annotations.insert(DATA_HASH.to_owned(), hash);
    secret
}

/// What the values and the template say: data, type, labels, annotations, finalizers. What this ExternalSecret
/// put there before and does not say any more goes.
fn fill(desired: &Desired<'_>, secret: &mut Secret) {
    let ours = ManagedFields::of(secret, &manager(desired));
    secret.data = Some(data(desired, secret.data.take(), &ours));
    if let Some(secret_type) = desired.secret_type {
        secret.type_ = Some(secret_type.to_owned());
    }
    let labels = secret.metadata.labels.get_or_insert_default();
    labels.retain(|key, _| !ours.labels.contains(key) || key == MANAGED || key == CREATED_BY);
    labels.extend(desired.labels.clone());
    let annotations = secret.metadata.annotations.get_or_insert_default();
    annotations.retain(|key, _| !ours.annotations.contains(key) || key == DATA_HASH);
    annotations.extend(desired.annotations.clone());
    let finalizers = secret.metadata.finalizers.get_or_insert_default();
    for finalizer in desired.finalizers {
        if !finalizers.contains(finalizer) {
            finalizers.push(finalizer.clone());
        }
    }
}

/// Owner and Orphan say all that is in the Secret; the others add to it, and remove what they added.
fn data(
    desired: &Desired<'_>,
    live: Option<BTreeMap<String, ByteString>>,
    ours: &ManagedFields,
) -> BTreeMap<String, ByteString> {
    let mut data = match desired.creation {
        CreationPolicy::Merge | CreationPolicy::CreateOrMerge => live.unwrap_or_default(),
        CreationPolicy::Owner | CreationPolicy::Orphan | CreationPolicy::None => BTreeMap::new(),
    };
    data.retain(|key, _| !ours.data.contains(key));
    let values = desired.data.iter();
    data.extend(values.map(|(key, value)| (key.clone(), ByteString(value.to_vec()))));
    data
}

fn own(desired: &Desired<'_>, secret: &mut Secret, labels: &mut BTreeMap<String, String>) {
    let owners = secret.metadata.owner_references.get_or_insert_default();
    if desired.creation == CreationPolicy::Owner {
        match owners
            .iter_mut()
            .find(|owner| is_same(owner, desired.owner))
        {
            Some(owner) => owner.clone_from(desired.owner),
            None => owners.push(desired.owner.clone()),
        }
        let hash = owner_hash(desired.namespace, &desired.owner.name);
        labels.insert(CREATED_BY.to_owned(), hash);
    } else {
        owners.retain(|owner| !is_same(owner, desired.owner));
        labels.remove(CREATED_BY);
    }
}

/// The same ExternalSecret, by kind and name: one that was deleted and made again is the same to its
/// Secret.
fn is_same(left: &OwnerReference, right: &OwnerReference) -> bool {
    group_kind(left) == group_kind(right) && left.name == right.name
}

fn group_kind(owner: &OwnerReference) -> (&str, &str) {
    let group = owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    (group, &owner.kind)
}

fn is_managed(secret: &Secret) -> bool {
    mark(secret.metadata.labels.as_ref(), MANAGED).is_some_and(|value| value == "true")
}

fn mark<'a>(marks: Option<&'a BTreeMap<String, String>>, name: &str) -> Option<&'a String> {
    marks?.get(name)
}

fn data_of(secret: &Secret) -> SecretData {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), value.0.clone().into()))
        .collect()
}

/// Equal in everything that a plan may change; missing and empty are the same.
fn same(left: &Secret, right: &Secret) -> bool {
    fn full<K: Clone + Ord, V: Clone>(map: Option<&BTreeMap<K, V>>) -> BTreeMap<K, V> {
        map.cloned().unwrap_or_default()
    }
    let metadata = |secret: &Secret| {
        let metadata = secret.metadata.clone();
        (
            full(metadata.labels.as_ref()),
            full(metadata.annotations.as_ref()),
            metadata.owner_references.unwrap_or_default(),
            metadata.finalizers.unwrap_or_default(),
        )
    };
    full(left.data.as_ref()) == full(right.data.as_ref())
        && metadata(left) == metadata(right)
        && left.type_ == right.type_
        && left.immutable.unwrap_or_default() == right.immutable.unwrap_or_default()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
