//! Login helpers of a kubeconfig (`exec`): a program that prints credentials, such as those of
//! cloud providers.
//!
//! The library has its own way, which gives the helper our input (a Secret) to read, and runs it
//! twice.

use std::fmt;
use std::io::IsTerminal as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// A helper that is of no use. What it printed is never part of the text.
#[derive(Debug, thiserror::Error)]
#[error("the kubeconfig's login helper {command} {reason}{}", on_its_own_line(.hint.as_deref()))]
pub(crate) struct PluginError {
    command: String,
    reason: Reason,
    hint: Option<String>,
}

#[derive(Debug)]
enum Reason {
    NoTerminal,
    NotRun(std::io::Error),
    Failed(String),
    Garbled,
    Version,
    Empty,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTerminal => f.write_str("asks questions, and stdin is no terminal"),
            Self::NotRun(error) => write!(f, "cannot be run: {error}"),
            Self::Failed(how) => write!(f, "failed ({how})"),
            Self::Garbled => f.write_str("does not print an ExecCredential"),
            Self::Version => {
                f.write_str("prints another apiVersion than the kubeconfig asks it for")
            }
            Self::Empty => f.write_str("prints neither a token nor a certificate with its key"),
        }
    }
}

fn on_its_own_line(hint: Option<&str>) -> String {
    hint.map_or(String::new(), |hint| format!("\n{}", hint.trim()))
}

/// What a helper prints.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl PluginError {
    fn of(plugin: &ExecConfig, reason: Reason) -> Self {
        Self {
            command: plugin.command.clone().unwrap_or_default(),
            reason,
            hint: None,
        }
    }
}

/// Runs the helper of a user, and puts its credentials in its place.
pub(crate) fn log_in(user: &mut AuthInfo, cluster: &Cluster) -> Result<(), PluginError> {
    let Some(plugin) = user.exec.take() else {
        return Ok(());
    };
    let status = run(&plugin, cluster)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let token = given(status.token);
    let pair = (
        given(status.client_certificate_data),
        given(status.client_key_data),
    );
    match &pair {
        (None, None) if token.is_some() => {}
        (Some(_), Some(_)) => {}
        _ => return Err(PluginError::of(&plugin, Reason::Empty)),
    }
    user.token = token.map(Into::into);
    if let (Some(certificate), Some(key)) = pair {
        user.client_certificate_data = Some(STANDARD.encode(certificate));
        user.client_key_data = Some(STANDARD.encode(Zeroizing::new(key)).into());
    }
    Ok(())
}

fn run(plugin: &ExecConfig, cluster: &Cluster) -> Result<Status, PluginError> {
    let failed = |reason| PluginError::of(plugin, reason);
    let terminal = std::io::stdin().is_terminal();
    let interactive = match plugin.interactive_mode {
        Some(ExecInteractiveMode::Never) => false,
        Some(ExecInteractiveMode::Always) if !terminal => return Err(failed(Reason::NoTerminal)),
        _ => terminal,
    };
    let mut command = Command::new(plugin.command.as_deref().unwrap_or_default());
    command
        .args(plugin.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", info(plugin, cluster, interactive))
        .stderr(Stdio::inherit())
        // Our input is a Secret, not an answer to a question.
        .stdin(if interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        });
    for variable in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let output = command.output().map_err(|error| PluginError {
        hint: plugin.install_hint.clone(),
        ..failed(Reason::NotRun(error))
    })?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed(Reason::Failed(output.status.to_string())));
    }
    let credential: ExecCredential =
        serde_json::from_slice(&printed).map_err(|_| failed(Reason::Garbled))?;
    if plugin.api_version.is_some() && credential.api_version != plugin.api_version {
        return Err(failed(Reason::Version));
    }
    credential.status.ok_or_else(|| failed(Reason::Empty))
}

/// What the helper is told.
fn info(plugin: &ExecConfig, cluster: &Cluster, interactive: bool) -> String {
    let mut spec = Map::from_iter([("interactive".to_owned(), json!(interactive))]);
    if plugin.provide_cluster_info
        && let Ok(cluster) = ExecAuthCluster::try_from(cluster)
        && let Ok(Value::Object(mut cluster)) = serde_json::to_value(cluster)
    {
        // It is there though empty, as from kubectl.
        cluster.entry("config").or_insert(Value::Null);
        spec.insert("cluster".to_owned(), cluster.into());
    }
    let info: Value = json!({
        "kind": "ExecCredential",
        "apiVersion": plugin.api_version,
        "spec": spec,
    });
    info.to_string()
}
