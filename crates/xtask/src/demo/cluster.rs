//! Where the demo runs: an embedded control plane with the controller as a process, or the
//! cluster of a kubeconfig context with the controller in a pod.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use testkit::{ControlPlane, Options, Process, Program, free_port, wait_for};

use super::shell::{Shell, say};

const NAMESPACE: &str = "kube-system";
const ACCOUNT: &str = "sealed-secrets-controller";

pub(crate) enum Cluster {
    Embedded(Box<Embedded>),
    Context(String),
}

pub(crate) struct Embedded {
    plane: ControlPlane,
    port: u16,
    /// Ends with the demo.
    controller: std::cell::OnceCell<Process>,
}

impl Cluster {
    pub(crate) fn embedded() -> Result<Self> {
        say(
            "Starting a control plane (the first time on a machine it is built, which takes minutes)",
        );
        let plane = ControlPlane::start(&Options::default())?;
        Ok(Self::Embedded(Box::new(Embedded {
            plane,
            port: free_port()?,
            controller: std::cell::OnceCell::new(),
        })))
    }

    pub(crate) fn of_context(name: &str) -> Result<Self> {
        let status = Command::new("kubectl")
            .args(["--context", name, "version"])
            .status()
            .context("could not run kubectl")?;
        ensure!(status.success(), "the context {name:?} does not answer");
        Ok(Self::Context(name.to_owned()))
    }

    /// Folder of the kubectl that fits the embedded control plane.
    pub(crate) fn kubectl_folder(&self) -> Option<PathBuf> {
        match self {
            Self::Embedded(embedded) => embedded
                .plane
                .assets()
                .kubectl
                .parent()
                .map(Path::to_path_buf),
            Self::Context(_) => None,
        }
    }

    /// A kubeconfig whose current context is the demo's; the user's own stays as it is.
    pub(crate) fn kubeconfig(&self, folder: &Path) -> Result<PathBuf> {
        let name = match self {
            Self::Embedded(embedded) => return Ok(embedded.plane.kubeconfig().to_owned()),
            Self::Context(name) => name,
        };
        let view = Command::new("kubectl")
            .args(["config", "view", "--raw", "--minify", "--context", name])
            .output()
            .context("could not run kubectl")?;
        ensure!(view.status.success(), "kubectl config view failed");
        let path = folder.join(".kubeconfig");
        std::fs::write(&path, view.stdout)?;
        Ok(path)
    }

    /// How `seal` finds the certificate: an API server cannot proxy to a process on loopback, so
    /// the embedded cluster is asked by the controller's own address.
    pub(crate) fn certificate_flag(&self) -> String {
        match self {
            Self::Embedded(embedded) => {
                format!("--cert http://127.0.0.1:{}/v1/cert.pem ", embedded.port)
            }
            Self::Context(_) => String::new(),
        }
    }

    /// Installs what we ship, and waits until the controller is ready.
    pub(crate) fn install(&self, shell: &Shell<'_>, root: &Path, programs: &Path) -> Result<()> {
        let base = root.join("deploy/kustomize/base");
        shell.quietly(&format!("ln -s '{}' seal", base.display()))?;
        shell.step(
            "Once per cluster: the CRD, a service account with few rights, the controller.",
            "kubectl apply -k seal/",
        )?;
        match self {
            Self::Context(_) => shell.step(
                "",
                &format!(
                    "kubectl rollout status -n {NAMESPACE} --timeout=120s deployment/{ACCOUNT}"
                ),
            ),
            Self::Embedded(embedded) => embedded.start_controller(programs),
        }
    }
}

impl Embedded {
    fn start_controller(&self, programs: &Path) -> Result<()> {
        let controller = self.start(
            NAMESPACE,
            ACCOUNT,
            self.port,
            |kubeconfig, listen, metrics| {
                Program::new(
                    programs.join("sealed-controller"),
                    self.folder().join("sealed-controller.log"),
                )
                .arg("--kubeconfig")
                .arg(kubeconfig)
                .args(["--listen-addr".to_owned(), listen])
                .args(["--listen-metrics-addr".to_owned(), metrics])
            },
        )?;
        self.controller.get_or_init(|| controller);
        Ok(())
    }

    /// A folder that ends with the demo.
    pub(crate) fn folder(&self) -> &Path {
        self.plane.dir()
    }

    /// No pods run on the embedded control plane: a controller is a process of ours, with nothing but its
    /// service account's token. `program` gets a kubeconfig with that, and the addresses to listen on: for
    /// everyone (at this port), and for metrics.
    pub(crate) fn start(
        &self,
        namespace: &str,
        account: &str,
        port: u16,
        program: impl FnOnce(String, String, String) -> Program,
    ) -> Result<Process> {
        let kubeconfig = self.plane.service_account_kubeconfig(namespace, account)?;
        let address = |port: u16| format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let program = program(
            kubeconfig.display().to_string(),
            address(port),
            address(free_port()?),
        );
        let controller = Process::start(program.env("POD_NAMESPACE", namespace))?;
        say("# (no pods run here: the controller is a process with its service account's token)");
        let ready = format!("http://127.0.0.1:{port}/readyz");
        wait_for("the controller to be ready", Duration::from_mins(2), || {
            let answer = Command::new("curl")
                .args(["--silent", "--fail", "--output", "/dev/null", &ready])
                .status();
            answer.is_ok_and(|status| status.success()).then_some(())
        })
        .with_context(|| controller.log_text())?;
        Ok(controller)
    }
}
