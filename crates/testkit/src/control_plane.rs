//! A Kubernetes control plane of one's own.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::assets::{self, Assets};
use crate::canary::random_hex;
use crate::kubeconfig;
use crate::servers::{APISERVER, CONTROLLER_MANAGER, ETCD, Layout};
use crate::supervisor::{self, Supervisor};
use crate::wait::wait_for;

/// How long a server may take to answer. Two cores that compile at the same time are slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// Attempts at finding ports that nobody takes meanwhile.
const ATTEMPTS: usize = 5;

/// How to start a [`ControlPlane`].
#[derive(Clone, Debug)]
pub struct Options {
    /// What the API server binds and advertises.
    pub address: IpAddr,
    /// Whether to run the controller manager (if there is a binary of it).
    pub controller_manager: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            controller_manager: true,
        }
    }
}

/// etcd, `kube-apiserver` and, if there is one, `kube-controller-manager`, on loopback ports.
///
/// RBAC, admission, garbage collection and namespace deletion are real; there are no nodes and no
/// pods run. Dropping it stops everything; so does the end of the process, however it ends. Logs and
/// state go as well, unless the variable `TESTKIT_KEEP` is set.
#[derive(Debug)]
pub struct ControlPlane {
    // Dropped first: the servers end before anything else goes.
    supervisor: Supervisor,
    assets: Assets,
    layout: Layout,
    server: String,
    kubeconfig: PathBuf,
    controller_manager: bool,
}

impl ControlPlane {
    /// Starts one and waits until it is ready: some three seconds, once the binaries are built.
    ///
    /// # Errors
    /// When the binaries are missing and cannot be built, or a server ends or does not become
    /// ready; the message then holds the end of its log.
    pub fn start(options: &Options) -> Result<Self> {
        let assets = assets::find()?;
        let mut attempt = 1;
        loop {
            match Self::try_start(&assets, options) {
                Err(error) if attempt < ATTEMPTS && is_port_taken(&error) => attempt += 1,
                result => return result,
            }
        }
    }

    fn try_start(assets: &Assets, options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("seal-kube-").tempdir()?;
        let layout = Layout::new(folder.path(), options.address)?;
        let supervisor = Supervisor::start(supervisor::removal(folder.path()))?;
        // From here on the folder is the supervisor's to remove.
        let _ = folder.keep();
        let mut plane = Self {
            supervisor,
            assets: assets.clone(),
            server: layout.server(),
            kubeconfig: layout.kubeconfig(),
            layout,
            controller_manager: false,
        };
        let token = random_hex(16)?;
        plane.layout.write_credentials(&token)?;
        fs::create_dir(plane.layout.folder.join("home"))?;
        let etcd = plane.layout.etcd(assets);
        plane.supervisor.spawn(etcd.into_child(ETCD))?;
        plane.spawn_apiserver()?;
        plane.wait_listening()?;
        let authority = plane.layout.authority();
        kubeconfig::write(
            &plane.kubeconfig,
            "seal",
            &plane.server,
            &authority,
            "default",
            &token,
        )?;
        plane.wait_ready()?;
        if let Some(binary) = assets.controller_manager.as_ref() {
            plane.controller_manager = options.controller_manager;
            if options.controller_manager {
                let program = plane.layout.controller_manager(binary);
                plane
                    .supervisor
                    .spawn(program.into_child(CONTROLLER_MANAGER))?;
            }
        }
        Ok(plane)
    }

    /// A kubeconfig for the group `system:masters`.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The API server's address, such as `https://127.0.0.1:34567`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Host and port of [`Self::server`].
    pub fn address(&self) -> (IpAddr, u16) {
        (self.layout.address, self.layout.apiserver_port)
    }

    /// PEM of the authority that signed the API server's certificate.
    pub fn authority(&self) -> PathBuf {
        self.layout.authority()
    }

    /// The folder with logs and state; tests may put files of theirs there. It goes with the
    /// control plane.
    pub fn dir(&self) -> &Path {
        &self.layout.folder
    }

    /// Where the binaries are, `kubectl` among them.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Whether owner references are followed, namespaces really deleted and service accounts made.
    pub fn has_controller_manager(&self) -> bool {
        self.controller_manager
    }

    /// The supervisor's process id; it is gone when everything is.
    pub fn supervisor_pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// `kubectl` as the administrator, with a home folder of its own.
    pub fn kubectl(&self) -> Command {
        self.kubectl_as(&self.kubeconfig)
    }

