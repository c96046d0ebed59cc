//! Our controller as a process, with the rights that our manifests give it and no others.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seal_keys::Certificate;
use testkit::{Process, Program, eventually, free_port};

use crate::PATIENCE;
use crate::cluster::Cluster;
use crate::program;

const NAMESPACE: &str = "kube-system";
const ACCOUNT: &str = "sealed-secrets-controller";
/// Attempts at finding ports that nobody takes meanwhile.
const ATTEMPTS: usize = 5;

/// A running `sealed-controller`.
pub struct Controller {
    process: Process,
    port: u16,
    metrics_port: u16,
}

/// An answer of its endpoints.
#[derive(Debug)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, or nothing.
    pub content_type: String,
    /// The text.
    pub body: String,
}

impl Controller {
    /// Starts it with keys of 2,048 bits, which cost little time, and waits until it is ready.
    pub fn start(cluster: &Cluster) -> Self {
        Self::start_with(cluster, &["--key-size=2048"])
    }

    /// Starts it where other addresses of this host reach it, too, at this port.
    pub fn start_reachable(cluster: &Cluster) -> (Self, u16) {
        let (controller, port) = Self::spawn_reachable(cluster, &[]);
        controller.wait_ready();
        (controller, port)
    }

    /// The same with these variables; waits only until its endpoints answer.
    pub fn spawn_reachable(cluster: &Cluster, variables: &[(&str, String)]) -> (Self, u16) {
        let controller = Self::spawn_on("0.0.0.0", cluster, &["--key-size=2048"], variables);
        let port = controller.port;
        (controller, port)
    }

    /// Starts it with these arguments, and waits until it is ready.
    pub fn start_with(cluster: &Cluster, args: &[&str]) -> Self {
        let controller = Self::spawn(cluster, args);
        controller.wait_ready();
        controller
    }

    /// Starts it with these arguments and variables, and waits until it is ready.
    pub fn start_in(cluster: &Cluster, args: &[&str], variables: &[(&str, String)]) -> Self {
        let controller = Self::spawn_on("127.0.0.1", cluster, args, variables);
        controller.wait_ready();
        controller
    }

    /// Starts it and waits only until its endpoints answer.
    pub fn spawn(cluster: &Cluster, args: &[&str]) -> Self {
        Self::spawn_on("127.0.0.1", cluster, args, &[])
    }

    fn spawn_on(
        host: &str,
        cluster: &Cluster,
        args: &[&str],
        variables: &[(&str, String)],
    ) -> Self {
        for _ in 0..ATTEMPTS {
            let controller = Self::try_spawn(host, cluster, args, variables);
            let ended = eventually("the controller's endpoints", PATIENCE, || {
                if let Some(how) = controller.process.ended().unwrap() {
                    return Some(Some(how));
                }
                controller.get("/healthz").map(|_| None)
            });
            match ended {
                None => return controller,
                Some(_) if controller.log().contains("Address already in use") => {}
                Some(how) => panic!("the controller ended ({how}):\n{}", controller.log()),
            }
        }
        panic!("no free port in {ATTEMPTS} attempts");
    }

    fn try_spawn(
        host: &str,
        cluster: &Cluster,
        args: &[&str],
        variables: &[(&str, String)],
    ) -> Self {
        let plane = cluster.plane();
        let kubeconfig = plane
            .service_account_kubeconfig(NAMESPACE, ACCOUNT)
            .unwrap();
        let (port, metrics_port) = (free_port().unwrap(), free_port().unwrap());
        let log = plane.dir().join(format!("sealed-controller-{port}.log"));
        let mut program = Program::new(binary(), log)
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .arg(format!("--listen-addr={host}:{port}"))
            .arg(format!("--listen-metrics-addr=127.0.0.1:{metrics_port}"))
            .args(args.iter().copied())
            .env("POD_NAMESPACE", NAMESPACE);
        for (name, value) in variables {
            program = program.env(name, value.as_str());
        }
        Self {
            process: Process::start(program).unwrap(),
            port,
            metrics_port,
        }
    }

    /// Waits until `/readyz` says so.
    pub fn wait_ready(&self) {
        eventually("the controller to become ready", PATIENCE, || {
            self.get("/readyz").filter(|page| page.status == 200)
        });
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The process, to restart it.
    pub fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.process.log_text()
    }

    /// Where one of its public endpoints is.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Asks one of its public endpoints; nothing if there is no answer.
    pub fn get(&self, path: &str) -> Option<Page> {
        fetch(&self.url(path))
    }

    /// The metrics page.
    pub fn metrics(&self) -> Page {
        let url = format!("http://127.0.0.1:{}/metrics", self.metrics_port);
        fetch(&url).expect("no metrics")
    }

    /// The sum of a metric over the lines that hold every one of `labels`.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let page = self.metrics().body;
        page.lines()
            .filter(|line| line.starts_with(name))
            .filter(|line| labels.iter().all(|label| line.contains(label)))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum()
    }

    /// The certificate that it serves.
    pub fn certificate(&self) -> Certificate {
        let page = self.get("/v1/cert.pem").expect("no certificate");
        Certificate::from_pem(page.body.as_bytes()).unwrap()
    }
}

fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .into()
    })
}

/// Gets a page over plain HTTP; nothing if there is no answer.
pub fn fetch(url: &str) -> Option<Page> {
    let mut response = agent().get(url).call().ok()?;
    let header = response.headers().get("content-type");
    let content_type = header.and_then(|value| value.to_str().ok());
    Some(Page {
        status: response.status().as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: response.body_mut().read_to_string().ok()?,
    })
}

/// What a controller, ours or the real one, answers to what was posted.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: http::HeaderMap,
    /// The text.
    pub body: String,
}

/// Posts a body as someone whom a proxy calls `client`: each has a rate of their own. Nothing if the connection ends
/// without an answer.
pub fn post(url: &str, client: &str, body: impl AsRef<[u8]>) -> Option<Answer> {
    let request = agent().post(url).header("X-Forwarded-For", client);
    let mut response = request.send(body.as_ref()).ok()?;
    Some(Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.body_mut().read_to_string().ok()?,
    })
}

impl Controller {
    /// Posts to one of its endpoints, as someone who never did before.
    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        static CLIENTS: AtomicUsize = AtomicUsize::new(0);
        let client = CLIENTS.fetch_add(1, Ordering::Relaxed);
        post(&self.url(path), &format!("client-{client}"), body).expect("no answer")
    }
}

fn binary() -> PathBuf {
    program::binary("sealed-controller", "SEALED_CONTROLLER_BIN")
}

impl Controller {
    /// Runs the program with these arguments to its end and returns what it prints.
    pub fn output(args: &[&str]) -> String {
        let output = Command::new(binary()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Controller {
    /// Starts it with these arguments and variables, and waits only until its endpoints answer.
    pub fn spawn_in(cluster: &Cluster, args: &[&str], variables: &[(&str, String)]) -> Self {
        Self::spawn_on("127.0.0.1", cluster, args, variables)
    }
}

impl Controller {
    /// Runs the program with arguments that it does not take, and returns what it says.
    pub fn refusal(args: &[&str]) -> String {
        let output = Command::new(binary()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", output.status);
        String::from_utf8(output.stderr).unwrap()
    }
}
