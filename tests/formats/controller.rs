//! The vectors as objects in a cluster: what the API server lets pass, our controller opens or says
//! why not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use k8s_openapi::api::core::v1::Secret;
use seal_api::{
    AGE_IDENTITIES_ACTIVE, AGE_IDENTITIES_LABEL, ConditionStatus, KEY_LABEL, SealedSecret,
};
use seal_format::se1::Fault;
use serde_json::{Value, json};
use suite::{Cluster, Controller, PATIENCE, Se1Vector, condition};
use testkit::eventually;

use crate::reader::Items;
use crate::se1::agree;

const CLUSTER: &str = "keys/rsa-2048.pem";
const PERSON: &str = "se1/keys/age-1.txt";

/// What an API server does not let happen.
const ONLY_IN_FILES: [&str; 6] = [
    // etcd takes requests up to 1.5 MiB.
    "largest-object",
    // The resource definition of Sealed Secrets wants it.
    "encrypted-data-missing",
    "encrypted-data-null",
    // A Secret cannot have such an item.
    "mixed-item-names",
    // Dropped: as if they did not stand there.
    "type-entry-null",
    "type-value-null",
];

const FAULTS: [Fault; 18] = [
    Fault::BadValue,
    Fault::MovedObject,
    Fault::WrongScope,
    Fault::BadMac,
    Fault::BadCommitment,
    Fault::BadId,
    Fault::BadWrap,
    Fault::MissingDataKey,
    Fault::NoIdentity,
    Fault::Unavailable,
    Fault::UnknownVersion,
    Fault::UnknownRecipient,
    Fault::TooMany,
    Fault::TooLarge,
    Fault::Truncated,
    Fault::NotCanonical,
    Fault::Duplicate,
    Fault::Malformed,
];

#[test]
fn the_controller_agrees_with_its_sealing_key() {
    let cluster = Cluster::start();
    let pem = fs::read_to_string(Se1Vector::folder().join(CLUSTER)).unwrap();
    let certificate = Se1Vector::folder().join("certificates/rsa-2048.pem");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "vectors", "namespace": "kube-system", "labels": {KEY_LABEL: "active"}},
        "stringData": {
            "tls.key": &pem[pem.find("-----BEGIN").unwrap()..],
            "tls.crt": fs::read_to_string(certificate).unwrap(),
        },
    });
    cluster.plane().apply(&secret).unwrap();
    every_vector_of(CLUSTER, &cluster);
}

#[test]
fn the_controller_agrees_with_an_age_identity() {
    let cluster = Cluster::start();
    let identity = fs::read_to_string(Se1Vector::folder().join(PERSON)).unwrap();
    let labels = json!({AGE_IDENTITIES_LABEL: AGE_IDENTITIES_ACTIVE});
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "vectors", "namespace": "kube-system", "labels": labels},
        "stringData": {"identity.txt": identity},
    });
    cluster.plane().apply(&secret).unwrap();
    every_vector_of(PERSON, &cluster);
}

fn every_vector_of(identity: &str, cluster: &Cluster) {
    let controller = Controller::start(cluster);
    let mut place = Place {
        cluster,
        namespaces: BTreeSet::new(),
    };
    let vectors = Se1Vector::all().into_iter().filter(|vector| {
        vector.identities == [identity]
            && !ONLY_IN_FILES.contains(&vector.name.as_str())
            && can_stand(vector)
    });
    let mut count = 0;
    agree(vectors.inspect(|_| count += 1), |vector| place.open(vector));
    assert!(count > 40, "{count} vectors");
    drop(controller);
}

/// Whether a request could be made: an API server resolves or refuses keys that stand twice, and
/// asks for a namespace.
fn can_stand(vector: &Se1Vector) -> bool {
    let label = |text: &str| {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.len() < 64 && text.bytes().all(inside) && !text.ends_with('-')
    };
    vector.expect != Fault::Duplicate.class()
        && serde_json::from_str(&vector.object)
            .is_ok_and(|object: Value| object["metadata"]["namespace"].as_str().is_some_and(label))
}

struct Place<'a> {
    cluster: &'a Cluster,
    namespaces: BTreeSet<String>,
}

impl Place<'_> {
    fn open(&mut self, vector: &Se1Vector) -> Result<Items, String> {
        let object: Value = serde_json::from_str(&vector.object).unwrap();
        let namespace = object["metadata"]["namespace"].as_str().unwrap();
        if self.namespaces.insert(namespace.to_owned()) {
            self.cluster.namespace(namespace);
        }
        if let Err(refusal) = self.post(namespace, &vector.object) {
            // It does not know the classes, but some of the rules.
            let form = ["malformed", "not-canonical", "too-large", "too-many"];
            let about_form = [" is invalid: ", "(BadRequest)", "(RequestEntityTooLarge)"];
            let fits = form.contains(&vector.expect.as_str())
                && about_form.iter().any(|text| refusal.contains(text));
            return Err(if fits { vector.expect.clone() } else { refusal });
        }
        let namespace = self.cluster.existing(namespace);
        let name = object["metadata"]["name"].as_str().unwrap();
        let sealed = eventually(&vector.name, PATIENCE, || {
            let sealed: SealedSecret = namespace.get(name)?;
            let known = condition(&sealed).status != ConditionStatus::Unknown;
            known.then_some(sealed)
        });
        let said = condition(&sealed);
        let outcome = if said.status == ConditionStatus::True {
            Ok(items(namespace.wait_secret(name)))
        } else {
            assert!(namespace.secret(name).is_none(), "{}", vector.name);
            Err(class(&said.message.unwrap()))
        };
        namespace.delete::<SealedSecret>(name);
        namespace.wait_gone::<SealedSecret>(name);
        namespace.wait_gone::<Secret>(name);
        outcome
    }

    /// As the text is: no client looks at it first.
    fn post(&self, namespace: &str, object: &str) -> Result<(), String> {
        let file = self.cluster.plane().dir().join("vector.json");
        fs::write(&file, object).unwrap();
        let url = format!(
            "/apis/bitnami.com/v1alpha1/namespaces/{namespace}/sealedsecrets?fieldValidation=Strict"
        );
        let args = ["create", "--raw", &url, "-f", file.to_str().unwrap()];
        let posted = self.cluster.plane().run(&args);
        posted
            .map(|_| ())
            .map_err(|error| format!("refused: {error:#}"))
    }
}

/// The class of the earliest step, of the reasons that stand in lines.
fn class(message: &str) -> String {
    let faults = message.lines().filter_map(|line| {
        let mut faults = FAULTS.iter();
        faults.find(|fault| line.starts_with(&fault.to_string()))
    });
    match faults.min_by_key(|fault| fault.step()) {
        Some(fault) => fault.class().to_owned(),
        None if message.starts_with("no key could decrypt secret") => "legacy".to_owned(),
        None if message.starts_with("illegal base64 data") => "legacy".to_owned(),
        None => message.to_owned(),
    }
}

fn items(secret: Secret) -> Items {
    let data: BTreeMap<_, _> = secret.data.unwrap_or_default();
    data.into_iter()
        .map(|(item, value)| (item, value.0))
        .collect()
}
