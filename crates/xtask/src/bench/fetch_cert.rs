//! `--fetch-cert`: a real API server, whose service proxy leads to a controller. The proxy goes only to addresses that
//! are not loopback, so that the part with the cluster runs in a network namespace, as a process of its own.
#![allow(clippy::print_stdout, reason = "its result is for the caller")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use testkit::{
    ControlPlane, Options, Process, Program, ServiceBackend, ServicePort, free_port, netns,
    wait_for,
};

use super::Programs;
use super::command_line::compare;
use super::controllers::LONG;
use super::figures::Figures;
use super::measure::Cost;
use crate::repository;

const NAMESPACE: &str = "kube-system";
const SERVICE: &str = "sealed-secrets-controller";

#[derive(clap::Args)]
pub(crate) struct Args {
    seal: PathBuf,
    kubeseal: PathBuf,
    sealed_controller: PathBuf,
    runs: usize,
}

/// Ours, and theirs.
type Costs = (Cost, Cost);

/// The caller's side.
pub(crate) fn run(programs: &Programs, runs: usize, figures: &mut Figures) -> Result<()> {
    let mut inside = match netns::enter() {
        Ok(inside) => inside,
        Err(reason) => {
            figures.row(
                "--fetch-cert, wall",
                "-",
                "-",
                &format!("not measured: {reason}"),
            );
            return Ok(());
        }
    };
    let output = inside
        .arg(std::env::current_exe()?)
        .arg("measure-fetch-cert")
        .args([
            &programs.seal,
            &programs.kubeseal,
            &programs.sealed_controller,
        ])
        .arg(runs.to_string())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{}", output.status);
    let (ours, theirs): Costs = serde_json::from_slice(&output.stdout)?;
    figures.less_is_better("--fetch-cert, wall", "ms", ours.wall, theirs.wall);
    figures.less_is_better("--fetch-cert, memory", "MiB", ours.memory, theirs.memory);
    Ok(())
}

/// The side in the namespace.
pub(crate) fn run_inside(args: Args) -> Result<()> {
    let plane = ControlPlane::start(&Options::default())?;
    let base = repository::root()?.join("deploy/kustomize/base");
    plane.run(&["apply", "-k", &base.display().to_string()])?;
    let _controller = publish(&plane, &args.sealed_controller)?;
    let kubeconfig = plane.kubeconfig();
    wait_for("the certificate", LONG, || {
        fetches(&args.seal, kubeconfig).then_some(())
    })?;
    let programs = Programs {
        seal: args.seal,
        kubeseal: args.kubeseal,
        sealed_controller: args.sealed_controller,
        external_secrets: PathBuf::new(),
    };
    let costs: Costs = compare(
        &programs,
        Path::new("/dev/null"),
        &typed(kubeconfig),
        args.runs,
    )?;
    println!("{}", serde_json::to_string(&costs)?);
    Ok(())
}

fn typed(kubeconfig: &Path) -> [OsString; 3] {
    [
        "--fetch-cert".into(),
        "--kubeconfig".into(),
        kubeconfig.into(),
    ]
}

fn fetches(seal: &Path, kubeconfig: &Path) -> bool {
    let status = Command::new(seal)
        .args(typed(kubeconfig))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Ours, reachable as the Service of the manifests.
fn publish(plane: &ControlPlane, program: &Path) -> Result<Process> {
    let target = free_port()?;
    let metrics = free_port()?;
    let account = plane.service_account_kubeconfig(NAMESPACE, SERVICE)?;
    let log = plane.dir().join("sealed-controller.log");
    let program = Program::new(program, log)
        .args(["--kubeconfig".to_owned(), account.display().to_string()])
        .args([
            "--listen-addr".to_owned(),
            format!("{}:{target}", netns::ADDRESS),
        ])
        .args([
            "--listen-metrics-addr".to_owned(),
            format!("{}:{metrics}", netns::ADDRESS),
        ])
        .env("POD_NAMESPACE", NAMESPACE);
    let controller = Process::start(program).context("sealed-controller")?;
    let backend = ServiceBackend::new(plane, NAMESPACE)?;
    let port = ServicePort {
        name: "http".to_owned(),
        port: 8080,
        target,
    };
    backend.publish_endpoints(SERVICE, &[port])?;
    Ok(controller)
}
