//! The proxy makes each fault as a client sees it, and counts right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::aws::{AwsError, Emulator, Fault, FaultProxy, Kind, Kms};
use testkit::eventually;

const MINUTE: Duration = Duration::from_mins(1);

/// An emulator with one symmetric key, and a proxy before it.
struct Bed {
    emulator: Emulator,
    proxy: FaultProxy,
    key: String,
}

impl Bed {
    fn new() -> Self {
        let emulator = Emulator::start(Kind::Moto).unwrap();
        Self {
            proxy: FaultProxy::start(emulator.url()).unwrap(),
            key: emulator.kms().create_symmetric_key().unwrap(),
            emulator,
        }
    }

    fn kms(&self) -> Kms {
        Kms::at(self.proxy.url())
    }

    fn request(&self) -> Value {
        json!({"KeyId": self.key, "Plaintext": "aHVudGVyMg=="})
    }

    /// Encrypts through the proxy.
    fn encrypt(&self) -> Result<Value, AwsError> {
        let answer = self.kms().call("Encrypt", &self.request());
        answer.map_err(|error| error.downcast().unwrap())
    }

    /// The same on a bare connection, up to its end.
    fn encrypt_bare(&self) -> (String, std::io::Result<usize>) {
        let address = self.proxy.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = self.request().to_string();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kms/aws4_request\r\n\
             X-Amz-Target: TrentService.Encrypt\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        let result = stream.read_to_end(&mut answer);
        (String::from_utf8(answer).unwrap(), result)
    }
}

#[test]
fn without_faults_calls_pass_and_are_counted() {
    let bed = Bed::new();
    let sealed = bed.encrypt().unwrap();
    assert_eq!(sealed["KeyId"], bed.key);
    let request = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    for _ in 0..2 {
        let opened = bed.kms().call("Decrypt", &request).unwrap();
        assert_eq!(opened["Plaintext"], "aHVudGVyMg==");
    }
    let (answer, _) = bed.encrypt_bare();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

    assert_eq!(bed.proxy.calls("Decrypt"), 2);
    assert_eq!(bed.proxy.calls("CreateKey"), 0);
    let all = [("Decrypt", 2), ("Encrypt", 2)].map(|(name, calls)| (name.to_owned(), calls));
    assert_eq!(bed.proxy.all_calls(), all.into());
    assert_eq!(bed.proxy.requests("Decrypt"), [request.clone(), request]);
    bed.proxy.forget_calls();
    assert_eq!(bed.proxy.calls("Encrypt"), 0);
}

#[test]
fn refusals_are_what_aws_says() {
    let bed = Bed::new();
    for (fault, status, kind) in [
        (Fault::Throttling, 400, "ThrottlingException"),
        (Fault::InternalError, 500, "KMSInternalException"),
        (Fault::Unavailable, 503, "ServiceUnavailableException"),
        (Fault::AccessDenied, 400, "AccessDeniedException"),
        (Fault::ExpiredToken, 400, "ExpiredTokenException"),
        (Fault::ClockSkew, 400, "InvalidSignatureException"),
    ] {
        bed.proxy.fail_next("Encrypt", 1, fault);
        let refused = bed.encrypt().unwrap_err();
        assert_eq!((refused.status, refused.kind.as_str()), (status, kind));
        bed.encrypt().unwrap();
    }
    assert_eq!(bed.proxy.calls("Encrypt"), 12);
}

#[test]
fn faults_come_in_order_and_end() {
    let bed = Bed::new();
    bed.proxy.fail_next("Encrypt", 2, Fault::Throttling);
    bed.proxy.fail_next("Encrypt", 1, Fault::Unavailable);
    bed.proxy.fail_next("Decrypt", 1, Fault::AccessDenied);
    let seen: Vec<_> = (0..4)
        .map(|_| bed.encrypt().map_or_else(|refused| refused.status, |_| 200))
        .collect();
    assert_eq!(seen, [400, 400, 503, 200]);

    bed.proxy.fail("Encrypt", Fault::ExpiredToken);
    for _ in 0..3 {
        assert_eq!(bed.encrypt().unwrap_err().kind, "ExpiredTokenException");
    }
    bed.proxy.clear();
    bed.encrypt().unwrap();
    // That of Decrypt is forgotten as well.
    let refused = bed
        .kms()
        .call("Decrypt", &json!({"CiphertextBlob": "AAAA"}));
    let refused: AwsError = refused.unwrap_err().downcast().unwrap();
    assert_ne!(refused.kind, "AccessDeniedException");
}

