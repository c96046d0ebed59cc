//! The credentials of all identities.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_edge::{CallFault, CredentialsFault, SourceFault};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::error::{IdentityError, IdentityFault};
use crate::identity::{AssumedRole, Base, Identity, ServiceAccount};
use crate::options::IdentitiesOptions;
use crate::session::{Asked, Grant, Granted, Refusal, Session};
use crate::sts::Sts;
use crate::token::TokenSource;

/// How often unused credentials are looked for, if any are asked for at all.
const SWEEP: Duration = Duration::from_mins(5);

/// Credentials of all identities. Clones are one.
///
/// Everybody who asks as one identity in one region shares its credentials, and so do identities whose chains
/// of roles begin the same way. AWS STS is asked in the region of the store: what one region cannot do does
/// not harm others.
#[derive(Clone)]
pub struct Identities(Arc<Inner>);

struct Inner {
    options: IdentitiesOptions,
    tokens: Arc<dyn TokenSource>,
    regions: Mutex<Regions>,
}

struct Regions {
    known: HashMap<String, Region>,
    next_sweep: Instant,
}

struct Region {
    sts: Arc<Sts>,
    sessions: HashMap<Identity, Arc<Session>>,
}

impl Identities {
    /// None yet. Nothing is read or called before the first use.
    pub fn new(options: IdentitiesOptions, tokens: Arc<dyn TokenSource>) -> Self {
        Self(Arc::new(Inner {
            options,
            tokens,
            regions: Mutex::new(Regions {
                known: HashMap::new(),
                next_sweep: Instant::now() + SWEEP,
            }),
        }))
    }

    /// The identity's credentials for the SDK, always current: a client that has them needs no cache of its
    /// own. When there are none, the call that wanted them fails with
    /// [`CredentialsFault::Source`], which says which step failed.
    pub fn provider(&self, identity: &Identity, region: &str) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Provider {
            identities: self.clone(),
            identity: Arc::new(identity.clone()),
            region: region.into(),
        })
    }

    /// Whether there are credentials for the identity: AWS STS is asked unless that is known.
    pub async fn check(&self, identity: &Identity, region: &str) -> Result<(), IdentityError> {
        self.credentials(identity, region).await.map(drop)
    }

    /// AWS says that the identity's credentials have expired: the next call gets new ones. Those that are but
    /// a few seconds old stay.
    pub fn forget(&self, identity: &Identity) {
        for region in self.0.regions().known.values() {
            if let Some(session) = region.sessions.get(identity) {
                session.forget();
            }
        }
    }

    /// How many identities have credentials, or are about to: for metrics.
    pub fn held(&self) -> usize {
        let regions = self.0.regions();
        let regions = regions.known.values();
        regions.map(|region| region.sessions.len()).sum()
    }

    fn credentials<'a>(
        &'a self,
        identity: &'a Identity,
        region: &'a str,
    ) -> BoxFuture<'a, Granted> {
        async move {
            if let Some(keys) = identity.keys() {
                return Ok(keys.to_sdk());
            }
            let (session, sts) = self.0.session(identity, region);
            let ask = || self.ask(identity, region, sts);
            session.credentials(ask).await
        }
        .boxed()
    }

    /// The last step of the chain.
    fn ask(&self, identity: &Identity, region: &str, sts: Arc<Sts>) -> Asked {
        let identities = self.clone();
        match (identity.parent(), identity.base.clone()) {
            (Some((parent, role)), _) => {
                let region = region.to_owned();
                async move { identities.assume(&sts, &parent, &role, &region).await }.boxed()
            }
            (None, Base::Process) => async move { sts.process().await.map_err(own) }.boxed(),
            (None, Base::Static(keys)) => {
                let credentials = keys.to_sdk();
                let lifetime = None;
                async move {
                    Ok(Grant {
                        credentials,
                        lifetime,
                    })
                }
                .boxed()
            }
            (
                None,
                Base::WebIdentity {
                    role_arn,
                    account,
                    audiences,
                },
            ) => async move {
                identities
                    .exchange(&sts, &role_arn, &account, &audiences)
                    .await
                    .map_err(own)
            }
            .boxed(),
        }
    }

    async fn assume(
        &self,
        sts: &Sts,
        parent: &Identity,
        role: &AssumedRole,
        region: &str,
    ) -> Result<Grant, Refusal> {
        let credentials = self.credentials(parent, region).await;
        let credentials = credentials.map_err(|error| Refusal {
            error,
            is_parents: true,
        })?;
        let granted = sts.assume_role(credentials, role).await;
        if let Err(error) = &granted
            && let IdentityFault::Call(CallFault::Credentials(fault)) = &error.fault
            && matches!(fault, CredentialsFault::Expired | CredentialsFault::Refused)
        {
            self.forget(parent);
        }
        granted.map_err(own)
    }

    async fn exchange(
        &self,
        sts: &Sts,
        role_arn: &str,
        account: &ServiceAccount,
        audiences: &[String],
    ) -> Result<Grant, IdentityError> {
        let asked = self.0.tokens.token(account, audiences);
        let token = match tokio::time::timeout(self.0.options.attempt_timeout, asked).await {
            Ok(Ok(token)) => token,
            Ok(Err(fault)) => return Err(IdentityError::no_token(account, fault)),
            Err(_) => return Err(IdentityError::late_token(account)),
        };
        sts.assume_role_with_web_identity(role_arn, account, &token)
            .await
    }
}

impl Inner {
    fn session(&self, identity: &Identity, region: &str) -> (Arc<Session>, Arc<Sts>) {
        let mut regions = self.regions();
        regions.sweep(self.options.idle);
        let of_region = regions
            .known
            .entry(region.to_owned())
            .or_insert_with(|| Region {
                sts: Arc::new(Sts::new(region, &self.options)),
                sessions: HashMap::new(),
            });
        let session = if let Some(session) = of_region.sessions.get(identity) {
            Arc::clone(session)
        } else {
            let session = Session::new(seed(identity));
            let kept = Arc::clone(&session);
            of_region.sessions.insert(identity.clone(), kept);
            session
        };
        (session, Arc::clone(&of_region.sts))
    }

    fn regions(&self) -> MutexGuard<'_, Regions> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Regions {
    /// Lets go of what nobody used for so long.
    fn sweep(&mut self, idle: Duration) {
        let now = Instant::now();
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now + SWEEP;
        self.known.retain(|_, region| {
            region.sessions.retain(|_, session| session.is_used(idle));
            !region.sessions.is_empty()
        });
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Identities")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

/// One identity's credentials, as the SDK asks for them.
#[derive(Debug)]
struct Provider {
    identities: Identities,
    identity: Arc<Identity>,
    region: Arc<str>,
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let granted = self.identities.credentials(&self.identity, &self.region);
        future::ProvideCredentials::new(async move {
            granted
                .await
                .map_err(|error| CredentialsError::from(SourceFault::from(error)))
        })
    }
}

fn own(error: IdentityError) -> Refusal {
    Refusal {
        error,
        is_parents: false,
    }
}

fn seed(identity: &Identity) -> u32 {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    (hasher.finish() >> 32) as u32
}
