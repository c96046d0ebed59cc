//! What the watch of a kind tells, reduced to names of objects that changed in what matters here.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{Error, Event};
use operator_kit::watch_fault;

/// Namespace, empty for what lives in none, and name.
pub(super) type Name = (String, String);

/// Names of objects that came, went, or whose metadata changed; a status alone is no change.
pub(super) fn changes<K: Resource>(
    what: &'static str,
    events: impl Stream<Item = Result<Event<PartialObjectMeta<K>>, Error>> + Send,
) -> impl Stream<Item = Name> + Send
where
    PartialObjectMeta<K>: Send,
{
    let mut known = Known::default();
    events
        .inspect_err(move |error| watch_fault::log(what, error))
        .flat_map(move |event| {
            let names = event.map(|event| known.note(event)).unwrap_or_default();
            futures::stream::iter(names)
        })
}

/// Marks of the objects of one kind.
#[derive(Default)]
struct Known {
    marks: HashMap<Name, u64>,
    /// Those that a new list has told of so far.
    listed: Option<HashSet<Name>>,
}

impl Known {
    fn note<K: Resource>(&mut self, event: Event<PartialObjectMeta<K>>) -> Vec<Name> {
        match event {
            Event::Init => {
                self.listed = Some(HashSet::new());
                Vec::new()
            }
            Event::InitApply(object) | Event::Apply(object) => {
                let name = name(&object.metadata);
                if let Some(listed) = &mut self.listed {
                    listed.insert(name.clone());
                }
                let mark = mark(&object.metadata);
                let before = self.marks.insert(name.clone(), mark);
                let changed = before != Some(mark);
                changed.then_some(name).into_iter().collect()
            }
            Event::Delete(object) => {
                let name = name(&object.metadata);
                self.marks.remove(&name);
                vec![name]
            }
            Event::InitDone => {
                let listed = self.listed.take().unwrap_or_default();
                let gone = |name: &Name, _: &mut u64| !listed.contains(name);
                self.marks.extract_if(gone).map(|(name, _)| name).collect()
            }
        }
    }
}

fn name(metadata: &ObjectMeta) -> Name {
    let namespace = metadata.namespace.clone().unwrap_or_default();
    (namespace, metadata.name.clone().unwrap_or_default())
}

/// All of the metadata that decisions look at.
fn mark(metadata: &ObjectMeta) -> u64 {
    let mut hasher = DefaultHasher::new();
    metadata.uid.hash(&mut hasher);
    metadata.generation.hash(&mut hasher);
    metadata.labels.hash(&mut hasher);
    metadata.annotations.hash(&mut hasher);
    metadata.finalizers.hash(&mut hasher);
    metadata.deletion_timestamp.is_some().hash(&mut hasher);
    for owner in metadata.owner_references.iter().flatten() {
        (&owner.kind, &owner.name, &owner.uid, owner.controller).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Namespace;
    use serde_json::{Value, json};

    use super::*;

    fn object(name: &str, rest: Value) -> PartialObjectMeta<Namespace> {
        let mut metadata = rest;
        metadata["name"] = name.into();
        serde_json::from_value(json!({"metadata": metadata})).unwrap()
    }

    #[test]
    fn what_changed() {
        let mut known = Known::default();
        let mut told = |event| {
            let mut names: Vec<_> = known
                .note(event)
                .into_iter()
                .map(|(_, name)| name)
                .collect();
            names.sort_unstable();
            names
        };
        let a = || object("a", json!({"labels": {"x": "1"}, "resourceVersion": "1"}));
        let none: [&str; 0] = [];
        assert_eq!(told(Event::Init), none);
        assert_eq!(told(Event::InitApply(a())), ["a"]);
        assert_eq!(told(Event::InitApply(object("b", json!({})))), ["b"]);
        assert_eq!(told(Event::InitDone), none);
        let later = json!({"labels": {"x": "1"}, "resourceVersion": "2"});
        assert_eq!(told(Event::Apply(object("a", later))), none);
        assert_eq!(
            told(Event::Apply(object("a", json!({"labels": {"x": "2"}})))),
            ["a"]
        );
        let going = json!({"labels": {"x": "2"}, "deletionTimestamp": "2026-01-01T00:00:00Z"});
        assert_eq!(told(Event::Apply(object("a", going))), ["a"]);
        assert_eq!(told(Event::Delete(a())), ["a"]);
        // What went while nobody watched is told at the end of the next list.
        assert_eq!(told(Event::Init), none);
        assert_eq!(told(Event::InitApply(object("c", json!({})))), ["c"]);
        assert_eq!(told(Event::InitDone), ["b"]);
        assert_eq!(told(Event::Apply(object("b", json!({})))), ["b"]);
    }
}
