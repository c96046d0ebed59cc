//! One file, two readers: the cluster, and a person with an age key.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use age::x25519;
use anyhow::Result;

use super::shell::Shell;

const FILE: &str = "overlays/development/mariadb.sealed.yaml";

/// Alice's key, which stays with her, and the rule that names her.
pub(crate) fn prepare(folder: &Path) -> Result<()> {
    let identity = x25519::Identity::generate();
    let alice = identity.to_public();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join("alice.agekey"))?;
    writeln!(file, "# public key: {alice}")?;
    writeln!(file, "{}", identity.to_string().expose_secret())?;
    let rules = format!(
        "\
recipients:
  development: {{certificate: pub-sealed-secrets-dev.pem}}
  alice: {alice}
rules:
- path: overlays/development/**
  recipients: [development, alice]
"
    );
    Ok(std::fs::write(folder.join(".seal.yaml"), rules)?)
}

pub(crate) fn both_read(shell: &Shell<'_>) -> Result<()> {
    shell.step(
        "Anyone can see who reads what, without a key:",
        &format!("seal inspect {FILE}"),
    )?;
    shell.step(
        "The cluster has opened the file. Alice opens the same one, with her key and no cluster:",
        &format!(
            "seal open -i alice.agekey --key mariadb-password {FILE} | cmp -s - expected && echo 'alice reads the same password'"
        ),
    )
}

/// Nobody but the readers can open the file, yet anyone can write to it.
pub(crate) fn add_without_reading(shell: &Shell<'_>) -> Result<()> {
    shell.step(
        "Someone without any key adds a password, for the same readers:",
        &format!(
            "head -c 18 /dev/urandom | base64 | seal set --trim-newline {FILE} metrics-password"
        ),
    )?;
    shell.step("Nothing else has changed:", "git diff --stat")?;
    shell.step("", "kubectl apply -k overlays/development")?;
    shell.step(
        "",
        "kubectl wait -n dev --for=jsonpath='{.data.metrics-password}' --timeout=60s secret/mariadb",
    )?;
    shell.step("", super::MASKED)
}
