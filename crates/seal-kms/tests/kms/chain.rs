//! Where credentials, region and endpoint come from. As they come from the environment, each test runs the
//! client in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use seal_kms::{Kms, KmsOptions};
use tempfile::TempDir;
use testkit::aws::{Fault, environment};

use crate::bed::{Bed, DATA_KEY, MOTO, context, name};

const PROFILE: &str = "SEAL_TEST_PROFILE";
const KEY: &str = "SEAL_TEST_KEY";

/// What the other process says in the end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Opened,
    /// How the fault prints for programmers.
    Failed(String),
}

/// The other process: the first test, started with a key.
#[expect(clippy::print_stdout, reason = "how it tells the first process")]
async fn child(key: &str) {
    let kms = Kms::new(KmsOptions {
        profile: std::env::var(PROFILE).ok(),
        ..KmsOptions::default()
    });
    let key = name(key);
    let end = match kms.wrap(&key, &context(), DATA_KEY).await {
        Ok((arn, blob)) => match kms.unwrap(&arn, &context(), &blob).await {
            Ok(opened) => format!("opened {}", opened.as_slice() == DATA_KEY),
            Err(error) => format!("{:?} {}", error.fault, error.is_transient()),
        },
        Err(error) => format!("{:?} {}", error.fault, error.is_transient()),
    };
    println!("END {end} END ");
}

/// A bed, a key with an alias, a folder, and the environment of the other process.
struct Machine {
    bed: Bed,
    folder: TempDir,
    environment: BTreeMap<&'static str, String>,
}

impl Machine {
    /// One whose environment has nothing but `AWS_ENDPOINT_URL` and a region.
    fn bare(alias: &str) -> Self {
        let bed = Bed::on(&MOTO);
        let key = bed.symmetric_key();
        bed.aws.create_alias(alias, key.key_id()).unwrap();
        let mut environment: BTreeMap<_, _> = environment(bed.proxy.url()).into();
        environment.remove("AWS_ACCESS_KEY_ID");
        environment.remove("AWS_SECRET_ACCESS_KEY");
        environment.remove("AWS_DEFAULT_REGION");
        environment.insert(KEY, format!("alias/{alias}"));
        Self {
            bed,
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

    fn run(&self) -> End {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["chain::from_the_environment", "--exact", "--nocapture"])
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(&self.environment)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        match printed.split("END ").nth(1) {
            Some("opened true ") => End::Opened,
            Some(end) => failed(end.trim()),
            None => panic!("{printed}{}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

fn failed(end: &str) -> End {
    End::Failed(end.to_owned())
}

#[tokio::test]
async fn from_the_environment() {
    if let Ok(key) = std::env::var(KEY) {
        return child(&key).await;
    }
    let mut machine = Machine::bare("from-environment");
    machine
        .set("AWS_ACCESS_KEY_ID", "testing")
        .set("AWS_SECRET_ACCESS_KEY", "testing");
    assert_eq!(machine.run(), End::Opened);
    assert_eq!(machine.bed.proxy.calls("Decrypt"), 1);

    let url = machine.environment.remove("AWS_ENDPOINT_URL").unwrap();
    machine.set("AWS_ENDPOINT_URL_KMS", &url);
    assert_eq!(machine.run(), End::Opened);
    assert_eq!(machine.bed.proxy.calls("Decrypt"), 2);

    machine.environment.remove("AWS_REGION");
    assert_eq!(machine.run(), failed("NoRegion false"));
}

#[test]
fn from_a_named_profile() {
    let mut machine = Machine::bare("from-profile");
    let url = machine.environment.remove("AWS_ENDPOINT_URL").unwrap();
    machine.environment.remove("AWS_REGION");
    machine
        .set(PROFILE, "staging")
        .file(
            "AWS_CONFIG_FILE",
            &format!("[profile staging]\nregion = us-east-1\nendpoint_url = {url}\n"),
        )
        .file(
            "AWS_SHARED_CREDENTIALS_FILE",
            "[staging]\naws_access_key_id = testing\naws_secret_access_key = testing\n",
        );
    assert_eq!(machine.run(), End::Opened);
    assert_eq!(machine.bed.proxy.calls("Decrypt"), 1);
}

#[test]
fn from_a_service_account() {
    let mut machine = Machine::bare("from-service-account");
    machine
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/seal")
        .file("AWS_WEB_IDENTITY_TOKEN_FILE", "a.projected.token");
    assert_eq!(machine.run(), End::Opened);
    let proxy = &machine.bed.proxy;
    assert_eq!(proxy.calls("AssumeRoleWithWebIdentity"), 1);
    assert_eq!((proxy.calls("Encrypt"), proxy.calls("Decrypt")), (1, 1));

    proxy.forget_calls();
    proxy.fail("AssumeRoleWithWebIdentity", Fault::AccessDenied);
    assert_eq!(machine.run(), failed("Credentials(SourceFailed) true"));
    assert_eq!(proxy.calls("Encrypt"), 0);
}

#[test]
fn from_pod_identity() {
    let token = "a.projected.token";
    let agent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = agent.local_addr().unwrap();
    let asked = std::thread::spawn(move || answer_once(&agent));
    let mut machine = Machine::bare("from-pod-identity");
    let url = format!("http://{address}/v1/credentials");
    machine
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)
        .file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token);
    assert_eq!(machine.run(), End::Opened);
    let asked = asked.join().unwrap().to_ascii_lowercase();
    assert!(asked.starts_with("get /v1/credentials "), "{asked}");
    assert!(
        asked.contains(&format!("authorization: {token}")),
        "{asked}"
    );
}

/// The agent of Pod Identity, for one question, which it returns.
fn answer_once(agent: &TcpListener) -> String {
    let (mut stream, _) = agent.accept().unwrap();
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        asked.extend(byte);
    }
    let body = r#"{"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "testing",
        "Expiration": "2099-01-01T00:00:00Z"}"#;
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all((head + body).as_bytes()).unwrap();
    String::from_utf8(asked).unwrap()
}

#[test]
fn from_nowhere() {
    let mut machine = Machine::bare("from-nowhere");
    assert_eq!(machine.run(), failed("Credentials(Missing) false"));
    machine.set(PROFILE, "no-such-profile");
    assert_eq!(machine.run(), failed("Credentials(Missing) false"));
    assert!(machine.bed.proxy.all_calls().is_empty());
}

#[cfg(feature = "workstation")]
#[test]
fn from_a_program_that_a_profile_names() {
    let mut machine = Machine::bare("from-program");
    let answer = r#"{"Version": 1, "AccessKeyId": "testing", "SecretAccessKey": "testing"}"#;
    machine.file("CREDENTIALS", answer);
    let program = format!("/bin/cat {}", machine.environment["CREDENTIALS"]);
    machine.set(PROFILE, "staging").file(
        "AWS_CONFIG_FILE",
        &format!("[profile staging]\ncredential_process = {program}\n"),
    );
    assert_eq!(machine.run(), End::Opened);
}
