//! The real External Secrets Operator against a control plane of ours.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hyper::Request;
use hyper::body::Bytes;

use crate::aws;
use crate::control_plane::ControlPlane;
use crate::http;
use crate::peers;
use crate::port::free_port;
use crate::process::{Process, Program};
use crate::wait::wait_for;

/// Attempts at finding ports that nobody takes meanwhile.
const ATTEMPTS: usize = 5;

/// It waits for 23 resource definitions, where two cores may compile at the same time.
const PATIENCE: Duration = Duration::from_mins(2);

/// How to run a [`RealOperator`].
#[derive(Clone, Debug)]
pub struct RealOperatorOptions {
    /// Where Secrets Manager and STS answer: the URL of a [`aws::FaultProxy`] or [`aws::Emulator`].
    pub aws: String,
    /// Further arguments, such as `--concurrent=4`.
    pub args: Vec<String>,
}

/// The running peer, without webhooks. It acts on every object of the cluster whose store is of its class:
/// do not run ours beside it.
#[derive(Debug)]
pub struct RealOperator {
    process: Process,
    live_port: u16,
    metrics_port: u16,
}

impl RealOperator {
    /// Starts it with every right (the administrator's kubeconfig) and waits until it is live. Applies its own
    /// resource definitions if there is none of ExternalSecret.
    ///
    /// # Errors
    /// When it cannot be built or run, or it ends; the message then holds its log.
    pub fn start(plane: &ControlPlane, options: &RealOperatorOptions) -> Result<Self> {
        Self::install_crds(plane)?;
        let mut attempt = 1;
        loop {
            let operator = Self::spawn(plane, options)?;
            match operator.wait_live() {
                Err(error) if attempt < ATTEMPTS && is_port_taken(&error) => attempt += 1,
                Err(error) => return Err(error),
                Ok(()) => return Ok(operator),
            }
        }
    }

    /// Applies its own resource definitions if there is none of ExternalSecret.
    ///
    /// # Errors
    /// When it cannot be built, or the API server refuses them.
    pub fn install_crds(plane: &ControlPlane) -> Result<()> {
        if plane
            .run(&["get", "crd/externalsecrets.external-secrets.io"])
            .is_ok()
        {
            return Ok(());
        }
        let file = peers::external_secrets_crds()?;
        let file = file
            .to_str()
            .context("the cache folder's path is not UTF-8")?;
        plane.run(&["apply", "--server-side", "-f", file])?;
        plane.run(&[
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "-f",
            file,
        ])?;
        Ok(())
    }

    /// The program, with its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The URL of its metrics.
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.metrics_port)
    }

    fn spawn(plane: &ControlPlane, options: &RealOperatorOptions) -> Result<Self> {
        let (live_port, metrics_port) = (free_port()?, free_port()?);
        let log = plane.dir().join(format!("real-operator-{live_port}.log"));
        let mut program = Program::new(peers::external_secrets()?, log)
            .arg(format!("--live-addr=127.0.0.1:{live_port}"))
            .arg(format!("--metrics-addr=127.0.0.1:{metrics_port}"))
            .args(options.args.iter().cloned())
            .env("KUBECONFIG", plane.kubeconfig().to_string_lossy())
            // Its own variables go before AWS's.
            .env("AWS_SECRETSMANAGER_ENDPOINT", options.aws.as_str())
            .env("AWS_STS_ENDPOINT", options.aws.as_str());
        for (name, value) in aws::environment(&options.aws) {
            program = program.env(name, value);
        }
        Ok(Self {
            process: Process::start(program)?,
            live_port,
            metrics_port,
        })
    }

    fn wait_live(&self) -> Result<()> {
        let live = wait_for("the real operator to be live", PATIENCE, || {
            // In this order: another server on its port makes it end.
            let live = self.is_live();
            match self.process.ended() {
                Ok(None) => live.then_some(true),
                _ => Some(false),
            }
        });
        match live {
            Ok(true) => Ok(()),
            Ok(false) => bail!("the real operator ended:\n{}", self.process.log_text()),
            Err(error) => bail!("{error}\n{}", self.process.log_text()),
        }
    }

    fn is_live(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/healthz", self.live_port);
        let request = Request::get(url).body(Bytes::new());
        request.is_ok_and(|request| {
            http::send(request).is_ok_and(|answer| answer.status().is_success())
        })
    }
}

fn is_port_taken(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("address already in use")
}
