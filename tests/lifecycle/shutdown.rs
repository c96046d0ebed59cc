//! SIGTERM: what was begun is finished, the rest waits for the next start.

use std::io::Write as _;
use std::net::TcpStream;

use seal_api::ConditionStatus;
use suite::{Cluster, Controller, PATIENCE};
use testkit::eventually;

const OBJECTS: usize = 60;

#[test]
fn it_ends_in_order_in_the_midst_of_work() {
    let cluster = Cluster::start();
    let mut controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("shutdown");
    for index in 0..OBJECTS {
        let name = format!("object-{index}");
        let plain = namespace.plain(&name).item("a", "1");
        namespace.create(&plain.seal(&certificate));
    }
    assert_eq!(controller.process().stop().unwrap(), "exit status: 0");
    let log = controller.log();
    assert!(log.trim_end().ends_with("stopped"), "{log}");
    assert!(controller.get("/healthz").is_none());

    controller.process_mut().restart().unwrap();
    for index in 0..OBJECTS {
        let name = format!("object-{index}");
        namespace.wait_synced(&name, ConditionStatus::True);
        namespace.wait_secret(&name);
    }
}

#[test]
fn it_ends_at_once_while_it_waits_for_the_api_server() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    cluster.plane().stop_apiserver().unwrap();
    eventually("the loss to be noticed", PATIENCE, || {
        controller.log().contains("is taken up again").then_some(())
    });
    assert_eq!(controller.process().stop().unwrap(), "exit status: 0");
}

#[test]
fn it_ends_at_once_while_it_makes_a_key() {
    let cluster = Cluster::start();
    let controller = Controller::spawn(&cluster, &["--key-size=8192"]);
    assert_eq!(controller.get("/readyz").unwrap().status, 503);
    assert_eq!(controller.process().stop().unwrap(), "exit status: 0");
}

#[test]
fn it_ends_although_a_client_never_completes_its_request() {
    let cluster = Cluster::start();
    let controller = Controller::start(&cluster);
    let address = controller.url("");
    let mut client = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    client
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        .unwrap();
    // Answered after it: the connection above has been accepted.
    assert_eq!(controller.get("/healthz").unwrap().status, 200);
    assert_eq!(controller.process().stop().unwrap(), "exit status: 0");
    drop(client);
}
