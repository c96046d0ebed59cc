//! Hostile objects, key services and identities in the midst of many objects: nobody else is held up.

use k8s_openapi::api::core::v1::Secret;
use seal_api::ConditionStatus;
use seal_format::se1::{Binding, RecipientName, Wrap};
use serde_json::json;
use suite::{Cluster, Controller, KmsReader, Namespace, PATIENCE, Reader, data, text};
use testkit::aws::Kms;
use testkit::eventually;

use crate::cloud_keys::{Aws, SMALL};

const SEALED: &str = "/apis/bitnami.com/v1alpha1/namespaces/hostile/sealedsecrets";
const SECRETS: &str = "/api/v1/namespaces/hostile/secrets";

fn create(namespace: &Namespace<'_>, name: &str, readers: &[&dyn Reader]) {
    let plain = namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain.seal_se1(readers));
}

fn opens(namespace: &Namespace<'_>, name: &str, readers: &[&dyn Reader]) {
    create(namespace, name, readers);
    namespace.wait_synced(name, ConditionStatus::True);
    let secret = namespace.wait_secret(name);
    assert_eq!(data(&secret), text(&[("password", "hunter2")]));
}

/// What the API server takes from a user and hands on to us in one list with all other objects,
/// although JSON parsers and types of ours refuse it.
fn unreadable() -> [(&'static str, String); 4] {
    let nested = |open: &str, depth: usize| {
        let (open, close) = (open.repeat(depth), "}".repeat(depth));
        format!("{open}{{}}{close}")
    };
    let managed = |version: &str, fields: &str, time: &str| {
        format!(
            r#""managedFields":[{{"manager":"x","operation":"Apply","apiVersion":"{version}",
            "time":"{time}","fieldsType":"FieldsV1","fieldsV1":{fields}}}]"#
        )
    };
    let deep = nested(r#"{"f:a":"#, 1000);
    let today = "2026-01-01T00:00:00Z";
    // In UTC the year is 10000.
    let late = "9999-12-31T23:59:59-23:59";
    let secret = |name: &str, managed: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{name}",{managed}}}}}"#)
    };
    let sealed = |name: &str, metadata: &str, template: &str| {
        format!(
            r#"{{"apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret",
            "metadata":{{"name":"{name}"{metadata}}},
            "spec":{{"encryptedData":{{}},"template":{{"metadata":{template}}}}}}}"#
        )
    };
    let data = r#"{"f:data":{"f:a":{}}}"#;
    let managed_deep = format!(",{}", managed("bitnami.com/v1alpha1", &deep, today));
    [
        (SECRETS, secret("secret-late", &managed("v1", data, late))),
        (SECRETS, secret("secret-deep", &managed("v1", &deep, today))),
        (SEALED, sealed("managed", &managed_deep, "{}")),
        (SEALED, sealed("deep", "", &nested(r#"{"a":"#, 1000))),
    ]
}

#[test]
fn no_object_of_one_user_makes_those_of_all_unreadable() {
    let cluster = Cluster::start();
    let mut controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("victim");
    opens(&namespace, "before", &[&certificate]);
    cluster.namespace("hostile");
    for (path, object) in unreadable() {
        assert!(cluster.create_text(path, &object), "{object}");
    }
    for round in ["running", "restarted"] {
        opens(&namespace, round, &[&certificate]);
        // The watch of Secrets, too.
        let edit = json!({"stringData": {"password": "edited"}});
        namespace.patch::<Secret>("before", &edit);
        namespace.wait_for("before", "to be repaired", |secret: &Secret| {
            data(secret) == text(&[("password", "hunter2")])
        });
        assert!(!controller.log().contains("is taken up again"));
        controller.process().kill().unwrap();
        controller.process_mut().restart().unwrap();
        controller.wait_ready();
    }
    // No client of ours can read these, kubectl can.
    let path = "--output=jsonpath={.items[*].status.conditions[0].reason}";
    let args = ["get", "sealedsecrets", "--namespace=hostile", path];
    eventually("statuses of the hostile", PATIENCE, || {
        let reasons = cluster.plane().run(&args).unwrap();
        (reasons == "Synced Synced").then_some(())
    });
}

/// Wraps that are for a key in KMS and do not open, each another one.
struct Rubbish {
    to: String,
    /// One that KMS made.
    blob: Vec<u8>,
}

impl Reader for Rubbish {
    fn wrap_for(&self, _: &[u8], _: &Binding) -> Wrap {
        let mut blob = self.blob.clone();
        let end = blob.len() - 8;
        aws_lc_rs::rand::fill(&mut blob[end..]).unwrap();
        let to = RecipientName::from_text(&self.to).unwrap();
        Wrap { to, blob }
    }
}

#[test]
fn whoever_floods_a_key_service_holds_up_none_that_needs_no_service() {
    const FLOOD: usize = 60;
    const KEYS: usize = 64;
    let aws = Aws::start();
    let cluster = Cluster::start();
    let args = [SMALL, "--kms-key", &aws.arn];
    let controller = Controller::start_in(&cluster, &args, &aws.variables());
    let certificate = controller.certificate();
    let namespace = cluster.namespace("flood");
    let reader = KmsReader {
        kms: Kms::at(aws.proxy.url()),
        arn: aws.arn.clone(),
        called: None,
    };
    let place = Binding::from_text("strict/flood/other").unwrap();
    let rubbish = Rubbish {
        to: aws.arn.clone(),
        blob: reader.wrap_for(&[7; 40], &place).blob,
    };
    for number in 0..FLOOD {
        let name = format!("flood-{number}");
        let seal = |key: usize| {
            let plain = namespace.plain(&name).item(&format!("item-{key}"), "x");
            plain.seal_se1(&[&rubbish])
        };
        let mut sealed = seal(0);
        for key in 1..KEYS {
            let more = seal(key).spec;
            sealed.spec.encrypted_data.extend(more.encrypted_data);
            sealed.spec.data_keys.extend(more.data_keys);
        }
        namespace.create(&sealed);
    }
    opens(&namespace, "local", &[&certificate]);
    // In the order of their coming it had waited for nearly all of them.
    let calls = aws.proxy.calls("Decrypt");
    assert!((1..FLOOD * KEYS / 2).contains(&calls), "{calls} calls");
}
