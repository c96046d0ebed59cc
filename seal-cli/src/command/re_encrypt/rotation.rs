//! What `/v1/rotate` is asked, and what of its answer is believed.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use http::StatusCode;
use seal_api::{DataKeyEntry, SealedSecretSpec};
use seal_format::se1::{RecipientName, ValueFormat, value_format};
use seal_format::{Envelope, Scope};
use seal_keys::Certificate;
use seal_manifest::BlockEdit;
use sealing::{OpenError, Se1Object, SealedDocument, scope_of, set_scope};
use serde::Deserialize;
use serde_json::{Value, json};

use super::data_keys;
use crate::certificate;
use crate::cluster::Endpoints;

/// Ours leaves values alone that are for its newest key already; Sealed Secrets looks at no query.
const ROTATE: &str = "/v1/rotate?only=older-keys";

/// Why values were not sealed again.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum RotationError {
    #[error("{0}")]
    Refused(String),
    #[error(
        "the controller cannot open it (for which key, namespace, name and scope was it sealed?); its log says more"
    )]
    Shut,
    #[error(
        "the controller cannot open it: it is in SE1, which that of Sealed Secrets does not know; seal rekey and seal recipients sync change it without a controller"
    )]
    ShutSe1,
    #[error("{0}")]
    Unreadable(OpenError),
    #[error(
        "the certificate of the newest key, which tells what is to be done, cannot be had: {0}"
    )]
    NoCertificate(String),
    #[error("the controller's answer is no SealedSecret")]
    NoSealedSecret,
    #[error("the controller sealed the values for another place than the one they are for")]
    OtherPlace,
    #[error("the controller's answer has no sealed value for {0:?}")]
    NoValue(String),
    #[error(
        "the controller's answer has another value for {0:?}, which is in SE1 and stays as it is"
    )]
    OtherValue(String),
    #[error(
        "the controller's answer has data key {0} for others than before and the certificate that it serves; if its key was renewed this minute, run this again"
    )]
    DataKey(String),
    #[error(
        "this controller takes the whole Secret in spec.data apart, and puts the labels and annotations that are sealed in it in the open; ours does not, or open it with seal recover and seal it again"
    )]
    TakenApart,
}

/// Who is asked, and what it seals for.
pub(super) struct Rotation<'c> {
    controller: &'c Endpoints,
    /// Asked for where something names its readers.
    newest: OnceCell<RecipientName>,
}

/// What changes in a document.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) blocks: Vec<BlockEdit>,
    /// `spec.data`.
    pub(super) whole: Option<String>,
}

/// What is used of the answer.
#[derive(Deserialize)]
struct Answer {
    metadata: AnswerMetadata,
    spec: AnswerSpec,
}

#[derive(Deserialize)]
struct AnswerMetadata {
    name: Option<String>,
    namespace: Option<String>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerSpec {
    data: Option<String>,
    data_keys: Option<BTreeMap<String, DataKeyEntry>>,
    encrypted_data: Option<BTreeMap<String, String>>,
}

impl<'c> Rotation<'c> {
    pub(super) fn new(controller: &'c Endpoints) -> Self {
        let newest = OnceCell::new();
        Self { controller, newest }
    }

    /// What is to be changed so that the newest key opens all of it.
    pub(super) fn changes(&self, sealed: &SealedDocument) -> Result<Changes, RotationError> {
        let object = object(&sealed.spec, sealed)?;
        let legacy = sealed.spec.encrypted_data.values();
        let mut legacy = legacy.filter(|value| value_format(value) == ValueFormat::Legacy);
        let has_legacy = legacy.next().is_some() || sealed.spec.data.is_some();
        let newest = match &object {
            Some(_) => Some(self.newest()?),
            None => None,
        };
        // A value of the legacy format does not tell what it is for.
        let known = object.as_ref().zip(newest);
        let is_current =
            known.is_none_or(|(object, newest)| data_keys::are_current(object, newest));
        if is_current && !has_legacy {
            return Ok(Changes::default());
        }
        let body = request(sealed).to_string();
        let answer = self.controller.post(ROTATE, body.as_bytes());
        let answer = answer.map_err(RotationError::Refused)?;
        if answer.status == StatusCode::INTERNAL_SERVER_ERROR && answer.said().is_none() {
            return Err(match object {
                Some(_) => RotationError::ShutSe1,
                None => RotationError::Shut,
            });
        }
        if !answer.is_done() {
            return Err(RotationError::Refused(answer.refusal()));
        }
        changed(sealed, known, &answer.body)
    }

