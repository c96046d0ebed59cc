//! moto's STS behind a proxy, and a cluster's tokens.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_identity::{
    Base, Identities, IdentitiesOptions, Identity, IdentityError, ServiceAccount,
    StaticCredentials, TokenFault, TokenSource,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use testkit::aws::{Emulator, FaultProxy, Kind, REGION};
use zeroize::Zeroizing;

pub(crate) const READER: &str = "arn:aws:iam::123456789012:role/reader";

/// moto takes anything that looks like a token.
pub(crate) const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyZWFkZXIifQ.";

/// One for all tests: STS keeps nothing that they could see of each other.
pub(crate) static MOTO: LazyLock<Emulator> = LazyLock::new(|| Emulator::start(Kind::Moto).unwrap());

pub(crate) struct Bed {
    pub(crate) identities: Identities,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) proxy: FaultProxy,
    pub(crate) emulator: &'static Emulator,
}

impl Bed {
    pub(crate) fn start() -> Self {
        let emulator = &*MOTO;
        let proxy = FaultProxy::start(emulator.url()).unwrap();
        let tokens = Arc::new(Tokens::default());
        let options = IdentitiesOptions {
            sts_endpoint: Some(proxy.url().to_owned()),
            attempt_timeout: Duration::from_secs(2),
            ..IdentitiesOptions::default()
        };
        Self {
            identities: Identities::new(options, Arc::clone(&tokens) as Arc<dyn TokenSource>),
            tokens,
            proxy,
            emulator,
        }
    }

    /// The id of the access key that the identity has now.
    pub(crate) async fn key_id(&self, identity: &Identity) -> Result<String, IdentityError> {
        self.identities.check(identity, REGION).await?;
        let provider = self.identities.provider(identity, REGION);
        let credentials = provider.provide_credentials().await.unwrap();
        Ok(credentials.access_key_id().to_owned())
    }

    /// Waits until so many calls have come.
    pub(crate) async fn calls(&self, operation: &str, count: usize) {
        while self.proxy.calls(operation) < count {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn until_other_than(&self, id: &str, identity: &Identity) -> String {
        loop {
            let now = self.key_id(identity).await.unwrap();
            if now != id {
                return now;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// That much later, at once: calls that are under way do not notice.
pub(crate) async fn later(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

pub(crate) fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

pub(crate) fn keys() -> StaticCredentials {
    StaticCredentials {
        access_key_id: "AKIATESTING".to_owned(),
        secret_access_key: "canary-key".to_owned().into(),
        session_token: None,
    }
}

pub(crate) fn web_identity() -> Identity {
    Identity::of(Base::WebIdentity {
        role_arn: READER.to_owned(),
        account: ServiceAccount {
            namespace: "team-a".to_owned(),
            name: "reader".to_owned(),
        },
        audiences: vec!["sts.amazonaws.com".to_owned(), "more".to_owned()],
    })
}

type Question = (String, Vec<String>);

/// What it was asked for, and what it refuses with.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<(Vec<Question>, Option<TokenFault>)>);

impl Tokens {
    pub(crate) fn asked(&self) -> usize {
        self.0.lock().unwrap().0.len()
    }

    pub(crate) fn last(&self) -> Question {
        self.0.lock().unwrap().0.last().unwrap().clone()
    }

    pub(crate) fn refuse(&self, fault: TokenFault) {
        self.0.lock().unwrap().1 = Some(fault);
    }
}

impl TokenSource for Tokens {
    fn token<'a>(
        &'a self,
        account: &'a ServiceAccount,
        audiences: &'a [String],
    ) -> BoxFuture<'a, Result<Zeroizing<String>, TokenFault>> {
        let mut state = self.0.lock().unwrap();
        state.0.push((account.to_string(), audiences.to_vec()));
        let answer = match &state.1 {
            Some(fault) => Err(fault.clone()),
            None => Ok(Zeroizing::new(TOKEN.to_owned())),
        };
        async move { answer }.boxed()
    }
}

/// For identities that have no service account: nobody asks it.
pub(crate) struct NoTokens;

impl TokenSource for NoTokens {
    fn token<'a>(
        &'a self,
        _: &'a ServiceAccount,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<Zeroizing<String>, TokenFault>> {
        panic!("nobody has a service account here")
    }
}
