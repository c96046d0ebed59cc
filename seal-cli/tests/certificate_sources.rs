//! Certificates of a cluster: fetched, kept, and read from ConfigMaps.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

#[allow(dead_code, reason = "another test uses the rest")]
mod api_server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use api_server::{ApiServer, Authority};
use jiff::{SignedDuration, Timestamp};
use seal_keys::Issued;
use tempfile::TempDir;

const SECRET: &str =
    "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {password: hunter2}\n";

/// A user's folder, and a cluster.
struct Bed {
    server: ApiServer,
    folder: TempDir,
}

/// What a run printed.
struct Said {
    success: bool,
    stdout: Vec<u8>,
    stderr: String,
}

fn issue(days: i64) -> Issued {
    let validity = SignedDuration::from_hours(24 * days);
    seal_keys::issue(2048, "", Timestamp::now(), validity).unwrap()
}

impl Bed {
    fn start(sealing: &Issued) -> Self {
        let authority = Authority::new();
        let pem = sealing.certificate.to_pem().into_bytes();
        let server = ApiServer::start(&authority, &["127.0.0.1"], pem);
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = format!(
            "current-context: dev\ncontexts:\n- {{name: dev, context: {{cluster: c, user: u}}}}\n- {{name: other, context: {{cluster: c, user: u}}}}\nclusters:\n- name: c\n  cluster: {{server: 'https://127.0.0.1:{}', certificate-authority: ca.pem}}\nusers:\n- name: u\n  user: {{token: t}}\n",
            server.port
        );
        fs::write(folder.path().join("kube.yaml"), kubeconfig).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        fs::write(folder.path().join("app.yaml"), SECRET).unwrap();
        Self { server, folder }
    }