    fn newest(&self) -> Result<&RecipientName, RotationError> {
        if let Some(known) = self.newest.get() {
            return Ok(known);
        }
        let failed = RotationError::NoCertificate;
        let accept = "application/x-pem-file, */*";
        let answer = self
            .controller
            .get("/v1/cert.pem", accept, certificate::LIMIT);
        let answer = answer.map_err(|failure| failed(failure.to_string()))?;
        if !answer.is_done() {
            return Err(failed(answer.refusal()));
        }
        let certificate = Certificate::from_pem(&answer.body);
        let certificate = certificate.map_err(|reason| failed(format!("it {reason}")))?;
        let name = RecipientName::from_text(&format!("rsa:{}", certificate.fingerprint()));
        let name = name.map_err(|fault| failed(fault.to_string()))?;
        Ok(self.newest.get_or_init(|| name))
    }
}

/// The part in SE1, if there is one.
fn object(
    spec: &SealedSecretSpec,
    sealed: &SealedDocument,
) -> Result<Option<Se1Object>, RotationError> {
    let namespace = sealed.namespace.as_deref().unwrap_or_default();
    Se1Object::read(spec, sealed.scope, namespace, &sealed.name).map_err(RotationError::Unreadable)
}

/// Values and place, and no more: no version of the controller renders a template then, leaves out
/// what a template calls null, or takes the scope from it (CVE-2026-22728).
fn request(sealed: &SealedDocument) -> Value {
    let mut annotations = None;
    set_scope(&mut annotations, sealed.scope);
    let mut metadata = json!({"name": sealed.name});
    if let Some(namespace) = &sealed.namespace {
        metadata["namespace"] = json!(namespace);
    }
    if let Some(annotations) = annotations {
        metadata["annotations"] = json!(annotations);
    }
    let mut spec = json!({
        "encryptedData": sealed.spec.encrypted_data,
        "template": {"metadata": &metadata},
    });
    if let Some(whole) = &sealed.spec.data {
        spec["data"] = json!(whole);
    }
    if !sealed.spec.data_keys.is_empty() {
        spec["dataKeys"] = json!(sealed.spec.data_keys);
    }
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": metadata,
        "spec": spec,
    })
}

/// `known` is the part in SE1, and the newest key.
fn changed(
    sealed: &SealedDocument,
    known: Option<(&Se1Object, &RecipientName)>,
    answer: &[u8],
) -> Result<Changes, RotationError> {
    let answer: Answer =
        serde_json::from_slice(answer).map_err(|_| RotationError::NoSealedSecret)?;
    if !is_for(sealed, &answer.metadata) {
        return Err(RotationError::OtherPlace);
    }
    let AnswerSpec {
        data,
        data_keys,
        encrypted_data,
    } = answer.spec;
    let mut changes = Changes::default();
    if let Some(before) = &sealed.spec.data {
        let after = data.filter(|value| is_sealed(value));
        let after = after.ok_or(RotationError::TakenApart)?;
        changes.whole = (after != *before).then_some(after);
        return Ok(changes);
    }
    let values = encrypted_data.unwrap_or_default();
    changes.blocks = values_changed(sealed, &values)?;
    if let Some((before, newest)) = known {
        let entries = data_keys.unwrap_or_default();
        let spec = SealedSecretSpec {
            data_keys: entries.clone(),
            encrypted_data: sealed.spec.encrypted_data.clone(),
            ..SealedSecretSpec::default()
        };
        let after = object(&spec, sealed)?.ok_or(RotationError::NoSealedSecret)?;
        let edits = data_keys::changes(sealed, (before, &after), &entries, newest)?;
        changes.blocks.extend(edits);
    }
    Ok(changes)
}

fn is_for(sealed: &SealedDocument, metadata: &AnswerMetadata) -> bool {
    let place = |scope: Scope, namespace: &Option<String>, name: &str| {
        scope.label(namespace.as_deref().unwrap_or_default(), name)
    };
    let name = metadata.name.as_deref().unwrap_or_default();
    let scope = scope_of(metadata.annotations.as_ref());
    scope == sealed.scope
        && place(scope, &metadata.namespace, name)
            == place(sealed.scope, &sealed.namespace, &sealed.name)
}

fn values_changed(
    sealed: &SealedDocument,
    values: &BTreeMap<String, String>,
) -> Result<Vec<BlockEdit>, RotationError> {
    let mut changed = Vec::new();
    for (item, before) in &sealed.spec.encrypted_data {
        let after = values.get(item);
        let after = after.ok_or_else(|| RotationError::NoValue(item.clone()))?;
        if after == before {
            continue;
        }
        if value_format(before) != ValueFormat::Legacy {
            return Err(RotationError::OtherValue(item.clone()));
        }
        if !is_sealed(after) {
            return Err(RotationError::NoValue(item.clone()));
        }
        let (item, value) = (item.clone(), after.clone());
        changed.push(BlockEdit::SetItem { item, value });
    }
    Ok(changed)
}

