//! Kubeconfigs with one cluster and one token.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Writes a kubeconfig whose only context is `name`. It is JSON, which is YAML too.
pub(crate) fn write(
    path: &Path,
    name: &str,
    server: &str,
    authority: &Path,
    namespace: &str,
    token: &str,
) -> Result<()> {
    let authority =
        fs::read(authority).with_context(|| format!("could not read {}", authority.display()))?;
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {
            "server": server,
            "certificate-authority-data": STANDARD.encode(authority),
        }}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {
            "cluster": name, "user": name, "namespace": namespace,
        }}],
        "current-context": name,
    });
    let mut file = fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("could not write {}", path.display()))?;
    Ok(file.write_all(serde_json::to_string_pretty(&config)?.as_bytes())?)
}
