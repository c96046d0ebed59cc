//! The specification that children get, as JSON: fields that are not known here reach them, too.

use serde_json::{Map, Value};

use crate::sync_window::duration;

/// What children get: `spec.externalSecretSpec`, with durations as upstream, which reads and writes them,
/// leaves them (`1h0m0s` for `1h`).
pub(super) fn written(spec: &Value) -> Value {
    let mut written = spec.clone();
    if let Some(interval) = written.get_mut("refreshInterval") {
        rewrite_duration(interval);
    }
    let windows = written.pointer_mut("/syncWindows/windows");
    let windows = windows.and_then(Value::as_array_mut);
    for window in windows.into_iter().flatten() {
        if let Some(lasts) = window.get_mut("duration") {
            rewrite_duration(lasts);
        }
    }
    written
}

/// Whether two specifications mean the same, whoever wrote them: upstream leaves out what is empty, and
/// writes two structures that are.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    let bare = |spec| without_empty(written(spec), Inside::Fields);
    bare(one) == bare(other)
}

fn rewrite_duration(text: &mut Value) {
    let read = text.as_str().and_then(duration);
    let nanos = read.and_then(|read| i64::try_from(read.as_nanos()).ok());
    if let Some(nanos) = nanos {
        *text = template::go_duration_text(nanos).into();
    }
}

/// Whose keys are looked at.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    /// Those of the API: empty is the same as left out.
    Fields,
    /// Those of people, as in labels.
    Names,
}

fn without_empty(value: Value, inside: Inside) -> Value {
    match value {
        Value::Array(items) => {
            let items = items.into_iter();
            items.map(|item| without_empty(item, inside)).collect()
        }
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let below = match &*key {
                    "labels" | "annotations" | "tags" => Inside::Names,
                    "data" if value.is_object() => Inside::Names,
                    _ => Inside::Fields,
                };
                let value = without_empty(value, below);
                (key, value)
            });
            let kept =
                |(key, value): &(String, Value)| inside == Inside::Names || !is_empty(key, value);
            Value::Object(entries.filter(kept).collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// Whether Go would leave it out, or writes it though there is nothing in it. Other structures mean
/// something by being there: an empty template is a template.
fn is_empty(key: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => {
            let plain = [
                "secretStoreRef",
                "target",
                "metadata",
                "labels",
                "annotations",
                "tags",
                "data",
            ];
            entries.is_empty() && plain.contains(&key)
        }
        Value::Bool(true) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_means_the_same() {
        for (one, other, same) in [
            (
                json!({"refreshInterval": "1h"}),
                json!({"refreshInterval": "1h0m0s"}),
                true,
            ),
            (
                json!({"refreshInterval": "1h"}),
                json!({"refreshInterval": "61m"}),
                false,
            ),
            (
                json!({"refreshInterval": "soon"}),
                json!({"refreshInterval": "soon"}),
                true,
            ),
            (json!({}), json!({"secretStoreRef": {}, "data": []}), true),
            (
                json!({"target": {}}),
                json!({"target": {"template": {}}}),
                false,
            ),
            (
                json!({"target": {"template": {}}}),
                json!({"target": {"template": {"metadata": {"labels": {}}}, "immutable": false}}),
                true,
            ),
            (
                json!({"target": {"template": {"data": {"a": ""}}}}),
                json!({"target": {"template": {"data": {}}}}),
                false,
            ),
            (
                json!({"data": [{"secretKey": "a", "remoteRef": {"key": "b", "property": ""}}]}),
                json!({"data": [{"secretKey": "a", "remoteRef": {"key": "b"}}]}),
                true,
            ),
            (
                json!({"dataFrom": [{"find": {}}]}),
                json!({"dataFrom": [{}]}),
                false,
            ),
            (
                json!({"future": {"field": 1}}),
                json!({"future": {"field": 2}}),
                false,
            ),
        ] {
            assert_eq!(is_same(&one, &other), same, "{one} {other}");
        }
    }

    #[test]
    fn durations_are_go_s() {
        let window = |lasts: &str| json!({"schedule": "@daily", "duration": lasts});
        let spec = |interval: &str, lasts: &str| {
            let windows = json!({"kind": "deny", "windows": [window(lasts)]});
            json!({"refreshInterval": interval, "syncWindows": windows})
        };
        assert_eq!(written(&spec("90m", "0")), spec("1h30m0s", "0s"));
        assert_eq!(written(&spec("often", "1.5s")), spec("often", "1.5s"));
    }
}
