//! The calls to AWS STS in one region.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_edge::{CallFault, CredentialsFault, SdkError, answered, classify, http_client, muted};
use aws_sdk_sts::config::{Builder, IdentityCache, Region};
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_sdk_sts::types::{Credentials as Given, Tag};
use aws_sdk_sts::{Client, Config};
use tokio::sync::{OnceCell, Semaphore};
use zeroize::Zeroizing;

use crate::SESSION_NAME;
use crate::error::{IdentityError, Step};
use crate::identity::{AssumedRole, ServiceAccount};
use crate::options::IdentitiesOptions;
use crate::session::Grant;

/// What CloudTrail shows of the program (contract §6.1).
const APP_NAME: &str = "external-secrets";

/// A second one is for what the SDK learns from the first: that the clock is wrong.
const ATTEMPTS: u32 = 2;

/// Calls at the same time: a start with a thousand identities does not come all at once.
const CALLS: usize = 16;

/// AWS STS in one region. Nothing is read or called before the first use.
pub(crate) struct Sts {
    region: String,
    options: IdentitiesOptions,
    reached: OnceCell<Reached>,
    turns: Semaphore,
}

struct Reached {
    client: Client,
    process: Option<SharedCredentialsProvider>,
}

impl Sts {
    pub(crate) fn new(region: &str, options: &IdentitiesOptions) -> Self {
        Self {
            region: region.to_owned(),
            options: options.clone(),
            reached: OnceCell::new(),
            turns: Semaphore::new(CALLS),
        }
    }

    /// What the process has.
    pub(crate) async fn process(&self) -> Result<Grant, IdentityError> {
        let missing = || Step::Process.failed(CallFault::Credentials(CredentialsFault::Missing));
        let provider = self.reached().await.process.as_ref();
        let provider = provider.ok_or_else(missing)?;
        // Several sources, each with attempts of its own.
        let limit = self.options.attempt_timeout * 3;
        let asked = muted(provider.provide_credentials());
        let credentials = match tokio::time::timeout(limit, asked).await {
            Ok(answer) => answer.map_err(|error| of_process(&error))?,
            Err(_) => return Err(Step::Process.failed(CallFault::Unavailable)),
        };
        let expiry = credentials.expiry();
        let left = |end: SystemTime| end.duration_since(SystemTime::now()).unwrap_or_default();
        Ok(Grant {
            lifetime: expiry.map(left),
            credentials,
        })
    }

    pub(crate) async fn assume_role(
        &self,
        credentials: Credentials,
        role: &AssumedRole,
    ) -> Result<Grant, IdentityError> {
        let tags: Result<Vec<_>, _> = role
            .session_tags
            .iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect();
        let failed = |fault| Step::assume_role(role).failed(fault);
        // Policies may grant less with tags than without: never without.
        let tags = tags.map_err(|_| failed(CallFault::Misconfigured))?;
        let keys = role.transitive_tag_keys.clone();
        let call = self
            .reached()
            .await
            .client
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(SESSION_NAME)
            .duration_seconds(seconds(self.options.lifetime))
            .set_external_id(role.external_id.clone())
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
            .set_transitive_tag_keys(Some(keys).filter(|keys| !keys.is_empty()))
            .customize()
            .config_override(Config::builder().credentials_provider(credentials));
        let answer = self.in_turn(call.send()).await.map_err(failed)?;
        self.grant(answer.credentials)
            .ok_or_else(|| failed(CallFault::BadAnswer))
    }

    pub(crate) async fn assume_role_with_web_identity(
        &self,
        role_arn: &str,
        account: &ServiceAccount,
        token: &Zeroizing<String>,
    ) -> Result<Grant, IdentityError> {
        let failed = |fault| {
            let step = Step::AssumeRoleWithWebIdentity {
                role_arn: role_arn.to_owned(),
                account: account.clone(),
            };
            step.failed(fault)
        };
        let call = self
            .reached()
            .await
            .client
            .assume_role_with_web_identity()
            .role_arn(role_arn)
            .role_session_name(SESSION_NAME)
            .duration_seconds(seconds(self.options.lifetime))
            .web_identity_token(token.as_str());
        let answer = self.in_turn(call.send()).await.map_err(failed)?;
        self.grant(answer.credentials)
            .ok_or_else(|| failed(CallFault::BadAnswer))
    }

    /// A call's answer, when it is its turn.
    async fn in_turn<T, E>(
        &self,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, CallFault>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let call = answered(call, own_fault);
        // It is never closed.
        let _turn = self.turns.acquire().await;
        call.await
    }

    /// Their lifetime is what was asked for, from then on: no clock is compared with AWS's.
    fn grant(&self, given: Option<Given>) -> Option<Grant> {
        let given = given?;
        let expiry = SystemTime::try_from(given.expiration).ok()?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(expiry),
            "sts",
        );
        Some(Grant {
            credentials,
            lifetime: Some(self.options.lifetime),
        })
    }

    async fn reached(&self) -> &Reached {
        let reach = || muted(Box::pin(self.reach()));
        self.reached.get_or_init(reach).await
    }

    async fn reach(&self) -> Reached {
        let options = &self.options;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(options.connect_timeout)
            .operation_attempt_timeout(options.attempt_timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client())
            .region(Region::new(self.region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts);
        if let Ok(name) = AppName::new(APP_NAME) {
            loader = loader.app_name(name);
        }
        let sdk = loader.load().await;
        let mut config = Builder::from(&sdk).identity_cache(IdentityCache::no_cache());
        if let Some(endpoint) = &options.sts_endpoint {
            config = config.endpoint_url(endpoint);
        }
        Reached {
            client: Client::from_conf(config.build()),
            process: sdk.credentials_provider(),
        }
    }
}

/// Why the process has none: one of its sources is AWS STS.
fn of_process(error: &CredentialsError) -> IdentityError {
    let error_of_sts = std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| {
        error.source()
    })
    .find_map(|error| error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError>>());
    match error_of_sts {
        Some(error) => Step::ProcessWebIdentity.failed(classify(error, own_fault)),
        None => Step::Process.failed(CallFault::Credentials(CredentialsFault::of(error))),
    }
}

/// AWS STS has no faults of its own that need a class.
fn own_fault(_code: &str, _message: Option<&str>) -> Option<CallFault> {
    None
}

fn seconds(lifetime: Duration) -> i32 {
    i32::try_from(lifetime.as_secs()).unwrap_or(i32::MAX)
}
