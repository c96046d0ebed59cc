//! Our External Secrets controller as a process, with the rights that our manifests give it and no others.

use testkit::{Process, Program, aws, eventually, free_port};

use crate::PATIENCE;
use crate::cluster::Cluster;
use crate::controller::{Page, fetch};
use crate::external_secrets::{EXTERNAL_SECRETS_ACCOUNT, EXTERNAL_SECRETS_NAMESPACE};
use crate::program::binary;

/// Attempts at finding ports that nobody takes meanwhile.
const ATTEMPTS: usize = 5;

/// A running `external-secrets`.
pub struct ExternalSecretsController {
    process: Process,
    live_port: u16,
    metrics_port: u16,
}

impl ExternalSecretsController {
    /// Starts it, with AWS at this address, and waits until it is ready. Definitions and rights are there.
    pub fn start(cluster: &Cluster, aws: &str, args: &[&str]) -> Self {
        Self::start_in(cluster, aws, args, &aws::environment(aws))
    }

    /// The same with these variables and no others of AWS besides its endpoints.
    pub fn start_in(
        cluster: &Cluster,
        aws: &str,
        args: &[&str],
        variables: &[(&str, String)],
    ) -> Self {
        for _ in 0..ATTEMPTS {
            let controller = Self::spawn(cluster, aws, args, variables);
            let ended = eventually("the controller to become ready", PATIENCE, || {
                if let Some(how) = controller.process.ended().unwrap() {
                    return Some(Some(how));
                }
                let page = controller.get("/readyz");
                page.filter(|page| page.status == 200).map(|_| None)
            });
            match ended {
                None => return controller,
                Some(_) if controller.log().contains("Address already in use") => {}
                Some(how) => panic!("the controller ended ({how}):\n{}", controller.log()),
            }
        }
        panic!("no free port in {ATTEMPTS} attempts");
    }

    fn spawn(cluster: &Cluster, aws: &str, args: &[&str], variables: &[(&str, String)]) -> Self {
        let plane = cluster.plane();
        let kubeconfig = plane
            .service_account_kubeconfig(EXTERNAL_SECRETS_NAMESPACE, EXTERNAL_SECRETS_ACCOUNT)
            .unwrap();
        let (live_port, metrics_port) = (free_port().unwrap(), free_port().unwrap());
        let log = plane
            .dir()
            .join(format!("external-secrets-{live_port}.log"));
        let program = binary("external-secrets", "EXTERNAL_SECRETS_BIN");
        let mut program = Program::new(program, log)
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .arg(format!("--live-addr=127.0.0.1:{live_port}"))
            .arg(format!("--metrics-addr=127.0.0.1:{metrics_port}"))
            .args(args.iter().copied())
            .env("POD_NAMESPACE", EXTERNAL_SECRETS_NAMESPACE)
            .env("AWS_SECRETSMANAGER_ENDPOINT", aws)
            .env("AWS_STS_ENDPOINT", aws);
        for (name, value) in variables {
            program = program.env(name, value.as_str());
        }
        Self {
            process: Process::start(program).unwrap(),
            live_port,
            metrics_port,
        }
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The process, to be restarted.
    pub fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.process.log_text()
    }

    /// Asks one of its public endpoints; nothing if there is no answer.
    pub fn get(&self, path: &str) -> Option<Page> {
        fetch(&format!("http://127.0.0.1:{}{path}", self.live_port))
    }

    /// The metrics page.
    pub fn metrics(&self) -> Page {
        let url = format!("http://127.0.0.1:{}/metrics", self.metrics_port);
        fetch(&url).expect("no metrics")
    }
}
