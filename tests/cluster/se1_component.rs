//! `deploy/kustomize/components/kms` over the base, as its first lines show it.

use std::process::Command;

use serde_json::{Value, json};

use crate::bed;

const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLE: &str = "arn:aws:iam::111122223333:role/sealed-secrets-controller";

#[test]
fn the_component_adds_keys_and_role() {
    let plane = bed().cluster.plane();
    let folder = plane.dir().join("kustomize");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kustomize");
    let copied = Command::new("cp")
        .args(["-r", source])
        .arg(&folder)
        .status();
    assert!(copied.unwrap().success());
    let overlay = folder.join("overlay");
    std::fs::create_dir(&overlay).unwrap();
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": "sealed-secrets-controller", "namespace": "kube-system",
            "annotations": {"eks.amazonaws.com/role-arn": ROLE},
        },
    });
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": ["../base"],
        "components": ["../components/kms"],
        "configMapGenerator": [{
            "name": "sealed-secrets-kms", "namespace": "kube-system",
            "literals": [format!("SEALED_SECRETS_KMS_KEYS={ARN}"), "SEALED_SECRETS_KMS_RSA_KEYS="],
        }],
        "patches": [{"patch": account.to_string()}],
    });
    let text = kustomization.to_string();
    std::fs::write(overlay.join("kustomization.yaml"), text).unwrap();
    // The API server's word on it, without anything being changed.
    let path = overlay.to_str().unwrap();
    let apply = [
        "apply",
        "--dry-run=server",
        "--server-side",
        "--force-conflicts",
    ];
    let apply = [&apply[..], &["--output=json", "-k", path]].concat();
    let list: Value = serde_json::from_str(&plane.run(&apply).unwrap()).unwrap();
    let find = |kind: &str, name: &str| {
        let mut items = list["items"].as_array().unwrap().iter();
        let found = items.find(|item| {
            let its = item["metadata"]["name"].as_str().unwrap_or_default();
            item["kind"] == kind && its.starts_with(name)
        });
        found.unwrap_or_else(|| panic!("no {kind}")).clone()
    };
    let config = find("ConfigMap", "sealed-secrets-kms-");
    assert_eq!(config["data"]["SEALED_SECRETS_KMS_KEYS"], ARN);
    let account = find("ServiceAccount", "sealed-secrets-controller");
    let annotations = &account["metadata"]["annotations"];
    assert_eq!(annotations["eks.amazonaws.com/role-arn"], ROLE);
    let deployment = find("Deployment", "sealed-secrets-controller");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let source = &container["envFrom"][0]["configMapRef"]["name"];
    assert_eq!(
        source, &config["metadata"]["name"],
        "with the hash, so that changes roll out"
    );
    let variables = container["env"].as_array().unwrap();
    assert!(variables.iter().any(|it| it["name"] == "POD_NAMESPACE"));
}