    fn run_as(&self, name: &str, typed: &str, variables: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
        let output = command
            .arg0(name)
            .args(typed.split_whitespace())
            .arg("--kubeconfig=kube.yaml")
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Said {
            success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn run(&self, typed: &str) -> Said {
        self.run_as("seal", typed, &[])
    }

    /// Seals; gives whether the cluster was asked.
    fn seal(&self, typed: &str) -> (Said, bool) {
        let said = self.run(&format!("seal -f app.yaml {typed}"));
        let asked = !self.server.take().is_empty();
        (said, asked)
    }

    fn entries(&self) -> Vec<PathBuf> {
        let folder = self.folder.path().join("cache/seal/certificates");
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Makes the only entry older.
    fn age(&self, hours: i64) {
        let entries = self.entries();
        let [entry] = entries.as_slice() else {
            panic!("{entries:?}");
        };
        let mut stored: serde_json::Value =
            serde_json::from_slice(&fs::read(entry).unwrap()).unwrap();
        let fetched = Timestamp::now() - SignedDuration::from_hours(hours);
        stored["fetched"] = fetched.to_string().into();
        fs::write(entry, stored.to_string()).unwrap();
    }
}

/// Legacy values show nothing, so that the key is told by its size or by what opens it.
fn is_for(sealed: &[u8], issued: &Issued) -> bool {
    let identity = seal_keys::RsaIdentity::new(&issued.key).unwrap();
    let text = String::from_utf8(sealed.to_vec()).unwrap();
    let value = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("password: "))
        .unwrap();
    let envelope = seal_format::Envelope::from_text(value).unwrap();
    seal_keys::Identity::unwrap(&identity, &envelope.wrapped_key, b"demo/app").is_ok()
}

#[test]
fn a_certificate_is_kept_only_if_the_user_asks() {
    let (first, second) = (issue(365), issue(365));
    let bed = Bed::start(&first);
    assert!(bed.seal("").1 && bed.entries().is_empty());
    let (said, asked) = bed.seal("--cert-cache=0");
    assert!(said.success && asked && bed.entries().is_empty());
    // Called as kubeseal the variable is nobody's.
    let variable = [("SEALED_SECRETS_CERT_CACHE", "1h")];
    assert!(bed.run_as("kubeseal", "-f app.yaml", &variable).success);
    assert!(bed.entries().is_empty());

    let (said, asked) = bed.seal("--cert-cache");
    assert!(
        said.success && asked && said.stderr.is_empty(),
        "{}",
        said.stderr
    );
    let entries = bed.entries();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(entries.iter().map(mode).collect::<Vec<_>>(), [0o600]);
    bed.server.serve(second.certificate.to_pem().as_bytes());
    let (said, asked) = bed.seal("--cert-cache");
    assert!(
        said.success && !asked && said.stderr.is_empty(),
        "{}",
        said.stderr
    );
    assert!(is_for(&said.stdout, &first));
    let (said, asked) = bed.seal("");
    assert!(
        asked && is_for(&said.stdout, &second),
        "not without the flag"
    );
    assert!(bed.run_as("seal", "-f app.yaml", &variable).success);
    assert!(
        bed.run_as("kubeseal", "-f app.yaml --cert-cache=1h", &[])
            .success
    );
    assert_eq!(bed.server.take(), Vec::<String>::new());
    // Another context may be another cluster.
    let (said, asked) = bed.seal("--cert-cache --context=other");
    assert!(asked && is_for(&said.stdout, &second));
    assert_eq!(bed.entries().len(), 2);
}

#[test]
fn an_old_certificate_is_fetched_again_and_stands_in_for_a_cluster_that_is_away() {
    let (first, second) = (issue(365), issue(365));
    let bed = Bed::start(&first);
    assert!(bed.seal("--cert-cache").1);
    bed.server.serve(second.certificate.to_pem().as_bytes());
    bed.age(9);
    let (said, asked) = bed.seal("--cert-cache");
    assert!(asked && is_for(&said.stdout, &second));
    assert!(!bed.seal("--cert-cache").1, "kept in its place");

    bed.age(30);
    bed.server.go_away(true);
    let (said, _) = bed.seal("--cert-cache=1h");
    assert!(
        said.success && is_for(&said.stdout, &second),
        "{}",
        said.stderr
    );
    let fingerprint = second.certificate.fingerprint();
    for told in [
        "warning: ",
        "cannot be reached",
        "30 hours ago",
        &fingerprint,
    ] {
        assert!(said.stderr.contains(told), "{}", said.stderr);
    }
    bed.age(24 * 7 + 1);
    let (said, _) = bed.seal("--cert-cache");
    assert!(!said.success && said.stdout.is_empty());
    assert!(
        said.stderr.contains("too long to go on with"),
        "{}",
        said.stderr
    );
    bed.server.go_away(false);
    assert!(bed.seal("--cert-cache").0.success);
}

#[test]
fn a_kept_certificate_that_is_damaged_foreign_or_expired_is_fetched_again() {
    let bed = Bed::start(&issue(365));
    assert!(bed.seal("--cert-cache").1);
    let entry = bed.entries().remove(0);
    let sound = fs::read(&entry).unwrap();
    fs::write(&entry, &sound[..sound.len() / 2]).unwrap();
    let (said, asked) = bed.seal("--cert-cache");
    assert!(
        said.success && asked && said.stderr.is_empty(),
        "{}",
        said.stderr
    );
    assert!(!bed.seal("--cert-cache").1, "mended");

    fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).unwrap();
    let (said, asked) = bed.seal("--cert-cache");
    assert!(said.success && asked);
    assert!(
        said.stderr
            .contains("is not believed: every user can write it"),
        "{}",
        said.stderr
    );

    // One that expired is not used though nobody answers.
    let mut stored: serde_json::Value = serde_json::from_slice(&sound).unwrap();
    let begun = Timestamp::now() - SignedDuration::from_hours(48);
    let expired = seal_keys::issue(2048, "", begun, SignedDuration::from_hours(24)).unwrap();
    stored["certificate"] = expired.certificate.to_pem().into();
    stored["keySha256"] = expired.certificate.fingerprint().into();
    fs::write(&entry, stored.to_string()).unwrap();
    bed.server.go_away(true);
    let (said, _) = bed.seal("--cert-cache");
    assert!(
        !said.success && said.stderr.starts_with("error: "),
        "{}",
        said.stderr
    );
}

#[test]
fn fetch_makes_what_is_kept_new_and_writes_only_certificates() {
    let (first, second) = (issue(365), issue(10));
    let bed = Bed::start(&first);
    assert!(bed.run("cert fetch").success);
    assert!(bed.entries().is_empty());
    assert!(bed.seal("--cert-cache").1);
    bed.server.serve(second.certificate.to_pem().as_bytes());
    let said = bed.run("cert fetch -w pub.pem");
    assert!(said.success);
    assert!(
        said.stderr
            .contains("warning: the certificate from the cluster expires on")
    );
    let file = bed.folder.path().join("pub.pem");
    let pem = second.certificate.to_pem();
    assert_eq!(fs::read_to_string(&file).unwrap(), pem);
    bed.server.take();
    let (said, asked) = bed.seal("--cert-cache");
    assert!(!asked && is_for(&said.stdout, &second));
    assert!(said.stderr.contains("expires on"), "{}", said.stderr);

    let begun = Timestamp::now() - SignedDuration::from_hours(48);
    let expired = seal_keys::issue(2048, "", begun, SignedDuration::from_hours(24)).unwrap();
    let expired = expired.certificate.to_pem();
    for (served, told) in [
        (
            "<html>Log in</html>",
            "does not contain any valid RSA or ECDSA certificates",
        ),
        (expired.as_str(), "expired certificate"),
    ] {
        bed.server.serve(served.as_bytes());
        let said = bed.run("cert fetch -w pub.pem");
        assert!(
            !said.success && said.stderr.contains(told),
            "{}",
            said.stderr
        );
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            pem,
            "nothing was written"
        );
        let said = bed.run("cert fetch");
        assert!(!said.success && said.stdout.is_empty());
        // As kubeseal does it.
        let said = bed.run_as("kubeseal", "--fetch-cert", &[]);
        assert!(said.success && said.stdout == served.as_bytes());
    }
}

