//! `--validate` and `--re-encrypt`: the real kubeseal and ours, through the API server's service proxy,
//! against the controller that has the keys.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use suite::{Cluster, Controller, PATIENCE};
use testkit::{
    RealController, RealControllerOptions, ServiceBackend, ServicePort, eventually, netns, peers,
    skip,
};

const SYSTEM: &str = "kube-system";
const SERVICE: &str = "sealed-secrets-controller";
/// Comments, templates and labels that no program has to touch.
const TEMPLATE: &str = "  # what applications read
  template:
    data:
      password: null
      url: \"{{ .user }}@db\" # a template
    metadata:
      labels: {app: shop} # for the Service
      name: app
      namespace: shop
    type: example.com/any
";

/// Whose controller has the keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Stock,
    Ours,
}

/// A cluster with two sealing keys, and a controller that the API server's proxy reaches.
pub(crate) struct Bed {
    pub(crate) cluster: Cluster,
    folder: tempfile::TempDir,
    seal: PathBuf,
    kubeseal: PathBuf,
    _stock: Option<RealController>,
    _ours: Option<Controller>,
}

/// Exit code, stdout and stderr.
pub(crate) struct Outcome(pub(crate) i32, pub(crate) String, pub(crate) String);

impl Bed {
    /// `old.pem` is the older key's certificate, `old.yaml` and `new.yaml` are backups of the keys.
    /// `None`, and why, where that cannot be had.
    pub(crate) fn start(whose: Whose, limits: &[&str]) -> Option<Self> {
        let Some(seal) = std::env::var_os("SEAL_BIN").map(PathBuf::from) else {
            skip("SEAL_BIN is not set: run `cargo xtask test`");
            return None;
        };
        if !netns::is_inside() {
            skip("the service proxy needs a network namespace: run `cargo xtask test`");
            return None;
        }
        let cluster = Cluster::bare();
        let folder = tempfile::tempdir().unwrap();
        let first = crate::real(&cluster, &["--key-size=2048"])?;
        let certificate = crate::certificate(&first);
        std::fs::write(folder.path().join("old.pem"), certificate.to_pem()).unwrap();
        drop(first);
        // Of two keys of one second the first stays the newest.
        let begin = certificate.not_before().as_second();
        eventually("the next second", PATIENCE, || {
            (Timestamp::now().as_second() > begin).then_some(())
        });
        let old = keys(&cluster);
        let now = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
        let cutoff = format!("--key-cutoff-time={now}");
        let args = [&["--key-size=2048", &cutoff], limits].concat();
        let options = RealControllerOptions {
            address: IpAddr::V4(netns::ADDRESS),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            ..RealControllerOptions::default()
        };
        let stock = RealController::start(cluster.plane(), &options).unwrap();
        let new: Vec<_> = keys(&cluster)
            .into_iter()
            .filter(|key| !old.contains(key))
            .collect();
        assert_eq!((old.len(), new.len()), (1, 1), "keys");
        for (file, name) in [("old.yaml", &old[0]), ("new.yaml", &new[0])] {
            let args = ["get", "secret", "--namespace", SYSTEM, "-o", "yaml", name];
            let backup = cluster.plane().run(&args).unwrap();
            std::fs::write(folder.path().join(file), backup).unwrap();
        }
        let (stock, ours, target) = match whose {
            Whose::Stock => {
                let port = stock.port();
                (Some(stock), None, port)
            }
            Whose::Ours => {
                drop(stock);
                cluster.deploy();
                let (ours, port) = Controller::start_reachable(&cluster);
                (None, Some(ours), port)
            }
        };
        publish(&cluster, target);
        Some(Self {
            cluster,
            folder,
            seal,
            kubeseal: peers::kubeseal().unwrap(),
            _stock: stock,
            _ours: ours,
        })
    }

    fn seal(&self, line: &str) -> Outcome {
        self.run("seal", line)
    }

    fn kubeseal(&self, line: &str) -> Outcome {
        self.run("kubeseal", line)
    }

    /// Runs a line for a shell, with one of the two programs as `$program`.
    pub(crate) fn run(&self, name: &str, line: &str) -> Outcome {
        let program = match name {
            "seal" => &self.seal,
            _ => &self.kubeseal,
        };
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env("program", program)
            .env("seal", &self.seal)
            .env("KUBECONFIG", self.cluster.plane().kubeconfig())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Outcome(code, text(output.stdout), text(output.stderr))
    }