    /// `kubectl` with another kubeconfig, such as that of a service account.
    pub fn kubectl_as(&self, kubeconfig: &Path) -> Command {
        let mut kubectl = Command::new(&self.assets.kubectl);
        kubectl
            .env("KUBECONFIG", kubeconfig)
            .env("HOME", self.layout.folder.join("home"));
        kubectl
    }

    /// Runs `kubectl` as the administrator and returns its standard output.
    ///
    /// # Errors
    /// When it fails; the message holds its standard error.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        finish(self.kubectl().args(args), None)
    }

    /// Applies one object, or a `v1` `List` of them, server-side.
    ///
    /// # Errors
    /// When the API server refuses it; the message holds what `kubectl` said.
    pub fn apply(&self, object: &Value) -> Result<String> {
        let mut kubectl = self.kubectl();
        kubectl.args(["apply", "--server-side", "--force-conflicts", "-f", "-"]);
        finish(&mut kubectl, Some(&object.to_string()))
    }

    /// Stops the API server only: connections break and are refused. etcd keeps its state.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn stop_apiserver(&self) -> Result<()> {
        self.supervisor.stop(APISERVER, Duration::from_secs(5))?;
        Ok(())
    }

    /// Starts the API server again, on the same port, and waits until it is ready.
    ///
    /// # Errors
    /// When it is running or does not become ready.
    pub fn start_apiserver(&self) -> Result<()> {
        self.spawn_apiserver()?;
        self.wait_listening()?;
        self.wait_ready()
    }

    /// A kubeconfig that holds nothing but a fresh token of the service account (`TokenRequest`, a
    /// day long) and its namespace.
    ///
    /// # Errors
    /// When there is no such service account.
    pub fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let token = self.service_account_token(namespace, name)?;
        let path = self
            .layout
            .folder
            .join(format!("{namespace}.{name}.kubeconfig"));
        let authority = self.layout.authority();
        kubeconfig::write(&path, name, &self.server, &authority, namespace, &token)?;
        Ok(path)
    }

    /// A fresh token of the service account, valid for a day.
    ///
    /// # Errors
    /// When there is no such service account.
    pub fn service_account_token(&self, namespace: &str, name: &str) -> Result<String> {
        let namespace = format!("--namespace={namespace}");
        let token = self.run(&["create", "token", name, &namespace, "--duration=24h"])?;
        Ok(token.trim().to_owned())
    }

    fn spawn_apiserver(&self) -> Result<()> {
        let program = self.layout.apiserver(&self.assets);
        self.supervisor.spawn(program.into_child(APISERVER))?;
        Ok(())
    }

    fn wait_listening(&self) -> Result<()> {
        // Without its certificate it is someone else who listens.
        let certified = || self.authority().is_file();
        let listening = || certified() && TcpStream::connect(self.address()).is_ok();
        self.wait_servers("the API server to listen", listening)
    }

    fn wait_ready(&self) -> Result<()> {
        let ready = || {
            let output = self.kubectl().args(["get", "--raw=/readyz"]).output();
            output.is_ok_and(|output| output.status.success())
        };
        self.wait_servers("the API server to become ready", ready)
    }

    /// Waits while both servers run; one that ended is an error at once.
    fn wait_servers(&self, what: &str, done: impl Fn() -> bool) -> Result<()> {
        let result = wait_for(what, PATIENCE, || {
            for server in [ETCD, APISERVER] {
                match self.supervisor.ended(server) {
                    Ok(None) => {}
                    Ok(Some(how)) => return Some(Err(format!("{server} ended ({how})"))),
                    Err(error) => return Some(Err(format!("{error:#}"))),
                }
            }
            done().then_some(Ok(()))
        });
        match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => bail!("{message}\n{}", self.log_tails()),
            Err(error) => bail!("{error}\n{}", self.log_tails()),
        }
    }

    fn log_tails(&self) -> String {
        let tail = |server| {
            let log = fs::read_to_string(self.layout.log(server)).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(15).collect();
            let lines: Vec<_> = lines.into_iter().rev().collect();
            format!("--- {server}:\n{}\n", lines.join("\n"))
        };
        [ETCD, APISERVER].map(tail).concat()
    }
}

fn is_port_taken(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("address already in use")
}

/// Runs a command to its end, feeding it `input`, and returns its standard output.
fn finish(command: &mut Command, input: Option<&str>) -> Result<String> {
    let mut child = command
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not run {command:?}"))?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A program that ends early says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output()?;
    if !status.success() {
        let stderr = String::from_utf8_lossy(&stderr);
        bail!("{command:?} failed with {status}: {}", stderr.trim());
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}
