//! Our parts beside the real Sealed Secrets controller 0.40.0 and the real kubeseal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod connection;
mod kms_certificate;
mod proxied;
mod se1;
mod seals_online;
mod take_over;
mod theirs_opens;
mod theirs_seals;
mod validate_rotate;
mod verify_rotate;
mod wrapped_keys;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_format::Scope;
use seal_keys::Certificate;
use suite::{Cluster, Namespace};
use testkit::{RealController, RealControllerOptions};

const SCOPES: [(&str, Scope); 3] = [
    ("strict", Scope::Strict),
    ("namespace-wide", Scope::NamespaceWide),
    ("cluster-wide", Scope::ClusterWide),
];

/// Items that programs like to get wrong.
fn items() -> BTreeMap<String, Vec<u8>> {
    let items: [(&str, &[u8]); 5] = [
        ("password", b"hunter2"),
        ("empty", b""),
        ("newline", b"two\nlines\n"),
        ("utf-8", "pässwörd ✓".as_bytes()),
        ("bytes", &[0, 255, 254, 10, 13, 128]),
    ];
    items
        .map(|(name, value)| (name.to_owned(), value.to_vec()))
        .into()
}

fn values(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    let items = secret.data.iter().flatten();
    items
        .map(|(name, value)| (name.clone(), value.0.clone()))
        .collect()
}

/// Versions of all Secrets.
fn versions(namespace: &Namespace<'_>) -> BTreeMap<String, String> {
    let secrets = namespace.list::<Secret>("");
    let versions = secrets
        .iter()
        .map(|secret| (secret.name_any(), secret.resource_version().unwrap()));
    versions.collect()
}

/// The real controller with these arguments, or nothing where it cannot be run.
fn real(cluster: &Cluster, args: &[&str]) -> Option<RealController> {
    let options = RealControllerOptions {
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        ..RealControllerOptions::default()
    };
    match RealController::start(cluster.plane(), &options) {
        Ok(controller) => Some(controller),
        Err(error) if format!("{error:#}").contains("unshare") => {
            testkit::skip("no mount namespaces here: the real controller cannot run");
            None
        }
        Err(error) => panic!("{error:#}"),
    }
}

/// The certificate that the real controller serves.
fn certificate(controller: &RealController) -> Certificate {
    let pem = suite::fetch(&controller.cert_url()).expect("no certificate");
    Certificate::from_pem(pem.body.as_bytes()).unwrap()
}

/// Takes all keys out of use, so that the next controller makes one of its own.
fn retire_keys(cluster: &Cluster) {
    let label = format!("{}=retired", seal_api::KEY_LABEL);
    let namespace = "--namespace=kube-system";
    let selector = format!("--selector={}", seal_api::KEY_LABEL);
    let args = [
        "label",
        "--overwrite",
        "secrets",
        namespace,
        &selector,
        &label,
    ];
    cluster.plane().run(&args).unwrap();
}
