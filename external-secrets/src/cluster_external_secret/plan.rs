//! Which ExternalSecrets a ClusterExternalSecret makes, changes and deletes: a pure decision.
//!
//! Upstream also lays a finalizer on every namespace and never takes it away where the namespace stops
//! matching (contract §13.16). Ours lays none, and releases those that it finds.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use kube::api::{DynamicObject, TypeMeta};
use seal_api::external_secrets::{ClusterExternalSecret, FORCE_SYNC};
use serde_json::{Value, json};

use super::child_spec;
use crate::store_access::selects;

const GROUP: &str = "external-secrets.io";
const API_VERSION: &str = "external-secrets.io/v1";
const KIND: &str = "ClusterExternalSecret";

/// Why a namespace has none, in upstream's words.
pub const TAKEN: &str = "external secret already exists in namespace";

/// The finalizer that upstream lays on ClusterExternalSecrets. Ours has no use for it.
pub const FINALIZER: &str = "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup";

/// The finalizer that upstream lays on namespaces of a ClusterExternalSecret.
pub fn namespace_finalizer(name: &str) -> String {
    format!("externalsecrets.external-secrets.io/ces-{name}")
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its finalizers, of metadata.
    pub finalizers: Vec<String>,
    /// Its resource version.
    pub version: Option<String>,
    /// Whether it is being deleted.
    pub terminating: bool,
}

/// All that the decision looks at.
pub struct Observed<'a> {
    /// The ClusterExternalSecret.
    pub parent: &'a ClusterExternalSecret,
    /// Its `spec.externalSecretSpec` as it was written, with fields that are not known here.
    pub child_spec: &'a Value,
    /// All namespaces.
    pub places: &'a [Place],
    /// ExternalSecrets of the [names](names) that matter, of any owner, in any namespace.
    pub children: &'a [DynamicObject],
}

/// What is to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// ExternalSecrets of ours that have no place any more.
    pub delete: Vec<DynamicObject>,
    /// New ones.
    pub create: Vec<DynamicObject>,
    /// Live ones (their resource version is inside) as they should be.
    pub update: Vec<DynamicObject>,
    /// Namespaces whose ExternalSecret is as it should be.
    pub up_to_date: Vec<String>,
    /// Namespaces that cannot have one, and why.
    pub refused: BTreeMap<String, String>,
    /// Namespaces from which upstream's finalizer is to be taken: deleted ones wait for it.
    pub release: Vec<Place>,
}

/// Namespaces cannot be told from this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct BadSelector {
    /// The selector.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The name that children have.
pub fn child_name(parent: &ClusterExternalSecret) -> &str {
    let named = parent.spec.external_secret_name.as_deref();
    let own = parent.metadata.name.as_deref().unwrap_or_default();
    named.filter(|name| !name.is_empty()).unwrap_or(own)
}

/// Names of ExternalSecrets that the decision needs to see: the present name, and the one before.
pub fn names(parent: &ClusterExternalSecret) -> BTreeSet<&str> {
    let status = parent.status.as_ref();
    let before = status.and_then(|status| status.external_secret_name.as_deref());
    let before = before.filter(|name| !name.is_empty());
    before.into_iter().chain([child_name(parent)]).collect()
}

/// Whether a namespace that changed, or is gone if there is no `place`, may matter to it.
pub fn concerns(parent: &ClusterExternalSecret, name: &str, place: Option<&Place>) -> bool {
    let status = parent.status.as_ref();
    let told = status.is_some_and(|status| {
        let mut failed = status.failed_namespaces.iter();
        status.provisioned_namespaces.iter().any(|it| it == name)
            || failed.any(|it| it.namespace == name)
    });
    let finalizer = namespace_finalizer(parent.metadata.name.as_deref().unwrap_or_default());
    // A selector that cannot be read was told already.
    told || place.is_some_and(|place| {
        place.finalizers.contains(&finalizer) || is_selected(parent, place).unwrap_or(false)
    })
}