fn is_sealed(value: &str) -> bool {
    value_format(value) == ValueFormat::Legacy && Envelope::from_text(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAEBAAAAAAAAAAAAAAAAAAAAAAAA";
    const TWO: &str = "AAEBBBBBBBBBBBBBBBBBBBBBBBBB";

    fn sealed(extra: &str) -> SealedDocument {
        let text = format!(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: prod\n{extra}spec:\n  encryptedData:\n    a: {ONE}\n    b: {ONE}\n  template:\n    metadata:\n      annotations:\n        sealedsecrets.bitnami.com/cluster-wide: \"true\"\n    data:\n      a: null\n      c: \"{{{{ .a }}}}\"\n"
        );
        let documents = seal_manifest::read(text.as_bytes()).unwrap();
        sealing::read_sealed(&documents[0]).unwrap()
    }

    #[test]
    fn nothing_of_the_template_is_sent() {
        let request = request(&sealed(""));
        let metadata = json!({"name": "db", "namespace": "prod"});
        assert_eq!(request["metadata"], metadata);
        assert_eq!(request["spec"]["template"], json!({"metadata": metadata}));
        let wide =
            "  annotations:\n    sealedsecrets.bitnami.com/namespace-wide: \"true\"\n    a: b\n";
        let request = self::request(&sealed(wide));
        assert_eq!(
            request["spec"]["template"]["metadata"]["annotations"],
            json!({"sealedsecrets.bitnami.com/namespace-wide": "true"})
        );
    }

    #[test]
    fn of_an_answer_only_the_values_that_were_asked_for_are_taken() {
        let wide = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
        let place = json!({"name": "db", "namespace": "prod"});
        let taken = |item: &str| {
            let (item, value) = (item.to_owned(), TWO.to_owned());
            let blocks = vec![BlockEdit::SetItem { item, value }];
            Ok(Changes {
                blocks,
                ..Changes::default()
            })
        };
        let missing = |item: &str| Err(RotationError::NoValue(item.to_owned()));
        for (metadata, values, expected) in [
            (
                place.clone(),
                json!({"a": TWO, "b": ONE, "c": TWO}),
                taken("a"),
            ),
            (place.clone(), json!({"a": ONE, "b": TWO}), taken("b")),
            (place.clone(), json!({"a": TWO}), missing("b")),
            (place.clone(), json!({"a": "", "b": TWO}), missing("a")),
            (place.clone(), json!({"a": "!", "b": TWO}), missing("a")),
            (
                place.clone(),
                json!({"a": "se1.k.AA==", "b": TWO}),
                missing("a"),
            ),
            (
                json!({"name": "db", "namespace": "dev"}),
                json!({"a": TWO, "b": TWO}),
                Err(RotationError::OtherPlace),
            ),
            (
                json!({"name": "db", "namespace": "prod", "annotations": wide}),
                json!({"a": TWO, "b": TWO}),
                Err(RotationError::OtherPlace),
            ),
        ] {
            let answer = json!({"metadata": metadata, "spec": {"encryptedData": values}});
            let found = changed(&sealed(""), None, answer.to_string().as_bytes());
            assert!(found == expected, "{answer}");
        }
        let error = changed(&sealed(""), None, b"<html>").err();
        assert_eq!(error, Some(RotationError::NoSealedSecret));
    }

    #[test]
    fn a_whole_secret_stays_one_value() {
        let mut sealed = sealed("");
        sealed.spec.encrypted_data.clear();
        sealed.spec.data = Some(ONE.to_owned());
        assert_eq!(request(&sealed)["spec"]["data"], ONE);
        let changed = |spec: Value| {
            let answer = json!({"metadata": {"name": "db", "namespace": "prod"}, "spec": spec});
            changed(&sealed, None, answer.to_string().as_bytes())
        };
        let whole = |spec: Value| changed(spec).map(|changes| changes.whole).ok();
        let new = json!({"data": TWO, "encryptedData": {}});
        assert_eq!(whole(new), Some(Some(TWO.to_owned())));
        assert_eq!(
            whole(json!({"data": ONE, "encryptedData": null})),
            Some(None)
        );
        for spec in [
            json!({"encryptedData": {"a": TWO}}),
            json!({"data": "!", "encryptedData": null}),
        ] {
            assert_eq!(changed(spec).err(), Some(RotationError::TakenApart));
        }
    }
}
