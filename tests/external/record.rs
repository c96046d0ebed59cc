//! What a controller made of a case: a flat list of facts, which two controllers must share.

use std::collections::BTreeMap;

use external_data::{SecretData, data_hash, synced_resource_version};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use seal_api::external_secrets::{DATA_HASH, ExternalSecret};
use serde::Deserialize as _;
use serde_json::{Value, json};

/// Facts by name. Times, ids and resource versions are no facts; neither is the text of a failure.
pub(crate) type Facts = BTreeMap<String, Value>;

/// Objects as the API server holds them, in one namespace.
pub(crate) fn facts<'a>(objects: impl Iterator<Item = &'a Value>) -> Facts {
    let mut facts = Facts::new();
    for object in objects {
        let kind = object["kind"].as_str().unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let title = format!("{kind} {name}");
        let found = match kind {
            "Secret" => of_secret(object),
            "ExternalSecret" => of_external(object),
            _ => of_store(object),
        };
        for (fact, value) in found {
            if !value.is_null() {
                facts.insert(format!("{title} {fact}"), value);
            }
        }
        facts.insert(title, json!("there"));
    }
    facts
}

fn of_secret(object: &Value) -> Vec<(String, Value)> {
    let secret = Secret::deserialize(object).unwrap();
    let metadata = &object["metadata"];
    let mut facts = vec![
        ("type".to_owned(), object["type"].clone()),
        ("immutable".to_owned(), object["immutable"].clone()),
        ("finalizers".to_owned(), metadata["finalizers"].clone()),
        ("owners".to_owned(), owners(metadata)),
        ("writers".to_owned(), writers(metadata)),
    ];
    let items = secret.data.iter().flatten();
    facts.extend(items.map(|(item, value)| (format!("data {item}"), readable(value))));
    facts.extend(members("label", &metadata["labels"]));
    facts.extend(members("annotation", &metadata["annotations"]));
    let hash = format!("annotation {DATA_HASH}");
    // That it belongs to the data is what counts; else every difference in them would be two.
    let right = data_hash(&data_of(&secret));
    for (fact, value) in &mut facts {
        if *fact == hash && *value == right {
            *value = json!("that of the data");
        }
    }
    facts
}

fn of_external(object: &Value) -> Vec<(String, Value)> {
    let external = ExternalSecret::deserialize(object).unwrap();
    let status = &object["status"];
    let mut facts = vec![
        (
            "finalizers".to_owned(),
            object["metadata"]["finalizers"].clone(),
        ),
        ("binding".to_owned(), status["binding"]["name"].clone()),
    ];
    if let Some(synced) = status["syncedResourceVersion"].as_str() {
        let present = synced_resource_version(
            external.metadata.generation.unwrap(),
            external
                .metadata
                .annotations
                .as_ref()
                .unwrap_or(&BTreeMap::new()),
            external
                .metadata
                .labels
                .as_ref()
                .unwrap_or(&BTreeMap::new()),
        );
        let version = if synced == present { "present" } else { "past" };
        facts.push(("synced version".to_owned(), json!(version)));
    }
    if status["refreshTime"].is_string() {
        facts.push(("refresh time".to_owned(), json!("some")));
    }
    facts.extend(conditions(status));
    facts
}

fn of_store(object: &Value) -> Vec<(String, Value)> {
    let capabilities = object["status"]["capabilities"].clone();
    let mut facts = conditions(&object["status"]);
    facts.push(("capabilities".to_owned(), capabilities));
    facts
}

/// What a failure says is each controller's own; that and why in one word are not.
fn conditions(status: &Value) -> Vec<(String, Value)> {
    let all = status["conditions"].as_array();
    all.into_iter()
        .flatten()
        .map(|condition| {
            let [kind, status, reason, message] = ["type", "status", "reason", "message"]
                .map(|field| condition[field].as_str().unwrap_or_default());
            let text = match status {
                "True" => format!("{status} {reason}: {message}"),
                _ => format!("{status} {reason}"),
            };
            (kind.to_owned(), json!(text))
        })
        .collect()
}

/// All but ids.
fn owners(metadata: &Value) -> Value {
    let mut owners = metadata["ownerReferences"].clone();
    for owner in owners.as_array_mut().into_iter().flatten() {
        owner.as_object_mut().unwrap().remove("uid");
    }
    owners
}

/// Who wrote, and how.
fn writers(metadata: &Value) -> Value {
    let entries = metadata["managedFields"].as_array();
    let mut writers: Vec<String> = entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let [manager, operation] =
                ["manager", "operation"].map(|field| entry[field].as_str().unwrap_or_default());
            format!("{manager} {operation}")
        })
        .filter(|writer| !writer.starts_with("kubectl"))
        .collect();
    writers.sort();
    writers.dedup();
    json!(writers)
}

fn members(what: &str, map: &Value) -> Vec<(String, Value)> {
    let members = map.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (format!("{what} {name}"), value.clone()))
        .collect()
}

/// Text as text; what is none, or is long, by its bytes and their number.
fn readable(value: &ByteString) -> Value {
    match std::str::from_utf8(&value.0) {
        Ok(text) if text.len() < 2000 => json!(text),
        Ok(text) => json!(format!("{} … ({} bytes)", &text[..20], text.len())),
        Err(_) => json!({"bytes": value.0}),
    }
}

fn data_of(secret: &Secret) -> SecretData {
    let items = secret.data.iter().flatten();
    items
        .map(|(item, value)| (item.clone(), value.0.clone().into()))
        .collect()
}
