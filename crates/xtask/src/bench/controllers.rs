//! Both controllers on control planes of their own: a cold start, and single applies after it.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use seal_keys::Issued;
use serde_json::{Value, json};
use testkit::{
    ControlPlane, Options, Process, Program, RealController, RealControllerOptions, free_port,
    wait_for,
};

use super::api::Api;
use super::figures::{Figures, number, quantile};
use super::{Args, Programs, input};
use crate::repository;

const SECRETS: &str = "/api/v1/namespaces/bench/secrets";
const SEALED: &str = "/apis/bitnami.com/v1alpha1/namespaces/bench/sealedsecrets";
const NAMESPACE: &str = "kube-system";
pub(super) const LONG: Duration = Duration::from_mins(10);

/// What one controller did.
struct Run {
    objects: usize,
    /// Seconds from the start of the process to the last Secret.
    cold_start: f64,
    /// Milliseconds from apply to Secret, half and 99 of 100.
    apply: (f64, f64),
    /// MiB at the end.
    memory: f64,
}

impl Run {
    fn per_second(&self) -> f64 {
        per_second(self.objects, self.cold_start)
    }
}

#[allow(clippy::cast_precision_loss, reason = "some thousand objects")]
pub(super) fn per_second(objects: usize, seconds: f64) -> f64 {
    objects as f64 / seconds
}

pub(crate) fn run(args: &Args, programs: &Programs, figures: &mut Figures) -> Result<()> {
    let work = Work {
        objects: args.objects,
        applies: args.applies,
    };
    let ours = bench(programs, work, |plane| {
        Ok(start_ours(plane, programs)?.process)
    })?;
    let quick = bench(programs, work, |plane| {
        start_theirs(plane, &["--kubeclient-qps=-1"])
    })?;
    let slow = Work {
        objects: args.slow_objects,
        applies: 10,
    };
    let slow = bench(programs, slow, |plane| start_theirs(plane, &[]))?;
    for (name, theirs) in [("defaults", &slow), ("--kubeclient-qps=-1", &quick)] {
        let what = format!("cold start, objects/s ({name})");
        let note = format!(
            "{:.0} times faster; {} objects in {} against {} in {}",
            ours.per_second() / theirs.per_second(),
            ours.objects,
            number(ours.cold_start, "s"),
            theirs.objects,
            number(theirs.cold_start, "s"),
        );
        let rate = |run: &Run| number(run.per_second(), "/s");
        figures.row(&what, &rate(&ours), &rate(theirs), &note);
        let what = format!("apply to Secret, p50 ({name})");
        figures.less_is_better(&what, "ms", ours.apply.0, theirs.apply.0);
        let what = format!("apply to Secret, p99 ({name})");
        figures.less_is_better(&what, "ms", ours.apply.1, theirs.apply.1);
        let what = format!("memory at the end ({name})");
        figures.less_is_better(&what, "MiB", ours.memory, theirs.memory);
    }
    Ok(())
}

/// What a controller is given.
#[derive(Clone, Copy)]
struct Work {
    /// SealedSecrets that are there when it starts.
    objects: usize,
    /// SealedSecrets that come later, one after the other.
    applies: usize,
}

fn bench<C: Measured>(
    programs: &Programs,
    work: Work,
    start: impl FnOnce(&ControlPlane) -> Result<C>,
) -> Result<Run> {
    let Work { objects, applies } = work;
    let scene = Scene::new(programs, objects, "legacy")?;
    let later = if applies == 0 {
        Vec::new()
    } else {
        scene.sealed(programs, "later", applies, "legacy")?
    };

    let started = Instant::now();
    let controller = start(&scene.plane)?;
    scene.wait_for_secrets(objects)?;
    let cold_start = started.elapsed().as_secs_f64();
    let mut waits = later
        .iter()
        .map(|object| apply(&scene.api, object))
        .collect::<Result<Vec<_>>>()?;
    Ok(Run {
        objects,
        cold_start,
        apply: (quantile(&mut waits, 0.5), quantile(&mut waits, 0.99)),
        memory: controller.memory()?,
    })
}

/// A control plane with a sealing key and SealedSecrets, and no controller yet.
pub(super) struct Scene {
    pub(super) plane: ControlPlane,
    api: Api,
    folder: tempfile::TempDir,
    certificate: PathBuf,
}