/// A login helper may take its time; meanwhile somebody chooses another context.
#[test]
fn a_certificate_is_never_kept_as_that_of_another_cluster() {
    const HELPER: &str = r#"#!/bin/sh
/bin/sed 's/current-context: dev/current-context: other/' kube.yaml > new.yaml
/bin/mv new.yaml kube.yaml
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
"#;
    let issued = issue(365);
    for typed in ["cert fetch --cert-cache", "seal -f app.yaml --cert-cache"] {
        let bed = Bed::start(&issued);
        let helper = bed.folder.path().join("helper.sh");
        fs::write(&helper, HELPER).unwrap();
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        let path = bed.folder.path().join("kube.yaml");
        let kubeconfig = fs::read_to_string(&path).unwrap().replace(
            "user: {token: t}",
            "user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./helper.sh}}",
        );
        fs::write(&path, kubeconfig).unwrap();
        let said = bed.run(typed);
        assert!(said.success, "{typed}: {}", said.stderr);
        let after = fs::read_to_string(&path).unwrap();
        assert!(after.contains("current-context: other"), "{typed}");
        assert_eq!(bed.entries(), Vec::<PathBuf>::new(), "{typed}");
        // Nothing changes any more.
        assert!(bed.run(typed).success);
        assert_eq!(bed.entries().len(), 1, "{typed}");
    }
}

#[test]
fn certificates_in_config_maps() {
    let issued = issue(10);
    let bed = Bed::start(&issued);
    for (place, told) in [
        ("configmap:infra/sealing", None),
        ("configmap:infra/sealing/tls.crt", None),
        ("configmap:infra/both/b.pem", None),
        (
            "configmap:infra/both",
            Some("several of its keys hold a certificate (a.pem, b.pem)"),
        ),
        (
            "configmap:infra/sealing/no",
            Some("no key \"no\"; it has readme, tls.crt"),
        ),
        (
            "configmap:infra/sealing/readme",
            Some("does not contain any valid RSA"),
        ),
        (
            "configmap:infra/none",
            Some("configmaps \"none\" not found in namespace \"infra\""),
        ),
        (
            "configmap:infra/forbidden",
            Some("you may not get configmaps \"forbidden\""),
        ),
        ("configmap:infra", Some("write configmap:NAMESPACE/NAME")),
    ] {
        let (said, asked) = bed.seal(&format!("--cert={place}"));
        match told {
            None => {
                assert!(
                    asked && is_for(&said.stdout, &issued),
                    "{place}: {}",
                    said.stderr
                );
                let warning = format!("warning: the certificate from {place} expires on");
                assert!(said.stderr.contains(&warning), "{}", said.stderr);
            }
            Some(told) => {
                assert!(!said.success && said.stdout.is_empty(), "{place}");
                assert!(said.stderr.contains(told), "{place}: {}", said.stderr);
            }
        }
    }
    let said = bed.run("cert fetch --cert=configmap:infra/sealing");
    assert_eq!(said.stdout, issued.certificate.to_pem().into_bytes());
    // Among other recipients, too.
    let said = bed.run("seal -f app.yaml -r cert:configmap:infra/sealing");
    assert!(
        said.success && is_for(&said.stdout, &issued),
        "{}",
        said.stderr
    );
}
