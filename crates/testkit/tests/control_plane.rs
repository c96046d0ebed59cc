//! The control plane does what tests rely on, and leaves nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{
    ControlPlane, Options, Process, Program, RealController, RealControllerOptions, ServiceBackend,
    ServicePort, eventually, is_alive, netns, peers, skip,
};

const MINUTE: Duration = Duration::from_mins(1);

fn config_map(name: &str, owner: Option<&Value>) -> Value {
    let mut object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
    });
    if let Some(owner) = owner {
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "v1", "kind": "ConfigMap",
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        }]);
    }
    object
}

#[test]
fn objects_live_and_die() {
    let plane = ControlPlane::start(&Options::default()).unwrap();
    let namespaces = plane.run(&["get", "namespaces", "--output=name"]).unwrap();
    assert!(namespaces.contains("namespace/kube-system"), "{namespaces}");

    let created = [
        "create",
        "secret",
        "generic",
        "db",
        "--from-literal=password=hunter2",
    ];
    plane.run(&created).unwrap();
    let password = plane
        .run(&["get", "secret", "db", "--output=jsonpath={.data.password}"])
        .unwrap();
    assert_eq!(password, "aHVudGVyMg==");

    let refused = plane.run(&created).unwrap_err().to_string();
    assert!(refused.contains("already exists"), "{refused}");

    if !plane.has_controller_manager() {
        return skip("no kube-controller-manager: garbage collection");
    }
    plane.apply(&config_map("owner", None)).unwrap();
    let owner = plane
        .run(&["get", "configmap", "owner", "--output=json"])
        .unwrap();
    let owner: Value = serde_json::from_str(&owner).unwrap();
    plane.apply(&config_map("owned", Some(&owner))).unwrap();
    plane.run(&["delete", "configmap", "owner"]).unwrap();
    eventually("the owned object to be collected", MINUTE, || {
        plane.run(&["get", "configmap", "owned"]).err()
    });
}

#[test]
fn service_accounts_have_no_rights_of_their_own() {
    let plane = ControlPlane::start(&Options::default()).unwrap();
    plane.run(&["create", "serviceaccount", "robot"]).unwrap();
    let kubeconfig = plane
        .service_account_kubeconfig("default", "robot")
        .unwrap();
    let ask = |args: &[&str]| {
        let output = plane.kubectl_as(&kubeconfig).args(args).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let who = ask(&["auth", "whoami"]);
    assert!(who.contains("system:serviceaccount:default:robot"), "{who}");
    let refused = ask(&["get", "secrets"]);
    assert!(refused.contains("Forbidden"), "{refused}");
}

#[test]
fn two_at_once_and_the_api_server_comes_back() {
    let one = ControlPlane::start(&Options::default()).unwrap();
    let other = ControlPlane::start(&Options::default()).unwrap();
    one.run(&["create", "namespace", "only-here"]).unwrap();
    other.run(&["get", "namespace", "only-here"]).unwrap_err();

    one.stop_apiserver().unwrap();
    TcpStream::connect(one.address()).unwrap_err();
    one.start_apiserver().unwrap();
    one.run(&["get", "namespace", "only-here"]).unwrap();
}

#[test]
fn dropping_it_leaves_nothing() {
    let plane = ControlPlane::start(&Options::default()).unwrap();
    let (supervisor, folder) = (plane.supervisor_pid(), plane.dir().to_owned());
    let servers = children(supervisor);
    assert!(servers.len() >= 2, "{servers:?}");
    drop(plane);
    assert!(!is_alive(supervisor));
    assert_eq!(servers.into_iter().find(|&pid| is_alive(pid)), None);
    assert!(!folder.exists());
}

/// Set in the process that [`being_killed_leaves_nothing`] kills.
const VICTIM: &str = "TESTKIT_TEST_VICTIM";

/// Runs itself in a second process, which starts a control plane and is killed.
#[test]
fn being_killed_leaves_nothing() {
    if std::env::var_os(VICTIM).is_some() {
        let plane = ControlPlane::start(&Options::default()).unwrap();
        println!(
            "\nSTARTED {} {}",
            plane.supervisor_pid(),
            plane.dir().display()
        );
        loop {
            std::thread::park();
        }
    }
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "being_killed_leaves_nothing", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let started = lines.find_map(|line| Some(line.unwrap().strip_prefix("STARTED ")?.to_owned()));
    let started = started.expect("the other process did not start a control plane");
    let (supervisor, folder) = started.split_once(' ').unwrap();
    let supervisor = supervisor.parse().unwrap();
    let servers = children(supervisor);
    assert!(servers.len() >= 2, "{servers:?}");

    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the supervisor to end", MINUTE, || {
        (!is_alive(supervisor)).then_some(())
    });
    assert_eq!(servers.into_iter().find(|&pid| is_alive(pid)), None);
    assert!(!std::path::Path::new(folder).exists());
}