impl Scene {
    pub(super) fn new(programs: &Programs, objects: usize, format: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let plane = ControlPlane::start(&Options::default())?;
        let root = repository::root()?;
        let base = root.join("deploy/kustomize/base").display().to_string();
        plane.run(&["apply", "-k", &base])?;
        plane.run(&["create", "namespace", "bench"])?;
        let api = Api::new(&plane)?;
        let (key, certificate) = input::key(folder.path())?;
        create_key(&api, &key)?;
        let scene = Self {
            plane,
            api,
            folder,
            certificate,
        };
        for object in scene.sealed(programs, "present", objects, format)? {
            scene.api.create(SEALED, &object)?;
        }
        Ok(scene)
    }

    fn sealed(
        &self,
        programs: &Programs,
        name: &str,
        count: usize,
        format: &str,
    ) -> Result<Vec<Value>> {
        let secrets = input::secrets(self.folder.path(), name, count, 3)?;
        seal(programs, &self.certificate, &secrets, format)
    }

    pub(super) fn wait_for_secrets(&self, count: usize) -> Result<()> {
        wait_for("every Secret", LONG, || {
            (self.api.count(SECRETS).ok()? >= count).then_some(())
        })
    }
}

/// A running controller whose memory can be read.
trait Measured {
    fn process(&self) -> &Process;

    #[allow(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    fn memory(&self) -> Result<f64> {
        Ok(self.process().rss()? as f64 / 1024.0 / 1024.0)
    }
}

impl Measured for Process {
    fn process(&self) -> &Process {
        self
    }
}

impl Measured for RealController {
    fn process(&self) -> &Process {
        self.process()
    }
}

/// Ours, running.
pub(super) struct Ours {
    pub(super) process: Process,
    /// Where its metrics are.
    metrics: String,
}

impl Ours {
    /// SealedSecrets whose Secrets it has made, or found to be right, since its start.
    pub(super) fn synced(&self) -> Result<usize> {
        let url = format!("http://{}/metrics", self.metrics);
        let text = ureq::get(url).call()?.body_mut().read_to_vec()?;
        let text = String::from_utf8(text)?;
        let good = |line: &&str| {
            line.starts_with("sealed_secrets_controller_condition_info{") && line.ends_with(" 1")
        };
        Ok(text.lines().filter(good).count())
    }
}

pub(super) fn start_ours(plane: &ControlPlane, programs: &Programs) -> Result<Ours> {
    let kubeconfig = plane.service_account_kubeconfig(NAMESPACE, "sealed-secrets-controller")?;
    let address = || -> Result<String> { Ok(format!("{}:{}", Ipv4Addr::LOCALHOST, free_port()?)) };
    let metrics = address()?;
    let log = plane.dir().join("sealed-controller.log");
    let program = Program::new(&programs.sealed_controller, log)
        .args(["--kubeconfig".to_owned(), kubeconfig.display().to_string()])
        .args(["--listen-addr".to_owned(), address()?])
        .args(["--listen-metrics-addr", &metrics])
        .env("POD_NAMESPACE", NAMESPACE);
    let process = Process::start(program)?;
    Ok(Ours { process, metrics })
}

fn start_theirs(plane: &ControlPlane, args: &[&str]) -> Result<RealController> {
    let options = RealControllerOptions {
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        ..RealControllerOptions::default()
    };
    RealController::start(plane, &options)
}

/// One apply, and the milliseconds until its Secret is there.
fn apply(api: &Api, object: &Value) -> Result<f64> {
    let name = object["metadata"]["name"].as_str().context("no name")?;
    let path = format!("{SECRETS}/{name}");
    let started = Instant::now();
    api.create(SEALED, object)?;
    while api.get(&path)?.is_none() {
        ensure!(started.elapsed() < LONG, "no Secret {name}");
    }
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}

fn create_key(api: &Api, key: &Issued) -> Result<()> {
    let pem = key.key.to_pkcs1_pem()?;
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {
            "generateName": "sealed-secrets-key",
            "labels": { "sealedsecrets.bitnami.com/sealed-secrets-key": "active" },
        },
        "stringData": { "tls.crt": key.certificate.to_pem(), "tls.key": pem.as_str() },
    });
    api.create(&format!("/api/v1/namespaces/{NAMESPACE}/secrets"), &secret)
}

fn seal(
    programs: &Programs,
    certificate: &Path,
    secrets: &Path,
    format: &str,
) -> Result<Vec<Value>> {
    let output = Command::new(&programs.seal)
        .arg(format!("--format-version={format}"))
        .arg("--cert")
        .arg(certificate)
        .arg("-f")
        .arg(secrets)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "seal: {}", output.status);
    serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .map(|object| Ok(object?))
        .collect()
}
