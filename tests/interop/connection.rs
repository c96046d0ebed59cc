//! kubectl's flags against a real API server, given to the real kubeseal and to ours: the same
//! people get in, and the same do not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;
use suite::{Cluster, Controller};
use testkit::{ServiceBackend, ServicePort, netns, peers, skip};

/// Not the usual place: there anybody may get the certificate.
const NAMESPACE: &str = "vault";
const SERVICE: &str = "private";

/// A pod's account where a pod has it, in a mount namespace that ends with the program.
const IN_POD: &str = "\
set -e
run=$(readlink -f /var/run)
mount -t tmpfs -o mode=0755 tmpfs \"$run\"
mkdir -p /var/run/secrets/kubernetes.io
cp -r \"$0\" /var/run/secrets/kubernetes.io/serviceaccount
exec \"$@\"";

struct Bed {
    cluster: Cluster,
    controller: Controller,
    programs: [PathBuf; 2],
}

impl Bed {
    fn start() -> Option<Self> {
        let Ok(seal) = std::env::var("SEAL_BIN") else {
            skip("SEAL_BIN is not set: run `cargo xtask test`");
            return None;
        };
        if !netns::is_inside() {
            skip("the service proxy needs a network namespace: run `cargo xtask test`");
            return None;
        }
        let cluster = Cluster::start();
        let (controller, target) = Controller::start_reachable(&cluster);
        cluster.namespace(NAMESPACE);
        let backend = ServiceBackend::new(cluster.plane(), NAMESPACE).unwrap();
        let ports = [ServicePort {
            name: "http".into(),
            port: 8080,
            target,
        }];
        backend.publish(SERVICE, &ports).unwrap();
        let bed = Self {
            cluster,
            controller,
            programs: [seal.into(), peers::kubeseal().unwrap()],
        };
        bed.allow(
            "service",
            "services",
            SERVICE,
            &["User/half", "Group/sealers"],
        );
        let proxy = format!("http:{SERVICE}:http");
        bed.allow("proxy", "services/proxy", &proxy, &["Group/sealers"]);
        Some(bed)
    }

    /// Lets subjects (`KIND/NAME`) and the service account `ci` get one thing.
    fn allow(&self, role: &str, resource: &str, name: &str, subjects: &[&str]) {
        let plane = self.cluster.plane();
        let metadata = json!({"name": role, "namespace": NAMESPACE});
        let group = "rbac.authorization.k8s.io";
        let mut subjects: Vec<_> = subjects
            .iter()
            .map(|subject| subject.split_once('/').unwrap())
            .map(|(kind, name)| json!({"kind": kind, "name": name, "apiGroup": group}))
            .collect();
        subjects.push(json!({"kind": "ServiceAccount", "name": "ci", "namespace": NAMESPACE}));
        let allowed = json!({
            "apiGroups": [""], "resources": [resource], "resourceNames": [name], "verbs": ["get"],
        });
        let version = format!("{group}/v1");
        for object in [
            json!({"apiVersion": version, "kind": "Role", "metadata": metadata, "rules": [allowed]}),
            json!({
                "apiVersion": version, "kind": "RoleBinding", "metadata": metadata,
                "roleRef": {"apiGroup": group, "kind": "Role", "name": role},
                "subjects": subjects,
            }),
        ] {
            plane.apply(&object).unwrap();
        }
    }

