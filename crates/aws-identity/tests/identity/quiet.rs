//! No credentials reach a log, whatever its level.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_identity::{AssumedRole, Base, Identities, IdentitiesOptions, Identity, StaticCredentials};
use testkit::aws::{Fault, REGION};
use tracing_subscriber::filter::LevelFilter;

use crate::bed::{Bed, NoTokens, TOKEN, keys, later, role, web_identity};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_credentials_are_logged_at_the_finest_level() {
    let bed = Bed::start();
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

    let mut secrets = vec![TOKEN.to_owned(), "canary".to_owned()];
    let assumed = Identity {
        role: Some(AssumedRole::of(role("reader"))),
        // Signed calls have it in a header.
        ..Identity::of(Base::Static(StaticCredentials {
            session_token: Some("canary-token".to_owned().into()),
            ..keys()
        }))
    };
    let mut printed = String::new();
    for identity in [web_identity(), assumed] {
        for fault in [Fault::Truncated, Fault::AccessDenied] {
            bed.proxy.fail_next("AssumeRole", 2, fault);
            bed.proxy.fail_next("AssumeRoleWithWebIdentity", 2, fault);
            let answer = bed.key_id(&identity).await;
            write!(printed, "{answer:?}").unwrap();
            bed.proxy.clear();
            later(Duration::from_mins(5)).await;
        }
        let provider = bed.identities.provider(&identity, REGION);
        let credentials = provider.provide_credentials().await.unwrap();
        secrets.push(credentials.secret_access_key().to_owned());
        secrets.push(credentials.session_token().unwrap().to_owned());
        // Here the SDK's error holds the whole request.
        let options = IdentitiesOptions {
            sts_endpoint: Some("not a url".to_owned()),
            ..IdentitiesOptions::default()
        };
        let nowhere = Identities::new(options, Arc::new(NoTokens));
        if identity.role.is_some() {
            let error = nowhere.check(&identity, REGION).await.unwrap_err();
            write!(printed, "{error} {error:?} {provider:?} {nowhere:?}").unwrap();
        }
    }
    drop(listening);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("listening"));
    // The SDK says nothing at all, whatever its next version leaves out.
    assert!(!logged.contains("AssumeRole"), "{logged}");
    assert!(printed.contains("the call could not be made"), "{printed}");
    for secret in secrets {
        assert!(!(logged.clone() + &printed).contains(&secret), "{secret}");
    }
}
