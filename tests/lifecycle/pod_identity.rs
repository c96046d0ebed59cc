//! The controller with credentials from EKS Pod Identity: an agent on the node, asked by HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use seal_api::ConditionStatus;
use serde_json::json;
use suite::{Cluster, Controller, KmsReader, Namespace};
use testkit::aws::Kms;

use crate::cloud_keys::{Aws, SMALL};

/// Gives the next credentials at each question: `ASIAPOD1`, `ASIAPOD2`, and so on.
struct Agent {
    url: String,
    /// The heads of all requests.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Agent {
    /// The credentials are valid this long. The SDK asks again ten seconds before they expire.
    fn start(valid: SignedDuration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/credentials", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.extend(byte);
                }
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(String::from_utf8(head).unwrap());
                    log.len()
                };
                let body = json!({
                    "AccessKeyId": format!("ASIAPOD{number}"), "SecretAccessKey": "marker-in-key",
                    "Token": "marker-in-session", "AccountId": "123456789012",
                    "Expiration": (Timestamp::now() + valid).to_string(),
                })
                .to_string();
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n"
                );
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { url, asked }
    }

    /// As the webhook of EKS sets them for a service account with an association.
    fn variables(&self, aws: &Aws, token: &Path) -> Vec<(&'static str, String)> {
        let mut variables = aws.variables().to_vec();
        variables.retain(|(name, _)| !name.contains("ACCESS_KEY"));
        variables.extend([
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.url.clone()),
            (
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                token.display().to_string(),
            ),
        ]);
        variables
    }

    /// The tokens that it was shown.
    fn tokens(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let token = |head: &String| {
            assert!(head.starts_with("GET /v1/credentials "), "{head}");
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut authorization =
                lines.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            authorization.next().map(|(_, token)| token.to_owned())
        };
        asked.iter().filter_map(token).collect()
    }
}

fn opens(namespace: &Namespace<'_>, name: &str, reader: &KmsReader) {
    let plain = namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain.seal_se1(&[reader]));
    namespace.wait_synced(name, ConditionStatus::True);
    let secret: Secret = namespace.wait_secret(name);
    assert_eq!(
        suite::data(&secret),
        suite::text(&[("password", "hunter2")])
    );
}

#[test]
fn an_association_is_enough() {
    let (aws, agent) = (Aws::start(), Agent::start(SignedDuration::from_hours(6)));
    let reader = KmsReader::make(Kms::at(aws.emulator.url()));
    let cluster = Cluster::start();
    let token = cluster.plane().dir().join("eks-pod-identity-token");
    std::fs::write(&token, "marker-in-token").unwrap();
    let allowed = format!("--kms-key={}", reader.arn);
    let wrap = format!("--wrap-keys-with=kms:{}", aws.arn);
    let args = [SMALL, &allowed, &wrap, "--log-level=DEBUG"];
    let controller = Controller::start_in(&cluster, &args, &agent.variables(&aws, &token));
    let namespace = cluster.namespace("association");
    opens(&namespace, "db", &reader);

    // Its own key was wrapped and opened, then the value.
    let keys = aws.proxy.access_keys("Encrypt");
    assert!(!keys.is_empty());
    let keys = [keys, aws.proxy.access_keys("Decrypt")].concat();
    assert!(keys.len() >= 3, "{keys:?}");
    assert!(
        keys.iter().all(|key| key.starts_with("ASIAPOD")),
        "{keys:?}"
    );
    let tokens = agent.tokens();
    assert!(!tokens.is_empty() && tokens.iter().all(|token| token == "marker-in-token"));
    let log = controller.log();
    for secret in ["marker-in-token", "marker-in-key", "marker-in-session"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn credentials_that_expire_are_fetched_with_the_token_of_that_time() {
    // Too short to be kept: each call asks for new ones.
    let (aws, agent) = (Aws::start(), Agent::start(SignedDuration::from_secs(5)));
    let reader = KmsReader::make(Kms::at(aws.emulator.url()));
    let cluster = Cluster::start();
    let token = cluster.plane().dir().join("eks-pod-identity-token");
    std::fs::write(&token, "first").unwrap();
    let allowed = format!("--kms-key={}", reader.arn);
    let _controller =
        Controller::start_in(&cluster, &[SMALL, &allowed], &agent.variables(&aws, &token));
    let namespace = cluster.namespace("expiry");
    opens(&namespace, "early", &reader);
    // As the kubelet does it.
    std::fs::write(&token, "second").unwrap();
    opens(&namespace, "late", &reader);
    let tokens = agent.tokens();
    assert_eq!(tokens.first().map(String::as_str), Some("first"));
    assert_eq!(tokens.last().map(String::as_str), Some("second"));
    let keys = aws.proxy.access_keys("Decrypt");
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}
