//! Bodies that do not come to an end: a client keeps a few places with them, and not for long.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use suite::{Answer, Cluster, Controller, post};

const PATHS: [&str; 2] = ["/v1/verify", "/v1/rotate"];

/// What a server says when it begins to read a body.
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// A request whose body begins, and then nothing comes. It has its place when this returns: a request that asks
/// whether there is one more would otherwise take it for a moment, and this one be sent away.
fn stalled(controller: &Controller, client: &str, path: &str) -> TcpStream {
    let url = controller.url("");
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: {client}\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut begun = [0; CONTINUE.len()];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(str::from_utf8(&begun), Ok(CONTINUE));
    stream.write_all(b"{").unwrap();
    stream
}

/// As many as one client may have.
fn four(controller: &Controller, client: &str) -> Vec<TcpStream> {
    let paths = PATHS.iter().chain(&PATHS);
    paths
        .map(|path| stalled(controller, client, path))
        .collect()
}

fn asked(controller: &Controller, client: &str) -> Answer {
    post(&controller.url("/v1/rotate"), client, "no SealedSecret").unwrap()
}

/// Asks as a client that has room otherwise, and is told to come later.
fn assert_busy(controller: &Controller, client: &str) {
    let busy = asked(controller, client);
    let text = "too many requests at the same time; try again in a moment\n";
    assert_eq!((busy.status, busy.body.as_str()), (503, text));
    assert_eq!(busy.headers["retry-after"], "1");
}

#[test]
fn stalled_bodies_leave_room_for_others_and_end() {
    let cluster = Cluster::start();
    let limits = ["--rate-limit=1000", "--rate-limit-burst=1000"];
    let args = [&["--key-size=2048"][..], &limits].concat();
    let controller = Controller::start_with(&cluster, &args);
    let mut open = four(&controller, "10.0.0.1");
    assert_busy(&controller, "10.0.0.1");
    // With a header of one's own one stays who one is.
    assert_eq!(asked(&controller, "10.9.9.9, 10.0.0.1").status, 503);
    assert_eq!(asked(&controller, "10.0.0.2").status, 500);
    for client in ["10.0.0.2", "10.0.0.3", "10.0.0.4"] {
        open.extend(four(&controller, client));
    }
    assert_busy(&controller, "10.0.0.5");
    assert_eq!(controller.get("/healthz").unwrap().status, 200);
    for mut stream in open {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        let text = "the body did not arrive in full and in time\n";
        assert!(answer.ends_with(text), "{answer}");
    }
    for client in ["10.0.0.1", "10.0.0.5"] {
        assert_eq!(asked(&controller, client).status, 500, "{client}");
    }
}
