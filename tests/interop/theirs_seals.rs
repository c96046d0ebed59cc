//! What the real kubeseal seals, our controller opens.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use suite::{Cluster, Controller};
use testkit::peers;

use crate::{SCOPES, items, values};

#[test]
fn every_scope_and_byte_in_one_input() {
    let cluster = Cluster::start();
    let namespace = cluster.namespace("theirs");
    for bits in ["2048", "4096"] {
        let size = format!("--key-size={bits}");
        let controller = Controller::start_with(&cluster, &[&size]);
        let data: serde_json::Map<_, _> = items()
            .into_iter()
            .map(|(name, value)| (name, json!(STANDARD.encode(value))))
            .collect();
        let documents = SCOPES.map(|(scope, _)| {
            let name = format!("{scope}-{bits}");
            let annotations = json!({format!("sealedsecrets.bitnami.com/{scope}"): "true"});
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "example.com/any",
                "metadata": {"name": name, "namespace": "theirs", "annotations": annotations},
                "data": data,
            })
        });
        let input = documents
            .map(|document| format!("---\n{document}\n"))
            .concat();
        let sealed = kubeseal(&cluster, &controller, &input);
        let path = cluster.plane().dir().join("sealed.yaml");
        std::fs::write(&path, sealed).unwrap();
        cluster
            .plane()
            .run(&["create", "-f", path.to_str().unwrap()])
            .unwrap();
        for (scope, _) in SCOPES {
            let secret = namespace.wait_secret(&format!("{scope}-{bits}"));
            assert_eq!(values(&secret), items(), "{scope}");
            assert_eq!(secret.type_.as_deref(), Some("example.com/any"));
        }
        drop(controller);
        crate::retire_keys(&cluster);
    }
}

/// What kubeseal makes of an input for the certificate that a controller serves.
pub(crate) fn kubeseal(cluster: &Cluster, controller: &Controller, input: &str) -> Vec<u8> {
    run(&peers::kubeseal().unwrap(), cluster, controller, input)
}

/// The same with another program that takes kubeseal's flags.
pub(crate) fn run(
    program: &Path,
    cluster: &Cluster,
    controller: &Controller,
    input: &str,
) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(["--format=yaml", "--cert", &controller.url("/v1/cert.pem")])
        .env("KUBECONFIG", cluster.plane().kubeconfig())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}
