//! A controller with two sealing keys behind the API server's service proxy, and both programs to ask it.

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
pub(crate) const TEMPLATE: &str = "  # what applications read
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

    pub(crate) fn seal(&self, line: &str) -> Outcome {
        self.run("seal", line)
    }

    pub(crate) fn kubeseal(&self, line: &str) -> Outcome {
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
    pub(crate) fn sealed(&self, name: &str, scope: &str) -> String {
        let outcome = self.seal(&format!(
            "printf 'kind: Secret\\nmetadata: {{name: {name}, namespace: shop}}\\ntype: example.com/any\\nstringData: {{user: me, password: hunter2}}\\n' | \"$seal\" --cert old.pem -o yaml --scope {scope}"
        ));
        assert_eq!(outcome.0, 0, "{}", outcome.2);
        outcome.1
    }

    /// The same with a comment, a template and labels.
    pub(crate) fn templated(&self) -> String {
        let sealed = self.sealed("app", "strict");
        let start = sealed.find("  template:\n").unwrap();
        format!("# the shop's\n{}{TEMPLATE}", &sealed[..start])
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Another one after each replacement.
    pub(crate) fn inode(&self, name: &str) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(self.folder.path().join(name))
            .unwrap()
            .ino()
    }

    /// Where a file of the folder is.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// What is in a file, by the real kubeseal with only this key.
    pub(crate) fn recovered(&self, file: &str, key: &str) -> Option<String> {
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
