//! The process's own chain. As it comes from the environment, each test asks in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_identity::{AssumedRole, Base, Identities, IdentitiesOptions, Identity};
use tempfile::TempDir;
use testkit::aws::{Fault, FaultProxy, REGION, environment};

use crate::bed::{MOTO, NoTokens};

const ROLE: &str = "SEAL_TEST_ROLE";

/// The other process: asks thrice, and says whom it is in the end.
#[expect(clippy::print_stdout, reason = "how it tells the first process")]
async fn child(role: String) {
    let identities = Identities::new(IdentitiesOptions::default(), Arc::new(NoTokens));
    let identity = Identity {
        role: (!role.is_empty()).then(|| AssumedRole::of(role)),
        ..Identity::of(Base::Process)
    };
    for _ in 0..2 {
        if let Err(error) = identities.check(&identity, REGION).await {
            println!("END {error} END ");
            return;
        }
    }
    let provider = identities.provider(&identity, REGION);
    let credentials = provider.provide_credentials().await.unwrap();
    println!("END {} END ", credentials.access_key_id());
}

/// The environment of the other process.
struct Machine {
    proxy: FaultProxy,
    folder: TempDir,
    environment: BTreeMap<&'static str, String>,
}

impl Machine {
    /// One whose environment has nothing but `AWS_ENDPOINT_URL` and a region.
    fn bare() -> Self {
        let proxy = FaultProxy::start(MOTO.url()).unwrap();
        let mut environment: BTreeMap<_, _> = environment(proxy.url()).into();
        environment.remove("AWS_ACCESS_KEY_ID");
        environment.remove("AWS_SECRET_ACCESS_KEY");
        environment.insert(ROLE, String::new());
        Self {
            proxy,
            folder: TempDir::new().unwrap(),
            environment,
        }
    }

    fn set(&mut self, variable: &'static str, value: &str) -> &mut Self {
        self.environment.insert(variable, value.to_owned());
        self
    }

    /// Writes a file into the folder and names it in the variable.
    fn file(&mut self, variable: &'static str, text: &str) -> &mut Self {
        let path = self.folder.path().join(variable);
        fs::write(&path, text).unwrap();
        self.set(variable, path.to_str().unwrap())
    }

    fn run(&self) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["process::environment_then_role", "--exact", "--nocapture"])
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(&self.environment)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        match printed.split("END ").nth(1) {
            Some(end) => end.trim().to_owned(),
            None => panic!("{printed}{}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

#[tokio::test]
async fn environment_then_role() {
    if let Ok(role) = std::env::var(ROLE) {
        return child(role).await;
    }
    let mut machine = Machine::bare();
    machine
        .set("AWS_ACCESS_KEY_ID", "AKIATESTING")
        .set("AWS_SECRET_ACCESS_KEY", "testing");
    assert_eq!(machine.run(), "AKIATESTING");
    assert!(machine.proxy.all_calls().is_empty());
    machine.set(ROLE, "arn:aws:iam::123456789012:role/reader");
    assert!(machine.run().starts_with("ASIA"));
    assert_eq!(machine.proxy.access_keys("AssumeRole"), ["AKIATESTING"]);
}

#[test]
fn role_of_the_pod() {
    let mut machine = Machine::bare();
    machine
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/seal")
        .file("AWS_WEB_IDENTITY_TOKEN_FILE", "a.projected.token");
    assert!(machine.run().starts_with("ASIA"));
    let call = "AssumeRoleWithWebIdentity";
    assert_eq!(machine.proxy.calls(call), 1, "asked thrice");

    machine.proxy.fail(call, Fault::AccessDenied);
    assert_eq!(
        machine.run(),
        "sts:AssumeRoleWithWebIdentity of the role of this process: access denied; let the role's \
         trust policy allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider with the \
         service account of this pod"
    );
}

#[test]
fn pod_identity() {
    for (expires, asked) in [("2099-01-01T00:00:00Z", 1), ("2020-01-01T00:00:00Z", 1)] {
        let (url, agent) = agent(expires);
        let mut machine = Machine::bare();
        machine
            .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)
            .file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "a.pod.token");
        assert_eq!(machine.run(), "ASIAOFPOD", "{expires}");
        // It ends when it is told to.
        let _ = std::net::TcpStream::connect(url["http://".len()..].split('/').next().unwrap());
        let questions = agent.join().unwrap();
        assert_eq!(questions.len(), asked, "{expires}: {questions:?}");
        assert!(questions[0].contains("authorization: a.pod.token"));
    }
}

/// The agent of Pod Identity, until somebody connects and says nothing; then what it was asked.
fn agent(expires: &str) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/credentials", listener.local_addr().unwrap());
    let body = format!(
        r#"{{"AccessKeyId": "ASIAOFPOD", "SecretAccessKey": "x", "Token": "y",
            "Expiration": "{expires}"}}"#
    );
    let agent = std::thread::spawn(move || {
        let mut questions = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut byte = [0];
            while !asked.ends_with(b"\r\n\r\n") {
                if stream.read(&mut byte).unwrap() == 0 {
                    return questions;
                }
                asked.extend(byte);
            }
            let length = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all((head + &body).as_bytes()).unwrap();
            questions.push(String::from_utf8(asked).unwrap().to_ascii_lowercase());
        }
    });
    (url, agent)
}

#[test]
fn nowhere() {
    let text = Machine::bare().run();
    let expected = "AWS credentials of this process: no AWS credentials were found; ";
    assert!(text.starts_with(expected), "{text}");
}
