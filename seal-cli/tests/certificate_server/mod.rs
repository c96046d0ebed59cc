//! A web server with one certificate, the mishaps that web servers have, and as much of an API
//! server as `seal` asks for.

mod controller;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use controller::Kind;

const SERVICES: &str = "/api/v1/namespaces/";

/// A certificate for a key in AWS KMS. It is that of the other certificate.
const IN_KMS: &[u8] = include_bytes!("../../../tests/vectors/certificates/kms-rsa-2048.pem");

/// What our controller says where Sealed Secrets' says nothing.
const REASON: &str = "the SealedSecret does not open with the keys of this controller\n";

/// A status line, headers and a body.
struct Answer {
    status: &'static str,
    headers: &'static str,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let headers = "";
        let body = body.into();
        Self {
            status,
            headers,
            body,
        }
    }
}

/// Serves until the test process ends; gives `http://address:port`.
///
/// `/cert.pem` is the certificate, `/moved` a redirect to it, `/kms.pem` one for a key in KMS, `/page` a
/// web page; everything else is not found. Asked as a proxy it answers the same, whatever the host.
///
/// As an API server it knows the Service `sealed-secrets-controller` in `kube-system`, `unnamed`
/// (whose port has no name) in `sealing`, `in-kms`, and the mishaps `forbidden`, `unauthorized`, `down` (its
/// pod does not answer) and `closed` (its proxy is forbidden). Behind the first is a controller that
/// verifies and rotates; `ours` says why it does not; `busy` does so when it is asked for the second time, `rendering`, `forgetful` and
/// `widening` do it as they should not, and `in-kms` not at all.
pub(crate) fn start(certificate: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that went away is the client's business.
            let _ = serve(stream, &certificate);
        }
    });
    url
}

fn serve(mut stream: TcpStream, certificate: &[u8]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        let lower = header.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        header.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = request.split(' ');
    let is_post = words.next() == Some("POST");
    let target = words.next().unwrap_or_default();
    let path = match target.strip_prefix("http://") {
        Some(proxied) => proxied.find('/').map_or("/", |slash| &proxied[slash..]),
        None => target,
    };
    // Go's programs tell the server how long they wait.
    let path = path.split('?').next().unwrap_or_default();
    let answer = match path.strip_prefix(SERVICES) {
        Some(service) => match posted(service, &body) {
            // As our controller does; Sealed Secrets' looks at no method.
            Some(_) if !is_post => Answer::new("405 Method Not Allowed", ""),
            Some(answer) => answer,
            None => api(service, certificate),
        },
        None => page(path, certificate),
    };
    write!(
        stream,
        "HTTP/1.1 {}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.headers,
        answer.body.len()
    )?;
    stream.write_all(&answer.body)
}

fn page(path: &str, certificate: &[u8]) -> Answer {
    match path {
        "/cert.pem" => Answer::new("200 OK", certificate),
        "/moved" => Answer {
            headers: "Location: /cert.pem\r\n",
            ..Answer::new("302 Found", "")
        },
        "/kms.pem" => Answer::new("200 OK", IN_KMS),
        "/page" => Answer::new("200 OK", "<html>Log in</html>"),
        _ => Answer::new("404 Not Found", "not here"),
    }
}

/// `path` begins with the namespace.
fn api(path: &str, certificate: &[u8]) -> Answer {
    let answer = match path {
        "kube-system/services/sealed-secrets-controller"
        | "kube-system/services/busy"
        | "kube-system/services/closed"
        | "kube-system/services/forgetful"
        | "kube-system/services/in-kms"
        | "kube-system/services/ours"
        | "kube-system/services/rendering"
        | "kube-system/services/widening"
        | "kube-system/services/down" => service(r#"{"name":"http","port":8080}"#),
        "sealing/services/unnamed" => service(r#"{"port":8080}"#),
        "kube-system/services/http:sealed-secrets-controller:http/proxy/v1/cert.pem"
        | "sealing/services/http:unnamed:/proxy/v1/cert.pem" => Answer::new("200 OK", certificate),
        "kube-system/services/http:in-kms:http/proxy/v1/cert.pem" => Answer::new("200 OK", IN_KMS),
        path if path.starts_with("kube-system/services/http:down:http/proxy/") => {
            failure("503 Service Unavailable", "ServiceUnavailable", 503)
        }
        "kube-system/services/forbidden" => failure("403 Forbidden", "Forbidden", 403),
        path if path.starts_with("kube-system/services/http:closed:http/proxy/") => {
            failure("403 Forbidden", "Forbidden", 403)
        }
        "kube-system/services/unauthorized" => failure("401 Unauthorized", "Unauthorized", 401),
        _ => failure("404 Not Found", "NotFound", 404),
    };
    Answer {
        headers: "Content-Type: application/json\r\n",
        ..answer
    }
}

/// The endpoints that SealedSecrets are posted to.
fn posted(path: &str, body: &[u8]) -> Option<Answer> {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let (name, endpoint) = path
        .strip_prefix("kube-system/services/http:")?
        .split_once(":http/proxy/v1/")?;
    let kind = match name {
        "busy" if !ASKED.fetch_xor(true, Ordering::Relaxed) => {
            let headers = "Retry-After: 0\r\n";
            return Some(Answer {
                headers,
                ..Answer::new("429 Too Many Requests", "limit exceeded\n")
            });
        }
        "sealed-secrets-controller" | "busy" | "ours" => Kind::Sound,
        "rendering" => Kind::Rendering,
        "forgetful" => Kind::Forgetful,
        "widening" => Kind::Widening,
        "in-kms" if endpoint != "cert.pem" => {
            return Some(Answer::new("404 Not Found", "404 page not found\n"));
        }
        _ => return None,
    };
    match endpoint {
        "verify" => Some(Answer::new(controller::verify(body), "")),
        "rotate" => Some(match controller::rotate(body, kind) {
            Some(rotated) => Answer::new("200 OK", rotated),
            None if name == "ours" => Answer {
                headers: "X-RateLimit-Limit: 3\r\n",
                ..Answer::new("500 Internal Server Error", REASON)
            },
            None => Answer::new("500 Internal Server Error", ""),
        }),
        _ => None,
    }
}

fn service(port: &str) -> Answer {
    let body = format!(
        r#"{{"kind":"Service","apiVersion":"v1","metadata":{{"name":"s"}},"spec":{{"ports":[{port}]}}}}"#
    );
    Answer::new("200 OK", body)
}

fn failure(status: &'static str, reason: &str, code: u16) -> Answer {
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{reason}","reason":"{reason}","code":{code}}}"#
    );
    Answer::new(status, body)
}
