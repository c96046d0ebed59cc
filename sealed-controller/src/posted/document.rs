//! One SealedSecret as someone sent it.

use std::collections::BTreeMap;

use seal_format::Scope;
use seal_format::se1::{ValueFormat, value_format};
use seal_manifest::{Document, Limits, Node, NodeKind};
use sealing::{OpenError, Opening, SealedDocument, read_sealed};
use serde_json::{Map, Value};

/// Copies of the whole object that `kubectl apply` and kubecfg leave behind.
const LAST_APPLIED: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
];

/// Whoever sends bodies shares the process with others: what a SealedSecret needs, and one document more, to
/// see that there is one.
const LIMITS: Limits = Limits {
    documents: 2,
    nodes: 20_000,
    aliased_nodes: 1_000,
    aliased_bytes: 64 << 10,
};

/// The body is not one SealedSecret. Which rule it breaks is not told: it would be the sender's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotOne;

/// What `spec.data` is called where it stands for an item.
const WHOLE: &str = "data";

/// What was sent.
pub(super) struct Posted {
    /// `spec.data`, a whole Secret that was sealed as one value, is its only item then: it opens as a value does, and
    /// nobody looks at what is in there.
    sealed: SealedDocument,
    is_whole: bool,
    /// Labels and annotations of the SealedSecret itself.
    labels: Option<Value>,
    annotations: Option<Value>,
    /// `spec.template`, whatever it holds.
    template: Option<Value>,
}

impl Posted {
    /// Reads it, in JSON or YAML.
    pub(super) fn read(body: &[u8]) -> Result<Self, NotOne> {
        let documents = seal_manifest::read_within(body, &LIMITS).map_err(|_| NotOne)?;
        let [document] = documents.as_slice() else {
            return Err(NotOne);
        };
        Self::of(document)
    }

    fn of(document: &Document) -> Result<Self, NotOne> {
        let mut sealed = read_sealed(document).map_err(|_| NotOne)?;
        let spec = &mut sealed.spec;
        let is_alone = spec.encrypted_data.is_empty() && spec.data_keys.is_empty();
        let whole = spec.data.take_if(|_| is_alone);
        let is_whole = whole.is_some();
        let whole = whole.map(|text| (WHOLE.to_owned(), text));
        spec.encrypted_data.extend(whole);
        let root = document.root();
        let metadata = root.get("metadata").ok_or(NotOne)?;
        let template = root.get("spec").and_then(|spec| spec.get("template"));
        Ok(Self {
            sealed,
            is_whole,
            labels: texts(metadata.get("labels"))?,
            annotations: texts(metadata.get("annotations"))?,
            template: template.map(Node::to_json),
        })
    }

    /// Everything that opening needs.
    pub(super) fn sealed(&self) -> &SealedDocument {
        &self.sealed
    }

    /// Items with values of the legacy format, in the order of [`Opening::needs`].
    pub(super) fn legacy_items(&self) -> impl Iterator<Item = &str> {
        let items = self.sealed.spec.encrypted_data.iter();
        let legacy = items.filter(|(_, text)| is_legacy(text));
        legacy.map(|(item, _)| item.as_str())
    }

    /// What its own annotations say; the template's say nothing.
    pub(super) fn scope(&self) -> Scope {
        self.sealed.scope
    }

    pub(super) fn namespace(&self) -> &str {
        self.sealed.namespace.as_deref().unwrap_or_default()
    }

    /// Phase one of opening.
    pub(super) fn opening(&self) -> Result<Opening<'_>, OpenError> {
        let Self { sealed, .. } = self;
        Opening::prepare(&sealed.spec, sealed.scope, self.namespace(), &sealed.name)
    }

    /// The same object with other values: name, namespace, labels and annotations, and the template as it was sent.
    /// What an API server or a controller had written into it is left out.
    pub(super) fn with(
        &self,
        data_keys: Option<Value>,
        mut encrypted_data: BTreeMap<String, String>,
    ) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), Value::from(self.sealed.name.as_str()));
        if let Some(namespace) = &self.sealed.namespace {
            metadata.insert("namespace".to_owned(), Value::from(namespace.as_str()));
        }
        put(&mut metadata, "labels", self.labels.clone());
        put(&mut metadata, "annotations", self.annotations.clone());
        let mut spec = Map::new();
        put(&mut spec, "template", self.template.clone());
        put(&mut spec, "dataKeys", data_keys);
        if self.is_whole {
            put(
                &mut spec,
                "data",
                encrypted_data.remove(WHOLE).map(Value::from),
            );
        }
        let items = encrypted_data.into_iter();
        let items = items.map(|(item, text)| (item, Value::from(text)));
        put(
            &mut spec,
            "encryptedData",
            Some(Value::Object(items.collect())),
        );
        let fields = [("metadata", metadata), ("spec", spec)];
        let fields = fields.map(|(field, value)| (field.to_owned(), Value::Object(value)));
        Value::Object(fields.into_iter().collect())
    }
}

