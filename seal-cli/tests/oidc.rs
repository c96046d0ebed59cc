//! Users of OpenID Connect: a token that has expired is renewed, and the kubeconfig has the new one.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why"
)]

#[allow(dead_code, reason = "another test uses the rest")]
mod api_server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use api_server::{ApiServer, Authority, EXPIRED, LONG};

const KUBECONFIG: &str = "\
# ours
current-context: dev
contexts:
- {name: dev, context: {cluster: c, user: jane}}
clusters:
- name: c
  cluster: {server: 'https://127.0.0.1:{port}', certificate-authority: ca.pem}
users:
- name: jane   # me
  user:
    auth-provider:
      name: oidc
      config:
        client-id: sealers
        idp-issuer-url: 'https://127.0.0.1:{port}{issuer}'
        idp-certificate-authority: ca.pem
{tokens}
";

/// A folder with a kubeconfig, and a cluster.
struct Bed {
    server: ApiServer,
    folder: tempfile::TempDir,
    before: String,
}

impl Bed {
    fn start(issuer: &str, tokens: &str) -> Self {
        let authority = Authority::new();
        let server = ApiServer::start(&authority, &["127.0.0.1"], b"a certificate\n".to_vec());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let before = KUBECONFIG
            .replace("{port}", &server.port.to_string())
            .replace("{issuer}", issuer)
            .replace("{tokens}", tokens);
        let path = folder.path().join("kube.yaml");
        fs::write(&path, &before).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            server,
            folder,
            before,
        }
    }

    fn run(&self, program: &Path) -> Output {
        Command::new(program)
            .args(["--fetch-cert", "--kubeconfig=kube.yaml"])
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .output()
            .unwrap()
    }

    fn seal(&self) -> (bool, String) {
        let output = self.run(Path::new(env!("CARGO_BIN_EXE_seal")));
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn kubeconfig(&self) -> String {
        fs::read_to_string(self.folder.path().join("kube.yaml")).unwrap()
    }

    /// Whether the issuer was asked since the last time.
    fn renewed(&self) -> bool {
        let asked = self.server.take();
        asked.iter().any(|line| line.starts_with("/token "))
    }
}

#[test]
fn new_tokens_take_the_place_of_the_old_ones() {
    let with_both = format!("        id-token: {EXPIRED}\n        refresh-token: first # once");
    let quoted = format!("        id-token: \"{EXPIRED}\"\n        refresh-token: 'first'");
    for tokens in [&with_both, &quoted, "        refresh-token: first"] {
        let bed = Bed::start("", tokens);
        assert_eq!(bed.seal(), (true, String::new()), "{tokens}");
        assert!(bed.renewed());
        let expected = bed.before.replace(EXPIRED, LONG).replace("first", "second");
        let expected = if tokens.contains("id-token") {
            expected
        } else {
            let line = "        refresh-token";
            expected.replace(line, &format!("        id-token: {LONG}\n{line}"))
        };
        assert_eq!(bed.kubeconfig(), expected);
        let path = bed.folder.path().join("kube.yaml");
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(bed.seal(), (true, String::new()), "{tokens}");
        assert!(!bed.renewed(), "once is enough");
        if let Ok(kubeseal) = testkit::peers::kubeseal() {
            assert!(bed.run(&kubeseal).status.success());
            assert!(!bed.renewed(), "kubeseal reads the same");
        }
    }
}

#[test]
fn what_cannot_be_written_is_told_and_what_is_refused_changes_nothing() {
    // The same text stands somewhere else.
    let twice = format!("        id-token: {EXPIRED}\n        refresh-token: jane");
    let bed = Bed::start("", &twice);
    let (success, stderr) = bed.seal();
    assert!(success);
    assert!(
        stderr
            .starts_with("warning: the renewed token of \"jane\" cannot be written into kube.yaml"),
        "{stderr}"
    );
    assert_eq!(bed.kubeconfig(), bed.before);

    let once = "        refresh-token: hunter2";
    for (issuer, tokens, told) in [
        ("99", once, "has a port that is none; ports are"),
        (
            "/late",
            once,
            "it refuses (400 Bad Request, invalid_grant); log in again",
        ),
        ("", "        id-token: opaque", "is no token; log in again"),
        (
            "",
            &format!("        id-token: {EXPIRED}"),
            "there is no refresh-token",
        ),
    ] {
        let bed = Bed::start(issuer, tokens);
        let (success, stderr) = bed.seal();
        assert!(!success && stderr.contains(told), "{stderr}");
        assert!(
            !stderr.contains("hunter2") && !stderr.contains(EXPIRED),
            "{stderr}"
        );
        assert_eq!(bed.kubeconfig(), bed.before);
    }
}

/// As a cluster's authority it would be another entry of the kubeconfig, or a flag.
#[test]
fn an_issuer_that_is_not_believed_is_told_with_the_entry_that_counts() {
    let bed = Bed::start("", "        refresh-token: hunter2");
    let other = bed.folder.path().join("other.pem");
    fs::write(other, Authority::new().pem()).unwrap();
    let entry = "idp-certificate-authority: ";
    let before = bed
        .before
        .replace(&format!("{entry}ca.pem"), &format!("{entry}other.pem"));
    fs::write(bed.folder.path().join("kube.yaml"), &before).unwrap();
    let (success, stderr) = bed.seal();
    assert!(!success);
    assert!(
        stderr.contains("it shows a certificate of an authority that is not trusted")
            && stderr.contains("(idp-certificate-authority in the kubeconfig)")
            && !stderr.contains("--certificate-authority")
            && !stderr.contains("check the network"),
        "{stderr}"
    );
    assert_eq!(bed.kubeconfig(), before);
}
