//! A running emulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use hyper::Request;
use hyper::body::Bytes;

use super::kms::Kms;
use super::secrets_manager::SecretsManager;
use crate::http;
use crate::port::free_port;
use crate::process::Program;
use crate::python::python;
use crate::supervisor::{self, Supervisor};
use crate::wait::wait_for;

/// Attempts at finding a port that nobody takes meanwhile.
const ATTEMPTS: usize = 5;

/// A server may start slowly where two cores compile at the same time.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which emulator: [`crate::aws`] says what each is right about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// moto: the one for symmetric keys. About 400 requests a second, one at a time.
    Moto,
    /// ministack: the one for RSA keys and for disabled ones.
    Ministack,
}

/// An AWS emulator on a loopback port of its own, for one test or several.
///
/// Dropping it stops it; so does the end of the process, however it ends.
#[derive(Debug)]
pub struct Emulator {
    supervisor: Supervisor,
    kind: Kind,
    url: String,
    pid: u32,
    log: PathBuf,
}

impl Emulator {
    /// Starts one and waits until it answers: a second, once the packages are installed.
    ///
    /// # Errors
    /// When the packages cannot be installed, or the server ends or does not answer; the message then
    /// holds its log.
    pub fn start(kind: Kind) -> Result<Self> {
        let python = python()?;
        let mut attempt = 1;
        loop {
            match Self::try_start(kind, &python) {
                Err(error) if attempt < ATTEMPTS && is_port_taken(&error) => attempt += 1,
                result => return result,
            }
        }
    }

    fn try_start(kind: Kind, python: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("seal-aws-").tempdir()?;
        let supervisor = Supervisor::start(supervisor::removal(folder.path()))?;
        // From here on the folder is the supervisor's to remove.
        let folder = folder.keep();
        let port = free_port()?;
        let log = folder.join(format!("{}.log", kind.name()));
        let program = kind.program(python, port, &log, &folder);
        let emulator = Self {
            pid: supervisor.spawn(program.into_child(kind.name()))?,
            supervisor,
            kind,
            url: format!("http://127.0.0.1:{port}"),
            log,
        };
        emulator.wait_answering()?;
        Ok(emulator)
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where every service answers, such as `http://127.0.0.1:12345`: for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// KMS on this emulator.
    pub fn kms(&self) -> Kms {
        Kms::at(&self.url)
    }

    /// Secrets Manager on this emulator.
    pub fn secrets(&self) -> SecretsManager {
        SecretsManager::at(&self.url)
    }

    /// Forgets everything: keys, aliases, secrets.
    ///
    /// # Errors
    /// When it does not answer or refuses.
    pub fn reset(&self) -> Result<()> {
        let answer = http::send(self.request("POST", self.kind.reset_path())?)?;
        if !answer.status().is_success() {
            bail!("{} was not reset: {}", self.kind.name(), answer.status());
        }
        Ok(())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The supervisor's process id; it is gone when everything is.
    pub fn supervisor_pid(&self) -> u32 {
        self.supervisor.pid()
    }

    fn wait_answering(&self) -> Result<()> {
        let up = wait_for("the emulator to answer", PATIENCE, || {
            // In this order: another server on its port makes it end.
            let answers = self.answers();
            match self.supervisor.ended(self.kind.name()) {
                Ok(None) => answers.then_some(Ok(())),
                Ok(Some(how)) => Some(Err(format!("{} ended: {how}", self.kind.name()))),
                Err(error) => Some(Err(error.to_string())),
            }
        });
        match up {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => bail!("{message}\n{}", self.log_text()),
            Err(error) => bail!("{error}\n{}", self.log_text()),
        }
    }

    fn answers(&self) -> bool {
        self.request("GET", self.kind.health_path())
            .and_then(http::send)
            .is_ok_and(|answer| answer.status().is_success())
    }

    fn request(&self, method: &str, path: &str) -> Result<Request<Bytes>> {
        let uri = format!("{}{path}", self.url);
        Ok(Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::new())?)
    }

    fn log_text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Moto => "moto",
            Self::Ministack => "ministack",
        }
    }

    fn program(self, python: &Path, port: u16, log: &Path, folder: &Path) -> Program {
        let program = Program::new(python, log)
            // What it leaves in the temporary folder goes with the log.
            .env("TMPDIR", folder.to_string_lossy())
            .env("PYTHONUNBUFFERED", "1");
        let port = port.to_string();
        match self {
            Self::Moto => program.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port]),
            // Its defaults are every interface, and a second port for devices.
            Self::Ministack => program
                .args(["-m", "ministack"])
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port)
                .env("IOT_MTLS_ENABLED", "0"),
        }
    }

    fn health_path(self) -> &'static str {
        match self {
            Self::Moto => "/moto-api/data.json",
            Self::Ministack => "/_ministack/health",
        }
    }

    fn reset_path(self) -> &'static str {
        match self {
            Self::Moto => "/moto-api/reset",
            Self::Ministack => "/_ministack/reset",
        }
    }
}

fn is_port_taken(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("already in use")
}