    fn token(&self, account: &str) -> String {
        let plane = self.cluster.plane();
        let object = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": account, "namespace": NAMESPACE},
        });
        plane.apply(&object).unwrap();
        plane.service_account_token(NAMESPACE, account).unwrap()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.cluster.plane().dir().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Each program's exit code, stdout and stderr.
    fn run(&self, prefix: &[&str], args: &[&str], variables: &[(&str, &str)]) -> [Output; 2] {
        self.programs.each_ref().map(|program| {
            let program = program.to_str().unwrap();
            let words = [prefix, &[program], args].concat();
            let mut child = Command::new(words[0])
                .args(&words[1..])
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap())
                .env("HOME", "/nonexistent")
                .envs(variables.iter().copied())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            // A program that fails early does not read its input.
            let _ = std::io::Write::write_all(&mut stdin, b"kind: Secret\nmetadata: {name: app}\n");
            drop(stdin);
            let output = child.wait_with_output().unwrap();
            Output {
                code: output.status.code().unwrap(),
                stdout: String::from_utf8(output.stdout).unwrap(),
                stderr: String::from_utf8(output.stderr).unwrap(),
            }
        })
    }

    /// Both get the certificate, or neither does; then ours says `refusal`.
    fn fetch(&self, args: &[&str], variables: &[(&str, &str)], refusal: &str) {
        let place = [
            "--fetch-cert",
            &format!("--controller-name={SERVICE}"),
            &format!("--controller-namespace={NAMESPACE}"),
        ];
        let [ours, theirs] = self.run(&[], &[&place, args].concat(), variables);
        let what = format!("{args:?} {variables:?}: {}\n{}", ours.stderr, theirs.stderr);
        let (code, certificate) = if refusal.is_empty() {
            (0, self.controller.get("/v1/cert.pem").unwrap().body)
        } else {
            (1, String::new())
        };
        for output in [&ours, &theirs] {
            assert_eq!(output.code, code, "{what}");
            assert_eq!(output.stdout, certificate, "{what}");
        }
        assert!(ours.stderr.contains(refusal), "{what}");
        for credential in ["eyJ", "Bearer"] {
            assert!(!ours.stderr.contains(credential), "{what}");
        }
    }
}

struct Output {
    code: i32,
    stdout: String,
    stderr: String,
}

const NOT_SERVICES: &str = "you may not get services \"private\"";
const NOT_PROXY: &str = "you may not get services/proxy \"private\"";

#[test]
fn whoever_may_gets_the_certificate() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let plane = bed.cluster.plane();
    let admin = format!("--kubeconfig={}", plane.kubeconfig().display());
    let server = format!("--server={}", plane.server());
    let authority = format!("--certificate-authority={}", plane.authority().display());
    let (ci, other) = (bed.token("ci"), bed.token("other"));
    let (ci_flag, other_flag) = (format!("--token={ci}"), format!("--token={other}"));
    let wrong = "does not accept these credentials";
    for (args, refusal) in [
        (&[admin.as_str()][..], ""),
        (&[&admin, &ci_flag], ""),
        (&[&admin, &other_flag], NOT_SERVICES),
        (&[&server, &authority, &ci_flag], ""),
        (&[&server, &authority, &other_flag], NOT_SERVICES),
        (&[&server, &authority, "--token=wrong"], wrong),
        (
            &[&server, &ci_flag],
            "a certificate of an authority that is not trusted",
        ),
        (&[&server, &ci_flag, "--insecure-skip-tls-verify"], ""),
        (
            &[&server, &authority, &ci_flag, "--tls-server-name=x"],
            "shows a certificate for another name",
        ),
        (
            &[&server, &authority, &ci_flag, "--request-timeout=30s"],
            "",
        ),
    ] {
        bed.fetch(args, &[], refusal);
    }
    let variables = [("SEALED_SECRETS_TOKEN", ci.as_str())];
    bed.fetch(&[&server, &authority], &variables, "");
}

