//! SealedSecrets that are there already, sealed by the real kubeseal.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A context with a namespace, and one without.
pub(crate) const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {cluster: c, user: u, namespace: demo}\n- name: plain\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {server: 'http://127.0.0.1:1'}\nusers:\n- name: u\n  user: {}\n";

/// Files by what is special about them.
#[derive(Clone)]
pub(crate) struct Files {
    /// With labels and annotations.
    pub(crate) yaml: String,
    pub(crate) json: String,
    /// With neither.
    pub(crate) plain: String,
    pub(crate) namespace_wide: String,
    pub(crate) cluster_wide: String,
    /// Type, immutable, and text in the template.
    pub(crate) typed: String,
    pub(crate) without_namespace: String,
}

const META: &str = "name: app\n  namespace: demo\n";
const MARKS: &str =
    "  labels: {l: one, tier: '1'}\n  annotations: {note: 'n', z: a rather long text}\n";

impl Files {
    pub(crate) fn new(kubeseal: &Path) -> Self {
        let seal = |meta: &str, args: &[&str]| {
            let secret = format!(
                "kind: Secret\nmetadata:\n  {meta}stringData: {{b: second, a: first, k10: ten}}\n"
            );
            seal(kubeseal, args, &secret)
        };
        let yaml = &["-o", "yaml"][..];
        let wide = |scope| ["-o", "yaml", "--scope", scope];
        let marked = format!("{META}{MARKS}");
        let typed = format!("{marked}type: kubernetes.io/tls\nimmutable: true\n");
        let typed = seal(&typed, yaml).replace(
            "  template:\n",
            "  template:\n    data:\n      url: '{{ .a }}'\n",
        );
        Self {
            yaml: seal(&marked, yaml),
            json: seal(&marked, &[]),
            plain: seal(META, yaml),
            namespace_wide: seal(&marked, &wide("namespace-wide")),
            cluster_wide: seal(&marked, &wide("cluster-wide")),
            typed,
            without_namespace: seal(&marked, yaml).replace("  namespace: demo\n", ""),
        }
    }
}

fn seal(kubeseal: &Path, args: &[&str], secret: &str) -> String {
    let certificate = format!("{}/certificates/rsa-2048.pem", crate::reveal::VECTORS);
    let mut child = Command::new(kubeseal)
        .arg(format!("--cert={certificate}"))
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(secret.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{secret}");
    String::from_utf8(output.stdout).unwrap()
}