#[test]
fn connections_break() {
    let bed = Bed::new();
    bed.proxy.fail_next("Encrypt", 1, Fault::Reset);
    let (answer, result) = bed.encrypt_bare();
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(answer, "");

    bed.proxy.fail_next("Encrypt", 1, Fault::Truncated);
    let (answer, result) = bed.encrypt_bare();
    result.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < length, "{answer}");

    for fault in [Fault::Reset, Fault::Truncated] {
        bed.proxy.fail_next("Encrypt", 1, fault);
        let error = bed.kms().call("Encrypt", &bed.request()).unwrap_err();
        assert!(!error.is::<AwsError>(), "{error:#}");
    }
    bed.encrypt().unwrap();
    assert_eq!(bed.proxy.calls("Encrypt"), 5);
}

#[test]
fn a_stalled_call_goes_on_when_the_fault_is_cleared() {
    let bed = Bed::new();
    bed.proxy.fail_next("Encrypt", 1, Fault::Stall);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| sender.send(bed.encrypt()).unwrap());
        eventually("the call to arrive", MINUTE, || {
            (bed.proxy.calls("Encrypt") == 1).then_some(())
        });
        // Others pass by it.
        bed.encrypt().unwrap();
        receiver.try_recv().unwrap_err();
        bed.proxy.clear();
        receiver.recv_timeout(MINUTE).unwrap().unwrap();
    });
}

#[test]
fn one_key_is_forbidden_by_any_name() {
    let bed = Bed::new();
    let kms = bed.kms();
    let direct = bed.emulator.kms();
    let alias = direct.create_alias("seal", &bed.key).unwrap();
    let other = direct.create_symmetric_key().unwrap();
    let sealed = bed.encrypt().unwrap();
    bed.proxy.deny_key(&bed.key);

    let id = bed.key.rsplit('/').next().unwrap();
    for key in [bed.key.as_str(), id, "alias/seal", &alias] {
        let request = json!({"KeyId": key, "Plaintext": "AAAA"});
        let refused = kms.call("Encrypt", &request).unwrap_err();
        let refused: AwsError = refused.downcast().unwrap();
        assert_eq!(refused.kind, "AccessDeniedException", "{key}");
        assert!(refused.message.contains(&bed.key), "{refused}");
    }
    let request = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    let refused = kms.call("Decrypt", &request).unwrap_err();
    let refused: AwsError = refused.downcast().unwrap();
    assert_eq!(refused.kind, "AccessDeniedException");

    let request = json!({"KeyId": other, "Plaintext": "AAAA"});
    kms.call("Encrypt", &request).unwrap();
    bed.proxy.clear();
    bed.encrypt().unwrap();
}

#[test]
fn what_only_aws_refuses() {
    let bed = Bed::new();
    let sealed = bed.encrypt().unwrap();
    let other = bed.emulator.kms().create_symmetric_key().unwrap();
    let request = json!({"KeyId": other, "CiphertextBlob": sealed["CiphertextBlob"]});
    let abroad = bed.kms().in_region("eu-west-1");
    for (kms, operation, request, kind) in [
        (bed.kms(), "Decrypt", request, "IncorrectKeyException"),
        (abroad, "Encrypt", bed.request(), "NotFoundException"),
    ] {
        let refused = kms.call(operation, &request).unwrap_err();
        let refused: AwsError = refused.downcast().unwrap();
        assert_eq!(refused.kind, kind, "{operation}");
    }
}

#[test]
fn it_ends_when_it_is_dropped() {
    let bed = Bed::new();
    bed.proxy.fail("Encrypt", Fault::Stall);
    let url = bed.proxy.url().to_owned();
    let request = bed.request();
    let client = std::thread::spawn(move || Kms::at(&url).call("Encrypt", &request));
    eventually("the call to arrive", MINUTE, || {
        (bed.proxy.calls("Encrypt") == 1).then_some(())
    });
    let address = bed.proxy.url().strip_prefix("http://").unwrap().to_owned();
    drop(bed.proxy);
    TcpStream::connect(address).unwrap_err();
    let error = client.join().unwrap().unwrap_err();
    assert!(!error.is::<AwsError>(), "{error:#}");
}