    /// A Secret, sealed for the older key.
    fn sealed(&self, name: &str, scope: &str) -> String {
        let outcome = self.seal(&format!(
            "printf 'kind: Secret\\nmetadata: {{name: {name}, namespace: shop}}\\ntype: example.com/any\\nstringData: {{user: me, password: hunter2}}\\n' | \"$seal\" --cert old.pem -o yaml --scope {scope}"
        ));
        assert_eq!(outcome.0, 0, "{}", outcome.2);
        outcome.1
    }

    /// The same with a comment, a template and labels.
    fn templated(&self) -> String {
        let sealed = self.sealed("app", "strict");
        let start = sealed.find("  template:\n").unwrap();
        format!("# the shop's\n{}{TEMPLATE}", &sealed[..start])
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Where a file of the folder is.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// What is in a file, by the real kubeseal with only this key.
    fn recovered(&self, file: &str, key: &str) -> Option<String> {
        let outcome = self.kubeseal(&format!(
            "\"$program\" --recovery-unseal --recovery-private-key {key} -f {file}"
        ));
        (outcome.0 == 0).then_some(outcome.1)
    }
}

fn keys(cluster: &Cluster) -> Vec<String> {
    let selector = format!("--selector={}=active", seal_api::KEY_LABEL);
    let names = cluster.plane().run(&[
        "get",
        "secrets",
        "--namespace",
        SYSTEM,
        &selector,
        "-o",
        "name",
    ]);
    let names = names.unwrap();
    names
        .lines()
        .map(|name| name.trim_start_matches("secret/").to_owned())
        .collect()
}

fn publish(cluster: &Cluster, target: u16) {
    let backend = ServiceBackend::new(cluster.plane(), SYSTEM).unwrap();
    let ports = [ServicePort {
        name: "http".into(),
        port: 8080,
        target,
    }];
    backend.publish(SERVICE, &ports).unwrap();
}

/// Everything but the sealed values.
pub(crate) fn without_values(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let quoted = line.trim_end_matches([',', '"']);
        let value = quoted.rsplit([' ', '"']).next().unwrap_or_default();
        if value.len() > 300 {
            line.replace(value, "[SEALED]")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

const NO_LIMIT: &[&str] = &["--rate-limit=1000", "--rate-limit-burst=1000"];

fn validates(whose: Whose) {
    let Some(bed) = Bed::start(whose, NO_LIMIT) else {
        return;
    };
    let good = bed.templated();
    bed.write("good.yaml", &good);
    bed.write("renamed.yaml", &good.replace("name: app", "name: other"));
    let wide = bed.sealed("app", "cluster-wide");
    bed.write("wide.yaml", &wide.replace("name: app", "name: other"));
    bed.write("several.yaml", &format!("{good}{wide}"));
    let renamed = good.replace("name: app", "name: other");
    bed.write("one-of-several.yaml", &format!("{wide}---\n{renamed}"));
    bed.write(
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
    );
    bed.write("empty.yaml", "");
    let shut = "unable to decrypt sealed secret: other";
    for (file, code, said) in [
        ("good.yaml", 0, ""),
        ("wide.yaml", 0, ""),
        ("several.yaml", 0, ""),
        ("renamed.yaml", 1, shut),
        ("one-of-several.yaml", 1, shut),
        ("secret.yaml", 1, ""),
        ("nope.yaml", 1, ""),
    ] {
        for name in ["kubeseal", "seal"] {
            for input in ["-f", "<"] {
                let found = bed.run(name, &format!("\"$program\" --validate {input} {file}"));
                // The shell says that a file for stdin is not there, in its own way.
                assert!(
                    found.0 == code || input == "<" && found.0 != 0,
                    "{name} {file}: {}",
                    found.2
                );
                assert!(found.2.contains(said), "{name} {file}: {}", found.2);
                assert_eq!(found.1, "", "{name} {file}");
            }
        }
    }
    // A deliberate difference: what should have made the input made nothing.
    let line = "\"$program\" --validate -f empty.yaml";
    assert_eq!(bed.kubeseal(line).0, 0);
    let ours = bed.seal(line);
    assert!(
        ours.0 == 1 && ours.2.contains("no SealedSecrets found"),
        "{}",
        ours.2
    );
}

fn rotates(whose: Whose) {
    let Some(bed) = Bed::start(whose, NO_LIMIT) else {
        return;
    };
    let before = bed.templated();
    for name in ["kubeseal", "seal"] {
        bed.write("app.yaml", &before);
        let found = bed.run(name, "\"$program\" --re-encrypt -f app.yaml");
        assert_eq!((found.0, found.1.as_str()), (0, ""), "{name}: {}", found.2);
        assert_eq!(bed.recovered("app.yaml", "old.yaml"), None, "{name}");
        let secret = bed.recovered("app.yaml", "new.yaml").unwrap();
        // A deliberate difference: the stock controller drops templates, and kubeseal takes what it gives.
        let is_lost = name == "kubeseal" && whose == Whose::Stock;
        assert_eq!(!bed.read("app.yaml").contains("url:"), is_lost, "{name}");
        assert!(secret.contains("\"user\": \"bWU=\""), "{name}: {secret}");
        assert_eq!(
            bed.seal("\"$program\" --validate -f app.yaml").0,
            0,
            "{name}"
        );
    }
    // A deliberate difference: the comments and the template are as they were.
    let after = bed.read("app.yaml");
    assert_eq!(without_values(&after), without_values(&before));
    let changed = after.lines().zip(before.lines()).filter(|(a, b)| a != b);
    assert_eq!(changed.count(), 2, "{after}");
    let secret = bed.recovered("app.yaml", "new.yaml").unwrap();
    assert!(
        secret.contains("\"url\"") && !secret.contains("\"password\""),
        "{secret}"
    );

    // Into another file, and what is not there for a controller to take away is the same for both.
    let plain = bed.sealed("app", "namespace-wide");
    bed.write("app.yaml", &plain);
    for line in [
        "\"$program\" --re-encrypt -f app.yaml -w out.yaml && cat out.yaml",
        "\"$program\" --re-encrypt -o yaml < app.yaml",
        "\"$program\" --re-encrypt < app.yaml",
        "\"$program\" --rotate -w out.json < app.yaml >&2 && cat out.json",
    ] {
        let (ours, theirs) = (bed.seal(line), bed.kubeseal(line));
        assert_eq!((ours.0, theirs.0), (0, 0), "{line}: {}{}", ours.2, theirs.2);
        assert_eq!(without_values(&ours.1), without_values(&theirs.1), "{line}");
        assert!(ours.1.contains("[SEALED]") || ours.1.len() > 600, "{line}");
        bed.write("made.yaml", &ours.1);
        assert!(bed.recovered("made.yaml", "new.yaml").is_some(), "{line}");
        assert_eq!(bed.read("app.yaml"), plain, "{line}");
    }
    refuses_to_rotate(&bed, &plain);
}

/// One document that does not open: no document is changed.
fn refuses_to_rotate(bed: &Bed, good: &str) {
    let strict = bed.sealed("app", "strict");
    let renamed = strict.replace("name: app", "name: other");
    let several = format!("{good}{renamed}");
    for name in ["kubeseal", "seal"] {
        bed.write("several.yaml", &several);
        let found = bed.run(name, "\"$program\" --re-encrypt -f several.yaml");
        assert_eq!((found.0, found.1.as_str()), (1, ""), "{name}: {}", found.2);
        assert!(
            found.2.contains("cannot re-encrypt secret: "),
            "{name}: {}",
            found.2
        );
        assert_eq!(bed.read("several.yaml"), several, "{name}");
    }
    bed.write("several.yaml", &format!("{good}{strict}"));
    let found = bed.seal("\"$program\" --re-encrypt -f several.yaml");
    assert_eq!(found.0, 0, "{}", found.2);
    let after = bed.read("several.yaml");
    assert_eq!(
        without_values(&after),
        without_values(&format!("{good}{strict}"))
    );
    let kept = good.lines().filter(|line| line.len() > 300);
    assert!(
        kept.into_iter().all(|line| !after.contains(line)),
        "{after}"
    );
}

/// A controller takes two requests a second, unless it is told otherwise.
fn bears_the_rate_limit(whose: Whose) {
    let Some(bed) = Bed::start(whose, &[]) else {
        return;
    };
    let several = bed.sealed("app", "strict").repeat(6);
    bed.write("several.yaml", &several);
    for name in ["kubeseal", "seal"] {
        let found = bed.run(name, "\"$program\" --validate -f several.yaml");
        assert_eq!(found.0, 0, "{name}: {}", found.2);
    }
    let found = bed.seal("\"$program\" --re-encrypt -f several.yaml");
    assert_eq!(found.0, 0, "{}", found.2);
    assert_ne!(bed.read("several.yaml"), several);
}

#[test]
fn the_stock_controller_validates() {
    validates(Whose::Stock);
}

#[test]
fn the_stock_controller_rotates() {
    rotates(Whose::Stock);
}

#[test]
fn the_stock_controllers_rate_limit() {
    bears_the_rate_limit(Whose::Stock);
}

#[test]
fn our_controller_validates() {
    validates(Whose::Ours);
}

#[test]
fn our_controller_rotates() {
    rotates(Whose::Ours);
}
