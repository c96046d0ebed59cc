//! A clock that is ten minutes off, as AWS tells it: it refuses the signature, and says what time it is.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use aws_edge::{CallFault, CredentialsFault};
use aws_identity::{AssumedRole, Base, Identities, IdentitiesOptions, Identity};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use secrets_manager::{SecretsFault, SecretsManager, SecretsOptions, Version};
use testkit::aws::REGION;

use crate::bed::{NoTokens, keys};

/// AWS ten minutes ahead of us, for these answers (status and body); then the times that the requests were
/// signed for.
fn aws(answers: [(u16, &'static str); 2]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let signed = answers.map(move |(status, body)| (listener.try_clone().unwrap(), status, body));
    let signed = std::thread::spawn(move || {
        signed
            .into_iter()
            .map(|(listener, status, body)| answer(&listener, status, body))
            .collect()
    });
    (url, signed)
}

fn answer(listener: &TcpListener, status: u16, body: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let field = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().to_owned()
    };
    let length: usize = field("content-length:").parse().unwrap();
    stream.read_exact(&mut vec![0; length]).unwrap();
    let date = text(ahead(10), Format::HttpDate);
    let answer = format!(
        "HTTP/1.1 {status} .\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).unwrap();
    field("x-amz-date:")
}

fn ahead(minutes: u64) -> SystemTime {
    SystemTime::now() + Duration::from_mins(minutes)
}

fn text(time: SystemTime, format: Format) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seconds = i64::try_from(seconds.as_secs()).unwrap();
    DateTime::from_secs(seconds).fmt(format).unwrap()
}

/// The first is signed for our time, the second for that of AWS.
fn assert_corrected(signed: &[String]) {
    // As signatures write it: these order like times.
    let limit = text(ahead(5), Format::DateTime).replace(['-', ':'], "");
    let limit = limit.to_ascii_lowercase();
    assert!(signed[0] < limit && limit < signed[1], "{signed:?} {limit}");
}

#[tokio::test]
async fn sts_is_asked_again_with_its_own_time() {
    let (url, signed) = aws([
        (
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>\
             <Message>Signature expired</Message></Error></ErrorResponse>",
        ),
        (
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIATESTING</AccessKeyId><SecretAccessKey>x</SecretAccessKey>\
             <SessionToken>y</SessionToken><Expiration>2026-01-01T00:00:00Z</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>",
        ),
    ]);
    let options = IdentitiesOptions {
        sts_endpoint: Some(url),
        ..IdentitiesOptions::default()
    };
    let identities = Identities::new(options, Arc::new(NoTokens));
    let identity = Identity {
        role: Some(AssumedRole::of("arn:aws:iam::123456789012:role/reader")),
        ..Identity::of(Base::Static(keys()))
    };
    for _ in 0..2 {
        // Though they have expired by our clock, they are used as long as AWS gave them for.
        identities.check(&identity, REGION).await.unwrap();
    }
    assert_corrected(&signed.join().unwrap());
}

/// Its calls are made once: the one after the first has the time that the first brought.
#[tokio::test]
async fn secrets_manager_is_asked_with_its_own_time_after_the_first_call() {
    let (url, signed) = aws([
        (
            400,
            r#"{"__type": "InvalidSignatureException", "message": "Signature expired"}"#,
        ),
        (
            200,
            r#"{"Name": "db", "ARN": "a", "VersionId": "v", "SecretString": "x"}"#,
        ),
    ]);
    let identities = Identities::new(IdentitiesOptions::default(), Arc::new(NoTokens));
    let manager = SecretsManager::new(SecretsOptions {
        endpoint: Some(url),
        credentials: Some(identities.provider(&Identity::of(Base::Static(keys())), REGION)),
        ..SecretsOptions::new(REGION)
    });
    let read = async || manager.value("db", &Version::default()).await.map(drop);
    assert_eq!(
        read().await.unwrap_err().fault,
        SecretsFault::Call(CallFault::Credentials(CredentialsFault::Refused))
    );
    read().await.unwrap();
    assert_corrected(&signed.join().unwrap());
}
