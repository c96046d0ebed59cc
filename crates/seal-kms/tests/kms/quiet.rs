//! Nothing of a data key reaches a log, whatever its level.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use seal_kms::{Kms, KmsOptions};
use testkit::aws::Fault;
use tracing_subscriber::filter::LevelFilter;

use crate::bed::{Bed, DATA_KEY, MOTO, context};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_of_a_data_key_is_logged_at_the_finest_level() {
    let bed = Bed::on(&MOTO);
    let kms = bed.kms();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // The test's runtime has one thread, which also drives the connections.
    let listening = tracing::subscriber::set_default(subscriber);
    tracing::info!("listening");
    let (key, blob) = bed.wrapped(&kms).await;
    assert!(kms.unwrap(&key, &context(), &blob).await.is_ok());
    bed.proxy.fail_next("Decrypt", 1, Fault::Truncated);
    let error = kms.unwrap(&key, &context(), &blob).await.unwrap_err();
    // Here the SDK's error holds the whole request.
    let nowhere = Kms::new(KmsOptions {
        endpoint: Some("not a url".into()),
        ..bed.options()
    });
    let wrapped = nowhere.wrap(&key.into(), &context(), DATA_KEY).await;
    drop(listening);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("listening"));
    let printed = format!("{logged} {error} {error:?} {wrapped:?} {kms:?}");
    // As it is, and the beginning of its base64.
    for secret in [&DATA_KEY[9..], b"c2VhbC9zZTEtdGhlLWRhdGE", b"testing"] {
        let secret = std::str::from_utf8(secret).unwrap();
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
