//! The agent of EKS Pod Identity on a node, which pods ask for credentials by HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Gives the next credentials at each question: `ASIAPOD1`, `ASIAPOD2`, and so on.
pub struct PodIdentityAgent {
    url: String,
    /// The heads of all requests.
    asked: Arc<Mutex<Vec<String>>>,
}

impl PodIdentityAgent {
    /// The credentials are valid this long. The SDK asks again ten seconds before they expire.
    pub fn start(valid: SignedDuration) -> Self {
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
    pub fn variables(&self, token: &Path) -> [(&'static str, String); 2] {
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.url.clone()),
            (
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                token.display().to_string(),
            ),
        ]
    }

    /// The tokens that it was shown.
    pub fn tokens(&self) -> Vec<String> {
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
