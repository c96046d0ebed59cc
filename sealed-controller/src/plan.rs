//! What to do about one Secret: a pure decision from what it should be and what it is
//! (contract §6, steps 4 to 8, and the fixes of §11).

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use seal_api::{MANAGED, PATCH, SKIP_SET_OWNER_REFERENCES, is_true};

/// What the Secret should be, after decryption. It has no `Debug`: nothing prints it.
pub(crate) struct Desired {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) data: BTreeMap<String, ByteString>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) finalizers: Vec<String>,
    pub(crate) secret_type: Option<String>,
    pub(crate) immutable: bool,
    /// The SealedSecret, as it stands in the Secret's owner references.
    pub(crate) owner: OwnerReference,
}

/// Whether labels and annotations that others added to our Secret stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extras {
    /// The SealedSecret is new to us or has changed: the Secret becomes what it says, wholly.
    Remove,
    /// We brought this state about before and repair drift: what others add to metadata stays,
    /// or two controllers would undo each other for ever.
    Keep,
}

/// The one thing to do.
pub(crate) enum Action {
    /// There is no Secret: make this one.
    Create(Box<Secret>),
    /// Replace the live Secret (its resource version is inside) by this one.
    Update(Box<Secret>),
    /// Nothing to write.
    UpToDate,
    /// Leave the live Secret alone.
    Refuse(Refusal),
}

/// Why a live Secret is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    /// Someone else's Secret is in the way.
    Unmanaged,
    /// Kubernetes lets nobody change its data.
    Immutable,
    /// Kubernetes lets nobody change its type.
    TypeChange,
}

/// Decides. `live` is the Secret of the same namespace and name, if there is one.
pub(crate) fn decide(desired: &Desired, live: Option<&Secret>, extras: Extras) -> Action {
    let Some(live) = live else {
        return Action::Create(Box::new(create(desired)));
    };
    let updated = match Standing::of(desired, live) {
        Standing::Replace => replaced(desired, live, extras),
        Standing::Patch { owned } => patched(desired, live, owned),
        Standing::Foreign => return Action::Refuse(Refusal::Unmanaged),
    };
    if same(live, &updated) {
        return Action::UpToDate;
    }
    if desired.secret_type.is_some() && live.type_ != updated.type_ {
        return Action::Refuse(Refusal::TypeChange);
    }
    let frozen = live.immutable == Some(true);
    if frozen && (live.data != updated.data || updated.immutable != Some(true)) {
        return Action::Refuse(Refusal::Immutable);
    }
    Action::Update(Box::new(updated))
}

/// On what grounds the live Secret may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is ours, or may become ours: replace it.
    Replace,
    /// Lay ours over it; `owned` says whether it becomes ours, too.
    Patch { owned: bool },
    /// Someone else's.
    Foreign,
}

impl Standing {
    fn of(desired: &Desired, live: &Secret) -> Self {
        let annotations = live.metadata.annotations.as_ref();
        let managed = is_true(annotations, MANAGED);
        if is_true(annotations, PATCH) {
            return Self::Patch { owned: managed };
        }
        let ours = match controller_of(live) {
            Some(owner) => owner.uid == desired.owner.uid,
            // Made by us without an owner reference, as its template asks.
            None => desired.skips_owner() && is_true(annotations, SKIP_SET_OWNER_REFERENCES),
        };
        if ours || managed {
            Self::Replace
        } else {
            Self::Foreign
        }
    }
}

fn controller_of(secret: &Secret) -> Option<&OwnerReference> {
    secret
        .metadata
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true))
}

impl Desired {
    fn skips_owner(&self) -> bool {
        is_true(Some(&self.annotations), SKIP_SET_OWNER_REFERENCES)
    }

    fn owners(&self) -> Option<Vec<OwnerReference>> {
        (!self.skips_owner()).then(|| vec![self.owner.clone()])
    }
}

