//! The real Sealed Secrets controller against a control plane of ours.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::control_plane::ControlPlane;
use crate::peers;
use crate::port::free_port_on;
use crate::process::{Process, Program};
use crate::wait::wait_for;

/// It takes nothing but in-cluster configuration, from a fixed path. So it gets a mount namespace
/// with a file system of its own on /run (where /var/run leads): nothing stays behind.
const MOUNT: &str = "\
set -e
run=$(readlink -f /var/run)
mount -t tmpfs -o mode=0755 tmpfs \"$run\"
mkdir -p /var/run/secrets/kubernetes.io
cp -r \"$0\" /var/run/secrets/kubernetes.io/serviceaccount
exec \"$@\"";

/// Name of its service account.
const ACCOUNT: &str = "real-sealed-secrets-controller";

/// How to run a [`RealController`].
#[derive(Clone, Debug)]
pub struct RealControllerOptions {
    /// Where it runs and keeps its keys; made if it does not exist.
    pub namespace: String,
    /// Where its HTTP endpoints listen.
    pub address: IpAddr,
    /// Further arguments, such as `--kubeclient-qps=-1`.
    pub args: Vec<String>,
}

impl Default for RealControllerOptions {
    fn default() -> Self {
        Self {
            namespace: "kube-system".to_owned(),
            address: Ipv4Addr::LOCALHOST.into(),
            args: Vec::new(),
        }
    }
}

/// The running peer. It acts on every object of the cluster: do not run ours beside it.
#[derive(Debug)]
pub struct RealController {
    process: Process,
    address: IpAddr,
    port: u16,
}

impl RealController {
    /// Starts it with every right (a binding to `cluster-admin`) and waits until its endpoints
    /// listen. Applies its own resource definition if there is none.
    ///
    /// # Errors
    /// When it cannot be built or run, mount namespaces are not allowed, or it ends; the message
    /// then holds its log.
    pub fn start(plane: &ControlPlane, options: &RealControllerOptions) -> Result<Self> {
        prepare(plane, &options.namespace)?;
        let account = plane.dir().join(ACCOUNT);
        write_account(plane, &options.namespace, &account)?;
        let port = free_port_on(options.address)?;
        let metrics_port = free_port_on(options.address)?;
        let (host, server_port) = plane.address();
        let program = Program::new("unshare", plane.dir().join("real-controller.log"))
            .arg(if rustix::process::geteuid().is_root() {
                "-m"
            } else {
                "-Urm"
            })
            .args(["--", "sh", "-c", MOUNT])
            .arg(account.to_string_lossy())
            .arg(peers::controller()?.to_string_lossy())
            .arg(format!("--listen-addr={}:{port}", options.address))
            .arg(format!(
                "--listen-metrics-addr={}:{metrics_port}",
                options.address
            ))
            .args(options.args.iter().cloned())
            .env("KUBERNETES_SERVICE_HOST", host.to_string())
            .env("KUBERNETES_SERVICE_PORT", server_port.to_string())
            .env("POD_NAMESPACE", options.namespace.as_str());
        let controller = Self {
            process: Process::start(program)?,
            address: options.address,
            port,
        };
        controller.wait_listening()?;
        Ok(controller)
    }

    /// The program, with its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Where its HTTP endpoints listen.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its certificate, as `kubeseal --cert` takes it.
    pub fn cert_url(&self) -> String {
        format!("http://{}:{}/v1/cert.pem", self.address, self.port)
    }

    fn wait_listening(&self) -> Result<()> {
        let listening = wait_for(
            "the real controller to listen",
            Duration::from_mins(1),
            || match self.process.ended() {
                Ok(None) => TcpStream::connect((self.address, self.port))
                    .is_ok()
                    .then_some(true),
                _ => Some(false),
            },
        );
        match listening {
            Ok(true) => Ok(()),
            Ok(false) => bail!("the real controller ended:\n{}", self.process.log_text()),
            Err(error) => bail!("{error}\n{}", self.process.log_text()),
        }
    }
}

/// Resource definition, namespace, service account, rights.
fn prepare(plane: &ControlPlane, namespace: &str) -> Result<()> {
    let crd = "crd/sealedsecrets.bitnami.com";
    if plane.run(&["get", crd]).is_err() {
        let file = peers::crd()?;
        let file = file
            .to_str()
            .context("the cache folder's path is not UTF-8")?;
        plane.run(&["apply", "--server-side", "-f", file])?;
        plane.run(&["wait", "--for=condition=Established", "--timeout=60s", crd])?;
    }
    plane.apply(
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
    )?;
    plane.apply(&json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "namespace": namespace},
    }))?;
    plane.apply(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": ACCOUNT},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
    }))?;
    Ok(())
}

fn write_account(plane: &ControlPlane, namespace: &str, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(
        folder.join("token"),
        plane.service_account_token(namespace, ACCOUNT)?,
    )?;
    fs::copy(plane.authority(), folder.join("ca.crt"))?;
    Ok(fs::write(folder.join("namespace"), namespace)?)
}