fn put(map: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(field.to_owned(), value);
    }
}

pub(super) fn is_legacy(text: &str) -> bool {
    value_format(text) == ValueFormat::Legacy
}

/// Labels, or annotations without copies of the whole object.
fn texts(node: Option<&Node>) -> Result<Option<Value>, NotOne> {
    let Some(node) = node.filter(|node| node.kind() != NodeKind::Null) else {
        return Ok(None);
    };
    if node.kind() != NodeKind::Mapping {
        return Err(NotOne);
    }
    let entries = node.entries().map(|(key, value)| {
        let text = value.as_str().ok_or(NotOne)?;
        Ok((key.to_owned(), Value::from(text)))
    });
    let mut entries = entries.collect::<Result<Map<_, _>, _>>()?;
    for copy in LAST_APPLIED {
        entries.remove(copy);
    }
    Ok((!entries.is_empty()).then_some(Value::Object(entries)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LIVE: &str = r#"
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db
  namespace: prod
  uid: 9e1f
  resourceVersion: "7"
  generation: 3
  creationTimestamp: null
  managedFields: [{manager: x}]
  ownerReferences: [{name: x}]
  labels: {app: shop}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
    kubectl.kubernetes.io/last-applied-configuration: "{}"
spec:
  encryptedData: {a: AgA=}
  template:
    metadata: {annotations: {sealedsecrets.bitnami.com/cluster-wide: "true"}}
    data: {gone: null, url: "{{ .a }}"}
    other: [1]
status: {observedGeneration: 3}
"#;

    #[test]
    fn what_was_written_stays_and_what_a_cluster_added_goes() {
        let posted = Posted::read(LIVE.as_bytes()).unwrap();
        assert_eq!(posted.scope(), Scope::Strict);
        let expected = json!({
            "metadata": {
                "name": "db", "namespace": "prod", "labels": {"app": "shop"},
                "annotations": {"argocd.argoproj.io/sync-wave": "1"},
            },
            "spec": {
                "template": {
                    "metadata": {"annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}},
                    "data": {"gone": null, "url": "{{ .a }}"},
                    "other": [1],
                },
                "encryptedData": {"a": "new"},
            },
        });
        let new = |item: &str| BTreeMap::from([(item.to_owned(), "new".to_owned())]);
        assert_eq!(posted.with(None, new("a")), expected);
        let bare = r#"{"apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret","metadata":{"name":"db"},"spec":{"encryptedData":{}}}"#;
        let bare = Posted::read(bare.as_bytes()).unwrap();
        let expected = json!({"metadata": {"name": "db"}, "spec": {"encryptedData": {}}});
        assert_eq!(bare.with(None, BTreeMap::new()), expected);
        let whole = LIVE.replace("encryptedData: {a: AgA=}", "data: AgA=");
        let whole = Posted::read(whole.as_bytes()).unwrap();
        assert_eq!(whole.legacy_items().collect::<Vec<_>>(), ["data"]);
        let spec = &whole.with(None, new("data"))["spec"];
        assert_eq!(
            (&spec["data"], &spec["encryptedData"]),
            (&json!("new"), &json!({}))
        );
        let both = LIVE.replace("encryptedData:", "data: AgA=\n  encryptedData:");
        assert!(Posted::read(both.as_bytes()).unwrap().opening().is_err());
    }

    #[test]
    fn anything_else_is_not_one() {
        let two = format!("{LIVE}---{LIVE}");
        for body in [
            "",
            "# nothing\n",
            "hello",
            "{",
            "\u{0}",
            "kind: Secret\napiVersion: v1\nmetadata: {name: a}\n",
            r#"{"kind":"List","apiVersion":"v1","items":[]}"#,
            &two,
            &LIVE.replace("v1alpha1", "v1"),
            &LIVE.replace("{a: AgA=}", "{a: 1}"),
            &LIVE.replace("{a: AgA=}", "{a: AgA=, a: AgA=}"),
            &LIVE.replace("{app: shop}", "{app: 1}"),
            &LIVE.replace("{app: shop}", "shop"),
            &LIVE.replace("  name: db\n", ""),
        ] {
            assert!(Posted::read(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Posted::read(b"\xff\xfe\x00").is_err());
    }
}
