//! `cargo xtask demo`: a day in a GitOps team, on a real control plane. Every line that starts with
//! `$` is run as it is shown.

mod cluster;
mod from_aws;
mod readers;
mod shell;

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::cluster::Cluster;
use self::shell::Shell;
use crate::repository;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run on the cluster of this kubeconfig context instead of an embedded control plane; the
    /// controller is installed there with `kubectl apply -k` and stays
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Leave the embedded control plane up, until Enter is pressed
    #[arg(long)]
    keep: bool,
}

const BASE: &str = "resources: []\n";
const OVERLAY: &str = "\
namespace: dev
resources:
  - ../../base
  - namespace.yaml
  - mariadb.sealed.yaml
";
/// What is no part of the team's work; all but the first two are the demo's own.
const IGNORED: &str = "*.env\n*.agekey\n/expected\n/seal\n/external-secrets\n/.programs\n/.kubeconfig\n/.known-recipients.json\n";
/// Whatever the user's own git would do.
const REPOSITORY: &str = "git init -q -b main && git config user.name demo && git config user.email demo@example.com && git config commit.gpgsign false";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: dev\n";

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = repository::root()?;
    let programs = programs(&root)?;
    let repository = tempfile::tempdir().context("no folder for the demo")?;
    let folder = repository.path();
    let cluster = match &args.context {
        Some(name) => Cluster::of_context(name)?,
        None => Cluster::embedded()?,
    };
    let shell = Shell::new(folder, &programs, &cluster)?;
    cluster.install(&shell, &root, &programs)?;
    prepare(folder)?;
    shell.quietly(REPOSITORY)?;
    seal(&shell, &cluster)?;
    deploy(&shell)?;
    repair(&shell)?;
    readers::both_read(&shell)?;
    readers::add_without_reading(&shell)?;
    let _running = from_aws::follow(&shell, &cluster, &root, &programs)?;
    shell::say(
        "\nThat was it: Git holds only what the cluster and alice can open, and Secrets stay as Git, or AWS, says.",
    );
    if args.keep {
        wait_for_enter(&shell)?;
    }
    Ok(())
}

/// The folder of our programs: where `SEAL_BIN` says that they are, else they are built.
fn programs(root: &Path) -> Result<PathBuf> {
    if let Some(seal) = std::env::var_os("SEAL_BIN") {
        let seal = PathBuf::from(seal);
        let folder = seal.parent().context("SEAL_BIN names no file")?;
        return Ok(folder.to_owned());
    }
    shell::say("Building seal, sealed-controller and external-secrets");
    let status = repository::cargo_command()
        .args(["build", "--quiet", "--package=seal-cli"])
        .args(["--package=sealed-controller", "--package=external-secrets"])
        .arg("--package=testkit")
        .arg("--bins")
        .current_dir(root)
        .status()
        .context("could not run cargo")?;
    anyhow::ensure!(status.success(), "cargo build: {status}");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder));
    Ok(target.join("debug"))
}

/// What is in the team's repository already.
fn prepare(folder: &Path) -> Result<()> {
    for (file, text) in [
        ("base/kustomization.yaml", BASE),
        ("overlays/development/kustomization.yaml", OVERLAY),
        ("overlays/development/namespace.yaml", NAMESPACE),
        (".gitignore", IGNORED),
    ] {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    // Made up on the spot, in a file that Git ignores: never an argument, never in the history.
    let mut passwords = Vec::new();
    for name in [
        "mariadb-root-password",
        "mariadb-replication-password",
        "mariadb-password",
    ] {
        writeln!(passwords, "{name}={}", shell::password()?)?;
    }
    std::fs::write(folder.join("mariadb.env"), passwords)?;
    readers::prepare(folder)
}

fn seal(shell: &Shell<'_>, cluster: &Cluster) -> Result<()> {
    shell.step(
        "Fetch the cluster's certificate. It is public: commit it, hand it to anyone.",
        &format!(
            "seal {}--fetch-cert > pub-sealed-secrets-dev.pem",
            cluster.certificate_flag()
        ),
    )?;
    shell.step("", "head -n 2 pub-sealed-secrets-dev.pem")?;
    shell.step(
        "Who shall read what stands in the repository: here the cluster, and alice with her age key.",
        "cat .seal.yaml",
    )?;
    shell.step(
        "Make the Secret as ever and seal it before it touches Git. No cluster is asked.",
        "kubectl create secret generic mariadb --namespace dev --from-env-file=mariadb.env --dry-run=client -o yaml | seal -w overlays/development/mariadb.sealed.yaml",
    )?;
    shell.step(
        "This is what gets committed:",
        "cut -c1-76 overlays/development/mariadb.sealed.yaml",
    )?;
    shell.quietly("git add --all && git commit -q -m 'MariaDB for development'")
}

fn deploy(shell: &Shell<'_>) -> Result<()> {
    shell.step(
        "Flux or Argo CD would do this:",
        "kubectl apply -k overlays/development",
    )?;
    shell.step(
        "",
        "kubectl wait -n dev --for=condition=Synced --timeout=60s sealedsecret/mariadb",
    )?;
    shell.step("", "kubectl get -n dev sealedsecret/mariadb")?;
    shell.step(
        "The Secret that a Helm chart names in existingSecret (values masked):",
        MASKED,
    )
}

/// Names and lengths only: no value reaches the terminal.
const MASKED: &str = r#"kubectl get -n dev secret/mariadb -o go-template='{{range $name, $value := .data}}{{printf "%-30s ******** (%d characters)\n" $name (len ($value | base64decode))}}{{end}}'"#;

fn repair(shell: &Shell<'_>) -> Result<()> {
    let compare = r"kubectl get -n dev secret/mariadb -o jsonpath='{.data.mariadb-password}' | base64 -d | cmp -s - expected && echo 'it is the sealed password' || echo 'it is something else'";
    shell.quietly("sed -n 's/^mariadb-password=//p' mariadb.env | tr -d '\\n' > expected")?;
    shell.step("Is the live password the one that was sealed?", compare)?;
    shell.step(
        "Someone edits the live Secret by hand:",
        r#"kubectl patch -n dev secret/mariadb --type=merge -p '{"data":{"mariadb-password":"aGFja2Vk"}}'"#,
    )?;
    shell.until(&format!("({compare}) | grep -q sealed"))?;
    shell.step("The controller has put it right:", compare)
}

fn wait_for_enter(shell: &Shell<'_>) -> Result<()> {
    shell::say(&format!(
        "\nThe cluster stays up. In another terminal:\n  export KUBECONFIG={}\n  cd {}\nPress Enter to stop it.",
        shell.kubeconfig().display(),
        shell.folder().display()
    ));
    std::io::stdout().flush()?;
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}