#[test]
fn processes_are_killed_and_restarted() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo hello $NAME; exec sleep 600";
    let program = Program::new("sh", folder.path().join("log"))
        .args(["-c", script])
        .env("NAME", "world");
    let mut process = Process::start(program).unwrap();
    let said = |times: usize| {
        let hello = "hello world\n".repeat(times);
        move |process: &Process| (process.log_text() == hello).then_some(())
    };
    eventually("the greeting", MINUTE, || said(1)(&process));
    assert!(process.rss().unwrap() > 10_000);
    let first = process.pid();

    process.kill().unwrap();
    assert!(!is_alive(first));
    assert!(process.ended().unwrap().unwrap().contains("SIGKILL"));

    process.restart().unwrap();
    assert_eq!(process.ended().unwrap(), None);
    eventually("the second greeting", MINUTE, || said(2)(&process));
    assert!(process.stop().unwrap().contains("SIGTERM"));
    assert!(!is_alive(process.pid()));
}

#[test]
fn the_real_kubeseal_and_controller_understand_each_other() {
    let plane = ControlPlane::start(&Options::default()).unwrap();
    let controller = RealController::start(&plane, &RealControllerOptions::default()).unwrap();
    seal_and_open(&plane, &["--cert", &controller.cert_url()]);
}

#[test]
fn the_service_proxy_reaches_the_host() {
    if !netns::is_inside() {
        return skip("not inside a network namespace: service proxy (see cargo xtask test)");
    }
    let plane = ControlPlane::start(&Options::default()).unwrap();
    let options = RealControllerOptions {
        address: netns::ADDRESS.into(),
        ..RealControllerOptions::default()
    };
    let controller = RealController::start(&plane, &options).unwrap();
    let port = ServicePort {
        name: "http".to_owned(),
        port: 8080,
        target: controller.port(),
    };
    let backend = ServiceBackend::new(&plane, "kube-system").unwrap();
    backend
        .publish("sealed-secrets-controller", &[port])
        .unwrap();
    // Nothing but the kubeconfig: kubeseal finds the certificate by itself.
    seal_and_open(&plane, &[]);
}

/// Seals a Secret with the real kubeseal and waits until a controller has opened it.
fn seal_and_open(plane: &ControlPlane, flags: &[&str]) {
    let secret = plane.dir().join("secret.json");
    let literal = "--from-literal=password=hunter2";
    let made = [
        "create",
        "secret",
        "generic",
        "db",
        literal,
        "--dry-run=client",
        "--output=json",
    ];
    std::fs::write(&secret, plane.run(&made).unwrap()).unwrap();
    let sealed = Command::new(peers::kubeseal().unwrap())
        .args(flags)
        .env("KUBECONFIG", plane.kubeconfig())
        .stdin(std::fs::File::open(&secret).unwrap())
        .output()
        .unwrap();
    assert!(
        sealed.status.success(),
        "{}",
        String::from_utf8_lossy(&sealed.stderr)
    );
    plane
        .apply(&serde_json::from_slice(&sealed.stdout).unwrap())
        .unwrap();
    let password = eventually("the Secret to be opened", MINUTE, || {
        plane
            .run(&["get", "secret", "db", "--output=jsonpath={.data.password}"])
            .ok()
    });
    assert_eq!(password, "aHVudGVyMg==");
}

/// The process ids of its children.
fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap();
    text.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}