/// Decides. Nothing is to be written where everything is as it should be.
///
/// # Errors
/// [`BadSelector`].
pub fn decide(observed: &Observed<'_>) -> Result<Plan, BadSelector> {
    let parent = observed.parent;
    let mut plan = Plan::default();
    if parent.metadata.deletion_timestamp.is_some() {
        // The garbage collector takes its children, or leaves them to people who asked for orphans. Upstream
        // deletes them itself, whatever was asked for.
        plan.release = released(observed, |_| true);
        return Ok(plan);
    }
    let name = child_name(parent);
    let mut wanted = BTreeMap::new();
    for place in observed.places {
        if is_selected(parent, place)? {
            wanted.insert(&*place.name, place);
        }
    }
    plan.release = released(observed, |place| {
        place.terminating || !wanted.contains_key(&*place.name)
    });
    let misplaced = |child: &&DynamicObject| {
        child.metadata.name.as_deref() != Some(name) || !wanted.contains_key(namespace(child))
    };
    plan.delete = owned(observed).filter(misplaced).cloned().collect();
    let live = observed.children.iter();
    let live = live.filter(|child| child.metadata.name.as_deref() == Some(name));
    let live: BTreeMap<_, _> = live.map(|child| (namespace(child), child)).collect();
    let desired = Desired::of(observed, name);
    for place in wanted.into_values().filter(|place| !place.terminating) {
        desired.place(&place.name, live.get(&*place.name).copied(), &mut plan);
    }
    Ok(plan)
}

fn namespace(child: &DynamicObject) -> &str {
    child.metadata.namespace.as_deref().unwrap_or_default()
}

/// Children that are not already on their way out.
fn owned<'a>(observed: &Observed<'a>) -> impl Iterator<Item = &'a DynamicObject> {
    let parent = observed.parent.metadata.name.as_deref().unwrap_or_default();
    let children = observed.children.iter();
    children.filter(move |child| {
        is_owned_by(&child.metadata, parent) && child.metadata.deletion_timestamp.is_none()
    })
}

/// By group, kind and name, as upstream has it: one that was deleted and made again keeps its children.
fn is_owned_by(child: &ObjectMeta, parent: &str) -> bool {
    let owners = child.owner_references.iter().flatten();
    let mut controllers = owners.filter(|owner| owner.controller == Some(true));
    controllers.any(|owner| is_reference_to(owner, parent))
}

fn is_reference_to(owner: &OwnerReference, parent: &str) -> bool {
    let group = owner.api_version.split_once('/').map(|(group, _)| group);
    group == Some(GROUP) && owner.kind == KIND && owner.name == parent
}

fn released(observed: &Observed<'_>, goes: impl Fn(&Place) -> bool) -> Vec<Place> {
    let parent = observed.parent.metadata.name.as_deref().unwrap_or_default();
    let finalizer = namespace_finalizer(parent);
    let places = observed.places.iter();
    let held = places.filter(|place| place.finalizers.contains(&finalizer) && goes(place));
    held.cloned().collect()
}

/// Whether any of the three ways names the namespace.
fn is_selected(parent: &ClusterExternalSecret, place: &Place) -> Result<bool, BadSelector> {
    let spec = &parent.spec;
    let several = spec.namespace_selectors.iter().enumerate();
    let several =
        several.map(|(index, selector)| (format!("spec.namespaceSelectors[{index}]"), selector));
    let one = spec.namespace_selector.iter();
    let one = one.map(|selector| ("spec.namespaceSelector".to_owned(), selector));
    let mut selected = spec.namespaces.contains(&place.name);
    // All of them, so that a broken one is told whatever the others say.
    for (path, selector) in one.chain(several) {
        let bad = |reason| BadSelector {
            path: path.clone(),
            reason,
        };
        check(selector).map_err(bad)?;
        selected |= selects(selector, &place.labels).unwrap_or(false);
    }
    Ok(selected)
}

fn check(selector: &LabelSelector) -> Result<(), &'static str> {
    for requirement in selector.match_expressions.iter().flatten() {
        let named = requirement.values.iter().flatten().next().is_some();
        match (requirement.operator.as_str(), named) {
            ("In" | "NotIn", true) | ("Exists" | "DoesNotExist", false) => {}
            ("In" | "NotIn", false) => return Err("operators In and NotIn need values"),
            ("Exists" | "DoesNotExist", true) => {
                return Err("operators Exists and DoesNotExist have no values");
            }
            _ => return Err("an operator is none of In, NotIn, Exists and DoesNotExist"),
        }
    }
    Ok(())
}

