//! What `/v1/rotate` is asked, and what of its answer is believed.

use std::collections::BTreeMap;

use seal_format::se1::{ValueFormat, value_format};
use seal_format::{Envelope, Scope};
use sealing::{SealedDocument, scope_of, set_scope};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cluster::Endpoints;
use crate::error::CliError;
use crate::sealed_input::SealedInput;

/// Why values were not sealed again.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum RotationError {
    #[error("{0}")]
    Refused(String),
    #[error(
        "the controller cannot open it (for which key, namespace, name and scope was it sealed?); its log says more"
    )]
    Shut,
    #[error("the controller's answer is no SealedSecret")]
    NoSealedSecret,
    #[error("the controller sealed the values for another place than the one they are for")]
    OtherPlace,
    #[error("the controller's answer has no sealed value for {0:?}")]
    NoValue(String),
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
    #[serde(default)]
    encrypted_data: BTreeMap<String, String>,
}

/// Refuses what the endpoint is not made for, before anything is sent.
///
/// # Errors
/// [`CliError::RotateSe1`], [`CliError::WholeSecret`].
pub(super) fn check(input: &SealedInput) -> Result<(), CliError> {
    for (_, sealed) in &input.documents {
        let mut values = sealed.spec.encrypted_data.values();
        let is_se1 = |value: &String| value_format(value) != ValueFormat::Legacy;
        if !sealed.spec.data_keys.is_empty() || values.any(is_se1) {
            return Err(CliError::RotateSe1 {
                from: input.from.clone(),
                document: sealed.index,
            });
        }
        if sealed.spec.data.is_some() {
            return Err(CliError::WholeSecret(input.from.clone()));
        }
    }
    Ok(())
}

/// The values that are others now, by item.
pub(super) fn rotated(
    controller: &Endpoints,
    sealed: &SealedDocument,
) -> Result<BTreeMap<String, String>, RotationError> {
    if sealed.spec.encrypted_data.is_empty() {
        return Ok(BTreeMap::new());
    }
    let answer = controller.post("/v1/rotate", request(sealed).to_string().as_bytes());
    let answer = answer.map_err(RotationError::Refused)?;
    if answer.status == http::StatusCode::INTERNAL_SERVER_ERROR {
        return Err(RotationError::Shut);
    }
    if !answer.is_done() {
        return Err(RotationError::Refused(answer.refusal()));
    }
    changed(sealed, &answer.body)
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
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": &metadata,
        "spec": {
            "encryptedData": sealed.spec.encrypted_data,
            "template": {"metadata": &metadata},
        },
    })
}

fn changed(
    sealed: &SealedDocument,
    answer: &[u8],
) -> Result<BTreeMap<String, String>, RotationError> {
    let answer: Answer =
        serde_json::from_slice(answer).map_err(|_| RotationError::NoSealedSecret)?;
    let metadata = answer.metadata;
    let place = |scope: Scope, namespace: &Option<String>, name: &str| {
        scope.label(namespace.as_deref().unwrap_or_default(), name)
    };
    let name = metadata.name.unwrap_or_default();
    let scope = scope_of(metadata.annotations.as_ref());
    if scope != sealed.scope
        || place(scope, &metadata.namespace, &name)
            != place(sealed.scope, &sealed.namespace, &sealed.name)
    {
        return Err(RotationError::OtherPlace);
    }
    let mut values = answer.spec.encrypted_data;
    let mut changed = BTreeMap::new();
    for (item, before) in &sealed.spec.encrypted_data {
        let after = values.remove(item).filter(|value| is_sealed(value));
        let after = after.ok_or_else(|| RotationError::NoValue(item.clone()))?;
        if after != *before {
            changed.insert(item.clone(), after);
        }
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
        let taken = |item: &str| Ok(BTreeMap::from([(item.to_owned(), TWO.to_owned())]));
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
            let found = changed(&sealed(""), answer.to_string().as_bytes());
            assert_eq!(found, expected, "{answer}");
        }
        let error = changed(&sealed(""), b"<html>").unwrap_err();
        assert_eq!(error, RotationError::NoSealedSecret);
    }
}