#[test]
fn whoever_acts_as_somebody_may_what_that_one_may() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let admin = bed.cluster.plane().kubeconfig().display();
    let admin = format!("--kubeconfig={admin}");
    let ci = format!("--token={}", bed.token("ci"));
    let joe = [
        ("SEALED_SECRETS_AS", "joe"),
        ("SEALED_SECRETS_AS_GROUP", "sealers"),
    ];
    for (args, variables, refusal) in [
        (&["--as=joe"][..], &[][..], NOT_SERVICES),
        (&["--as=half"], &[], NOT_PROXY),
        (&[], &[("SEALED_SECRETS_AS", "half")], NOT_PROXY),
        (&["--as=joe", "--as-group=sealers"], &[], ""),
        (
            &[
                "--as=joe",
                "--as-group=a",
                "--as-group=sealers",
                "--as-uid=1",
            ],
            &[],
            "",
        ),
        (&["--as=joe", "--as-group=a,sealers"], &[], NOT_SERVICES),
        (&["--as-group=a"], &joe, ""),
        (&[&ci, "--as=joe", "--as-group=sealers"], &[], "you may not"),
    ] {
        bed.fetch(&[&[admin.as_str()], args].concat(), variables, refusal);
    }
}

#[test]
fn a_login_helper_tells_who_somebody_is() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let plane = bed.cluster.plane();
    for (account, refusal) in [("ci", ""), ("other", NOT_SERVICES)] {
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": {"token": bed.token(account)},
        });
        let helper = bed.file("helper", &format!("#!/bin/sh\necho '{credential}'\n"));
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o700)).unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {
                "server": plane.server(), "certificate-authority": plane.authority(),
            }}],
            "users": [{"name": "u", "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": "./helper",
                "interactiveMode": "Never",
            }}}],
        });
        let kubeconfig = bed.file("helped.yaml", &kubeconfig.to_string());
        bed.fetch(&[&format!("--kubeconfig={kubeconfig}")], &[], refusal);
    }
}

#[test]
fn a_pod_is_its_account() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let plane = bed.cluster.plane();
    let account = plane.dir().join("pod-account");
    fs::create_dir(&account).unwrap();
    let write = |name: &str, text: &str| fs::write(account.join(name), text).unwrap();
    write("token", &format!("{}\n", bed.token("ci")));
    write("namespace", "from-pod");
    fs::copy(plane.authority(), account.join("ca.crt")).unwrap();
    let (host, port) = plane.address();
    let (host, port) = (host.to_string(), port.to_string());
    let pod = [
        ("KUBERNETES_SERVICE_HOST", host.as_str()),
        ("KUBERNETES_SERVICE_PORT", port.as_str()),
    ];
    let cert = bed.file("pub.pem", &bed.controller.get("/v1/cert.pem").unwrap().body);
    let cert = format!("--cert={cert}");
    let fetch = [
        "--fetch-cert",
        "--controller-name=private",
        "--controller-namespace=vault",
    ];
    let seal = ["--allow-empty-data", "--format=yaml", &cert];
    let wrong = [fetch.as_slice(), &["--token=wrong"]].concat();
    let admin = format!("--kubeconfig={}", plane.kubeconfig().display());
    let elsewhere = [seal.as_slice(), &[&admin]].concat();
    let root = rustix::process::geteuid().is_root();
    let own = [&pod[..], &[("POD_NAMESPACE", "from-variable")]].concat();
    for (args, variables, code, part) in [
        (&fetch[..], &pod[..], 0, "-----BEGIN CERTIFICATE-----"),
        (&wrong, &pod, 1, ""),
        (&fetch, &[], 1, ""),
        (&seal, &pod, 0, "namespace: from-pod"),
        (&seal, &own, 0, "namespace: from-variable"),
        // The kubeconfig of the tests names the namespace default.
        (&elsewhere, &pod, 0, "namespace: default"),
    ] {
        let prefix = [
            "unshare",
            if root { "-m" } else { "-Urm" },
            "--",
            "sh",
            "-c",
            IN_POD,
            account.to_str().unwrap(),
        ];
        for output in bed.run(&prefix, args, variables) {
            let what = format!("{args:?} {variables:?}: {}", output.stderr);
            assert_eq!(output.code, code, "{what}");
            assert!(output.stdout.contains(part), "{what}: {}", output.stdout);
        }
    }
}
