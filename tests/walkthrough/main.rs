//! What the README and the demo show, done as they show it: `seal` asks the cluster through the
//! API server's service proxy, with the rights of anyone who is logged in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

mod desk;
mod document;
mod external_secrets;
mod from_kubeseal;
mod keys_in_kms;
mod kubeseal_posts;
mod many_recipients;
mod recover;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::json;
use suite::{Cluster, Controller};
use testkit::{ControlPlane, ServiceBackend, ServicePort, netns, peers, skip};

const NAMESPACE: &str = "kube-system";
const SERVICE: &str = "sealed-secrets-controller";

/// A cluster whose API server reaches our controller by its Service.
struct Bed {
    cluster: Cluster,
    controller: Controller,
}

/// `None`, and why, where there are no network namespaces.
fn bed() -> Option<&'static Bed> {
    static BED: OnceLock<Bed> = OnceLock::new();
    if !netns::is_inside() {
        skip("the service proxy needs a network namespace: run `cargo xtask test`");
        return None;
    }
    Some(BED.get_or_init(|| {
        let cluster = Cluster::start();
        let (controller, target) = Controller::start_reachable(&cluster);
        publish(cluster.plane(), target);
        Bed {
            cluster,
            controller,
        }
    }))
}

/// The story's namespace, for one story at a time; gone afterwards.
struct Dev(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Dev {
    fn take() -> Self {
        static DEV: Mutex<()> = Mutex::new(());
        Self(DEV.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let plane = bed().unwrap().cluster.plane();
        // A failed story may not have come so far as to make it.
        let _ = plane.run(&["delete", "namespace", "dev"]);
    }
}

/// No pods run here: the Deployment says what it would say with its pod running.
fn pretend_rolled_out(plane: &ControlPlane, namespace: &str, deployment: &str) {
    let ready = json!({"status": {
        "observedGeneration": 1000, "replicas": 1, "updatedReplicas": 1,
        "readyReplicas": 1, "availableReplicas": 1,
    }});
    let patch = format!("--patch={ready}");
    plane
        .run(&[
            "patch",
            "deployment",
            deployment,
            "-n",
            namespace,
            "--subresource=status",
            "--type=merge",
            &patch,
        ])
        .unwrap();
}

/// Leads the API server's service proxy to a controller at this port.
fn publish(plane: &ControlPlane, target: u16) {
    let backend = ServiceBackend::new(plane, NAMESPACE).unwrap();
    let ports = [ServicePort {
        name: "http".into(),
        port: 8080,
        target,
    }];
    backend.publish_endpoints(SERVICE, &ports).unwrap();
}

/// Programs of ours that `cargo xtask test` has built.
fn program(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        skip(&format!("{variable} is not set: run `cargo xtask test`"));
    }
    path
}

/// A shell with `seal`, `kubectl` and `age`, logged in to the cluster.
fn shell(bed: &Bed, seal: &Path, kubeconfig: &Path, folder: &Path, script: &str) -> Output {
    let plane = bed.cluster.plane();
    let inherited = std::env::var_os("PATH").unwrap();
    let age = peers::age().unwrap();
    let path = [seal.parent(), plane.assets().kubectl.parent(), age.parent()]
        .into_iter()
        .flatten()
        .map(Path::to_owned)
        .chain(std::env::split_paths(&inherited));
    Command::new("sh")
        .args(["-euc", script])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_readmes_walkthrough_works_as_it_is_written() {
    let (Some(bed), Some(seal)) = (bed(), program("SEAL_BIN")) else {
        return;
    };
    let _dev = Dev::take();
    let blocks = document::blocks("README.md", "walkthrough");
    let blocks: Vec<_> = blocks.into_iter().map(|(_, script)| script).collect();
    let script = blocks.join("\n");
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = bed.cluster.plane().kubeconfig();
    let output = shell(bed, &seal, kubeconfig, folder.path(), &script);
    assert!(
        output.status.success(),
        "{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    for name in ["mariadb", "mail"] {
        let secret = bed
            .cluster
            .plane()
            .run(&["get", "secret", "-n", "dev", name, "-o", "name"]);
        assert_eq!(secret.unwrap().trim(), format!("secret/{name}"));
    }
}

#[test]
fn the_demo_runs_on_a_context_through_the_service_proxy() {
    let (Some(bed), Some(xtask), Some(_)) = (bed(), program("SEAL_XTASK"), program("SEAL_BIN"))
    else {
        return;
    };
    let plane = bed.cluster.plane();
    let _dev = Dev::take();
    pretend_rolled_out(plane, NAMESPACE, SERVICE);
    let context = plane.run(&["config", "current-context"]).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let script = format!("'{}' demo --context '{}'", xtask.display(), context.trim());
    let output = shell(bed, &xtask, plane.kubeconfig(), &root, &script);
    let story = text(&output.stdout);
    assert!(output.status.success(), "{story}\n{}", text(&output.stderr));
    assert!(story.contains("\n$ seal --fetch-cert > pub"), "{story}");
    assert_eq!(
        story.matches("it is the sealed password\n").count(),
        2,
        "{story}"
    );
    assert!(
        story.contains("\nalice reads the same password\n"),
        "{story}"
    );
    assert!(story.contains("\nmetrics-password  "), "{story}");
    assert!(
        story.contains("\n# (left out: AWS Secrets Manager. "),
        "{story}"
    );
}

#[test]
fn the_demo_runs_on_a_control_plane_of_its_own_and_on_aws() {
    let (Some(xtask), Some(_)) = (program("SEAL_XTASK"), program("SEAL_BIN")) else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(xtask)
        .arg("demo")
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let story = text(&output.stdout);
    assert!(output.status.success(), "{story}\n{}", text(&output.stderr));
    assert!(
        story.contains("\n$ aws secretsmanager put-secret-value "),
        "{story}"
    );
    assert_eq!(
        story.matches("\nthe Secret has what AWS has\n").count(),
        2,
        "{story}"
    );
}

#[test]
fn anyone_logged_in_may_fetch_the_certificate_as_with_kubeseal() {
    let (Some(bed), Some(seal)) = (bed(), program("SEAL_BIN")) else {
        return;
    };
    let plane = bed.cluster.plane();
    let account = plane
        .service_account_kubeconfig("default", "default")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ours = shell(bed, &seal, &account, folder.path(), "seal --fetch-cert");
    assert!(ours.status.success(), "{}", text(&ours.stderr));
    assert!(text(&ours.stdout).starts_with("-----BEGIN CERTIFICATE-----\n"));

    let kubeseal = peers::kubeseal().unwrap();
    let script = format!("'{}' --fetch-cert", kubeseal.display());
    let theirs = shell(bed, &seal, &account, folder.path(), &script);
    assert_eq!(
        text(&ours.stdout),
        text(&theirs.stdout),
        "{}",
        text(&theirs.stderr)
    );
}

#[test]
fn what_stands_in_the_way_is_named() {
    let (Some(bed), Some(seal)) = (bed(), program("SEAL_BIN")) else {
        return;
    };
    let account = bed
        .cluster
        .plane()
        .service_account_kubeconfig("default", "default")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (script, parts) in [
        // The role of everyone names one Service; another is out of bounds.
        (
            "seal --fetch-cert --controller-name other",
            &[
                "you may not get services \"other\"",
                "sealed-secrets-service-proxier",
                "--controller-name",
            ][..],
        ),
        (
            "seal --fetch-cert --context nowhere",
            &["the kubeconfig has no context \"nowhere\"", "get-contexts"],
        ),
        (
            "seal --fetch-cert --kubeconfig missing",
            &["cannot use kubeconfig missing: no such file"],
        ),
    ] {
        let output = shell(bed, &seal, &account, folder.path(), script);
        assert_eq!(output.status.code(), Some(1), "{script}");
        assert_eq!(text(&output.stdout), "", "{script}");
        for part in parts {
            assert!(
                text(&output.stderr).contains(part),
                "{script}: {}",
                text(&output.stderr)
            );
        }
    }
}
