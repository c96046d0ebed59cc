//! One of the two controllers.

use std::net::Ipv4Addr;

use anyhow::Result;
use testkit::{Process, Program, RealOperator, RealOperatorOptions, aws, free_port};

use super::super::Programs;
use super::bed::Bed;

/// Where our manifests put ours, and what they call its account.
pub(super) const NAMESPACE: &str = "external-secrets";

/// Which one.
pub(super) enum Kind<'a> {
    Ours(&'a Programs),
    /// With these arguments.
    Theirs(&'a [&'a str]),
}

/// A running one.
pub(super) enum Controller {
    Ours(Process),
    Theirs(RealOperator),
}

impl Controller {
    pub(super) fn start(kind: &Kind<'_>, bed: &Bed) -> Result<Self> {
        match kind {
            Kind::Ours(programs) => Ok(Self::Ours(start_ours(programs, bed)?)),
            Kind::Theirs(args) => {
                let options = RealOperatorOptions {
                    aws: bed.proxy.url().to_owned(),
                    args: args.iter().map(|arg| (*arg).to_owned()).collect(),
                };
                Ok(Self::Theirs(RealOperator::start(&bed.plane, &options)?))
            }
        }
    }

    pub(super) fn process(&self) -> &Process {
        match self {
            Self::Ours(process) => process,
            Self::Theirs(operator) => operator.process(),
        }
    }

    /// MiB at the most so far.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    pub(super) fn memory(&self) -> Result<f64> {
        Ok(self.process().peak_rss()? as f64 / 1024.0 / 1024.0)
    }

    /// Seconds of processor time so far.
    pub(super) fn cpu(&self) -> Result<f64> {
        Ok(self.process().cpu()?.as_secs_f64())
    }
}

/// With the rights that our manifests give it.
fn start_ours(programs: &Programs, bed: &Bed) -> Result<Process> {
    let plane = &bed.plane;
    let kubeconfig = plane.service_account_kubeconfig(NAMESPACE, NAMESPACE)?;
    let address = || -> Result<String> { Ok(format!("{}:{}", Ipv4Addr::LOCALHOST, free_port()?)) };
    let log = plane.dir().join("external-secrets.log");
    let mut program = Program::new(&programs.external_secrets, log)
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .args(["--live-addr".to_owned(), address()?])
        .args(["--metrics-addr".to_owned(), address()?])
        .arg(format!("--secretsmanager-endpoint={}", bed.proxy.url()))
        .env("POD_NAMESPACE", NAMESPACE);
    for (name, value) in aws::environment(bed.proxy.url()) {
        program = program.env(name, value);
    }
    Process::start(program)
}
