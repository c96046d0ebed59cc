//! The published vectors of SE1, put before the API server and the controller as they stand.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use seal_api::{AGE_IDENTITIES_LABEL, Condition, ConditionStatus, KEY_LABEL, SealedSecret};
use serde_json::json;
use suite::{Cluster, Controller, Namespace, PATIENCE, Se1Vector, condition, fault_in, vectors};
use testkit::eventually;

/// Vectors that are otherwise in a cluster than in a file.
const OTHERWISE: &[(&str, Otherwise)] = &[
    // Every object has a namespace and a name.
    ("cluster-wide-without-names", Otherwise::Refused),
    // The definition asks for the field.
    ("encrypted-data-missing", Otherwise::Refused),
    ("encrypted-data-null", Otherwise::Refused),
    // They open, but no Secret may have such items.
    (
        "mixed-item-names",
        Otherwise::Says("cannot create the Secret"),
    ),
    // The API server drops what is null before anyone sees it.
    ("type-value-null", Otherwise::Opens),
    (
        "type-entry-null",
        Otherwise::Says("the value's data key is missing"),
    ),
];

#[derive(Clone, Copy)]
enum Otherwise {
    /// By the API server.
    Refused,
    Opens,
    Says(&'static str),
}

/// Brings the key and the certificate that belong to it as the only sealing key.
fn bring_sealing_key(cluster: &Cluster) {
    let file = |name: &str| std::fs::read_to_string(vectors().join(name)).unwrap();
    let secret = json!({
        "metadata": {"labels": {KEY_LABEL: "active"}},
        "type": "kubernetes.io/tls",
        "stringData": {
            "tls.crt": file("certificates/rsa-2048.pem"),
            "tls.key": file("keys/rsa-2048.pem"),
        },
    });
    cluster
        .existing("kube-system")
        .create_secret("vectors", &secret);
}

fn bring_age_identity(cluster: &Cluster) {
    let file = std::fs::read_to_string(vectors().join("se1/keys/age-1.txt")).unwrap();
    let secret = json!({
        "metadata": {"labels": {AGE_IDENTITIES_LABEL: "active"}},
        "stringData": {"age-1.txt": file},
    });
    cluster
        .existing("kube-system")
        .create_secret("vectors", &secret);
}

#[test]
fn for_the_clusters_key() {
    let cluster = Cluster::start();
    bring_sealing_key(&cluster);
    let args = ["--key-size=2048", "--key-renew-period=0"];
    let _controller = Controller::start_with(&cluster, &args);
    assert!(all_for(&cluster, "keys/rsa-2048.pem") > 300);
}

#[test]
fn for_an_age_identity() {
    let cluster = Cluster::start();
    bring_age_identity(&cluster);
    let _controller = Controller::start(&cluster);
    assert!(all_for(&cluster, "se1/keys/age-1.txt") > 40);
}

/// Runs what is for this one identity, and counts it.
fn all_for(cluster: &Cluster, identity: &str) -> usize {
    let mut vectors = Se1Vector::all();
    vectors.retain(|vector| vector.identities == [identity]);
    // Too large for the API server, all of them.
    vectors.retain(|vector| !vector.repeats);
    let mut wrong = Vec::new();
    for vector in &vectors {
        if let Err(found) = run(cluster, vector) {
            wrong.push(format!(
                "{}: {} expected, {found}",
                vector.name, vector.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    vectors.len()
}

fn run(cluster: &Cluster, vector: &Se1Vector) -> Result<(), String> {
    let mut otherwise = OTHERWISE.iter();
    let otherwise = otherwise.find(|(name, _)| *name == vector.name);
    let stored = vector.place().filter(|(namespace, _)| {
        let object = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace},
        });
        cluster.create_text("/api/v1/namespaces", &object.to_string());
        // Without one of that name there is no such path.
        let path = format!("/apis/bitnami.com/v1alpha1/namespaces/{namespace}/sealedsecrets");
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !namespace.is_empty()
            && namespace.bytes().all(legal)
            && cluster.create_text(&path, &vector.text)
    });
    let Some((namespace, name)) = stored else {
        return match otherwise {
            Some((_, Otherwise::Refused)) => Ok(()),
            None if vector.expect != "success" => Ok(()),
            _ => Err("the API server refuses it".to_owned()),
        };
    };
    let namespace = cluster.existing(&namespace);
    let said = settled(&namespace, &name);
    let result = match otherwise {
        Some((_, Otherwise::Refused)) => Err("the API server takes it".to_owned()),
        Some((_, Otherwise::Opens)) => opened(&said),
        Some((_, Otherwise::Says(text))) => says(&said, &[text]),
        None => as_expected(&namespace, &name, vector, &said),
    };
    namespace.delete::<SealedSecret>(&name);
    if namespace.secret(&name).is_some() {
        namespace.delete::<Secret>(&name);
    }
    result
}

/// Waits for the controller's word.
fn settled(namespace: &Namespace<'_>, name: &str) -> Condition {
    eventually(name, PATIENCE, || {
        let object: SealedSecret = namespace.get(name)?;
        let condition = condition(&object);
        // The Secret of the vector before may be there a moment longer.
        let settled = condition.status != ConditionStatus::Unknown
            && condition.reason.as_deref() != Some("Unmanaged");
        settled.then_some(condition)
    })
}

fn as_expected(
    namespace: &Namespace<'_>,
    name: &str,
    vector: &Se1Vector,
    said: &Condition,
) -> Result<(), String> {
    match vector.expect.as_str() {
        "success" => {
            opened(said)?;
            let data = namespace.wait_secret(name).data.unwrap_or_default();
            let items: BTreeMap<_, _> = data.into_iter().map(|(item, it)| (item, it.0)).collect();
            if vector.holds(&items) {
                Ok(())
            } else {
                Err("it opened to something else".to_owned())
            }
        }
        "legacy" => says(
            said,
            &["no key could decrypt secret", "illegal base64 data"],
        ),
        class => {
            let message = said.message.clone().unwrap_or_default();
            let found = fault_in(&message).filter(|_| said.status == ConditionStatus::False);
            if found.is_some_and(|fault| fault.class() == class) {
                Ok(())
            } else {
                Err(message)
            }
        }
    }
}

fn opened(said: &Condition) -> Result<(), String> {
    if said.status == ConditionStatus::True {
        Ok(())
    } else {
        Err(said.message.clone().unwrap_or_default())
    }
}

/// Whether it failed with one of these. Of several reasons each has a line.
fn says(said: &Condition, any: &[&str]) -> Result<(), String> {
    if said.status == ConditionStatus::True {
        return Err("it opened".to_owned());
    }
    let message = said.message.clone().unwrap_or_default();
    let mut lines = message.lines();
    if lines.any(|line| any.iter().any(|text| line.starts_with(text))) {
        Ok(())
    } else {
        Err(message)
    }
}