fn create(desired: &Desired) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(desired.name.clone()),
            namespace: Some(desired.namespace.clone()),
            labels: present(desired.labels.clone()),
            annotations: present(desired.annotations.clone()),
            finalizers: Some(desired.finalizers.clone()).filter(|list| !list.is_empty()),
            owner_references: desired.owners(),
            ..ObjectMeta::default()
        },
        data: present(desired.data.clone()),
        type_: desired.secret_type.clone(),
        immutable: desired.immutable.then_some(true),
        string_data: None,
    }
}

/// The live Secret with data, labels, annotations and owner as desired; finalizers stay.
fn replaced(desired: &Desired, live: &Secret, extras: Extras) -> Secret {
    let mut secret = live.clone();
    let (labels, annotations) = match extras {
        Extras::Remove => (desired.labels.clone(), desired.annotations.clone()),
        Extras::Keep => (
            over(live.metadata.labels.as_ref(), &desired.labels),
            over(live.metadata.annotations.as_ref(), &desired.annotations),
        ),
    };
    secret.metadata.labels = present(labels);
    secret.metadata.annotations = present(annotations);
    let keeps_owners = extras == Extras::Keep && (desired.skips_owner() || owns(desired, live));
    if !keeps_owners {
        secret.metadata.owner_references = desired.owners();
    }
    secret.data = present(desired.data.clone());
    typed(desired, &mut secret);
    secret
}

/// The live Secret with ours laid over it; owned only if it may be managed, too.
fn patched(desired: &Desired, live: &Secret, owned: bool) -> Secret {
    let mut secret = live.clone();
    secret.metadata.labels = present(over(live.metadata.labels.as_ref(), &desired.labels));
    secret.metadata.annotations = present(over(
        live.metadata.annotations.as_ref(),
        &desired.annotations,
    ));
    if owned && !desired.skips_owner() && !owns(desired, live) {
        secret.metadata.owner_references = desired.owners();
    }
    secret.data = present(over(live.data.as_ref(), &desired.data));
    typed(desired, &mut secret);
    secret
}

/// A template without a type leaves the live one; `Opaque` is what the API server made of it.
fn typed(desired: &Desired, secret: &mut Secret) {
    if desired.secret_type.is_some() {
        secret.type_.clone_from(&desired.secret_type);
    }
    if desired.immutable || secret.immutable == Some(true) {
        secret.immutable = desired.immutable.then_some(true);
    }
}

fn owns(desired: &Desired, live: &Secret) -> bool {
    live.metadata
        .owner_references
        .iter()
        .flatten()
        .any(|owner| *owner == desired.owner)
}

fn over<V: Clone>(
    base: Option<&BTreeMap<String, V>>,
    ours: &BTreeMap<String, V>,
) -> BTreeMap<String, V> {
    let mut map = base.cloned().unwrap_or_default();
    map.extend(ours.iter().map(|(key, value)| (key.clone(), value.clone())));
    map
}

fn present<V>(map: BTreeMap<String, V>) -> Option<BTreeMap<String, V>> {
    (!map.is_empty()).then_some(map)
}

/// Equal in everything that a plan may change; missing and empty maps are the same.
fn same(a: &Secret, b: &Secret) -> bool {
    fn equal<V: PartialEq>(
        a: Option<&BTreeMap<String, V>>,
        b: Option<&BTreeMap<String, V>>,
    ) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => a == b,
            (Some(map), None) | (None, Some(map)) => map.is_empty(),
            (None, None) => true,
        }
    }
    let owners = |secret: &Secret| secret.metadata.owner_references.clone().unwrap_or_default();
    equal(a.data.as_ref(), b.data.as_ref())
        && equal(a.metadata.labels.as_ref(), b.metadata.labels.as_ref())
        && equal(
            a.metadata.annotations.as_ref(),
            b.metadata.annotations.as_ref(),
        )
        && owners(a) == owners(b)
        && a.type_ == b.type_
        && a.immutable.unwrap_or(false) == b.immutable.unwrap_or(false)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