/// What every child should be.
struct Desired<'a> {
    parent: &'a str,
    name: &'a str,
    owner: OwnerReference,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    spec: Value,
}

impl<'a> Desired<'a> {
    fn of(observed: &Observed<'a>, name: &'a str) -> Self {
        let parent = &observed.parent.metadata;
        let metadata = observed.parent.spec.external_secret_metadata.as_ref();
        let mut annotations = metadata.map_or_else(BTreeMap::new, |it| it.annotations.clone());
        // It is the ClusterExternalSecret's own that counts.
        annotations.remove(FORCE_SYNC);
        let forced = parent
            .annotations
            .as_ref()
            .and_then(|own| own.get(FORCE_SYNC));
        annotations.extend(forced.map(|value| (FORCE_SYNC.to_owned(), value.clone())));
        let parent_name = parent.name.as_deref().unwrap_or_default();
        Self {
            parent: parent_name,
            name,
            owner: OwnerReference {
                api_version: API_VERSION.to_owned(),
                kind: KIND.to_owned(),
                name: parent_name.to_owned(),
                uid: parent.uid.clone().unwrap_or_default(),
                controller: Some(true),
                block_owner_deletion: Some(true),
            },
            labels: metadata.map_or_else(BTreeMap::new, |it| it.labels.clone()),
            annotations,
            spec: child_spec::written(observed.child_spec),
        }
    }

    fn place(&self, namespace: &str, live: Option<&DynamicObject>, plan: &mut Plan) {
        let Some(live) = live else {
            plan.create.push(self.fresh(namespace));
            return;
        };
        if !is_owned_by(&live.metadata, self.parent) {
            plan.refused.insert(namespace.to_owned(), TAKEN.to_owned());
        } else if live.metadata.deletion_timestamp.is_some() {
            // Made anew when it is gone: that wakes us.
        } else if self.is_met_by(live) {
            plan.up_to_date.push(namespace.to_owned());
        } else {
            plan.update.push(self.over(live));
        }
    }

    fn fresh(&self, namespace: &str) -> DynamicObject {
        let types = TypeMeta {
            api_version: API_VERSION.to_owned(),
            kind: "ExternalSecret".to_owned(),
        };
        DynamicObject {
            types: Some(types),
            metadata: ObjectMeta {
                name: Some(self.name.to_owned()),
                namespace: Some(namespace.to_owned()),
                labels: filled(&self.labels),
                annotations: filled(&self.annotations),
                owner_references: Some(vec![self.owner.clone()]),
                ..ObjectMeta::default()
            },
            data: json!({"spec": self.spec}),
        }
    }

    fn is_met_by(&self, live: &DynamicObject) -> bool {
        let metadata = &live.metadata;
        let spec = live.data.get("spec").unwrap_or(&Value::Null);
        filled(&self.labels) == metadata.labels.clone().filter(|labels| !labels.is_empty())
            && filled(&self.annotations)
                == metadata
                    .annotations
                    .clone()
                    .filter(|marks| !marks.is_empty())
            && metadata
                .owner_references
                .iter()
                .flatten()
                .any(|owner| *owner == self.owner)
            && child_spec::is_same(spec, &self.spec)
    }

    /// The live one with everything of ours replaced, and nothing else.
    fn over(&self, live: &DynamicObject) -> DynamicObject {
        let mut next = live.clone();
        next.metadata.labels = filled(&self.labels);
        next.metadata.annotations = filled(&self.annotations);
        for owner in next.metadata.owner_references.iter_mut().flatten() {
            if is_reference_to(owner, self.parent) {
                *owner = self.owner.clone();
            }
        }
        if let Some(data) = next.data.as_object_mut() {
            data.insert("spec".to_owned(), self.spec.clone());
        }
        next
    }
}

fn filled(entries: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    (!entries.is_empty()).then(|| entries.clone())
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
