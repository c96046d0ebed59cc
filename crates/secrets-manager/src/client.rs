//! The calls.

use std::error::Error;
use std::fmt;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_edge::{SdkError, answered, http_client};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, IdentityCache};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::operation::batch_get_secret_value::BatchGetSecretValueOutput;
use aws_sdk_secretsmanager::types::{
    ApiErrorType, Filter, FilterNameStringType, SecretListEntry, SecretValueEntry,
};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::error::{Operation, SecretsError, SecretsFault};
use crate::key;
use crate::observer::CallObserver;
use crate::options::SecretsOptions;
use crate::value::{Batch, Listed, SecretValue};
use crate::version::Version;

/// Secrets of one batch, at most (API reference).
pub const BATCH: usize = 20;

/// Secrets Manager in one region, as one identity. Nothing is read or called before the first use.
///
/// Calls are made once: whoever asks has a back-off of his own.
pub struct SecretsManager {
    options: SecretsOptions,
    client: OnceCell<Client>,
}

impl SecretsManager {
    /// For calls under these options.
    pub fn new(options: SecretsOptions) -> Self {
        Self {
            options,
            client: OnceCell::new(),
        }
    }

    /// One value.
    pub async fn value(&self, key: &str, version: &Version) -> Result<SecretValue, SecretsError> {
        key::check(Operation::GetSecretValue, key)?;
        let call = self.client().await.get_secret_value().secret_id(key);
        let call = match version {
            // Always said: emulators and replicas may think of another one.
            Version::Stage(stage) => call.version_stage(stage),
            Version::Id(id) => call.version_id(id),
        };
        let answer = self
            .call(Operation::GetSecretValue, Some(key), call.send())
            .await?;
        let value = SecretValue {
            arn: answer.arn.unwrap_or_default(),
            name: answer.name.unwrap_or_default(),
            version_id: answer.version_id.unwrap_or_default(),
            created: answer.created_date.map(|date| date.secs()),
            text: answer.secret_string.map(Zeroizing::new),
            binary: answer
                .secret_binary
                .map(|blob| Zeroizing::new(blob.into_inner())),
        };
        match value.bytes() {
            Some(_) => Ok(value),
            None => Err(SecretsError {
                operation: Operation::GetSecretValue,
                key: Some(key.to_owned()),
                fault: SecretsFault::Empty,
            }),
        }
    }

    /// The current values of up to [`BATCH`] secrets, by name or ARN. Each one asked for is in the
    /// answer, among the values or among the errors.
    pub async fn values(&self, keys: &[String]) -> Result<Batch, SecretsError> {
        let (mut sent, mut faults) = (Vec::new(), Vec::new());
        for key in keys.iter().cloned() {
            match key::fault(&key) {
                None => sent.push(key),
                Some(fault) => faults.push((key, fault)),
            }
        }
        if sent.is_empty() {
            return Ok(Batch {
                values: Vec::new(),
                errors: faults,
            });
        }
        let call = self.client().await.batch_get_secret_value();
        let call = call.set_secret_id_list(Some(sent));
        let answer = self
            .call(Operation::BatchGetSecretValue, None, call.send())
            .await?;
        let (mut batch, _) = batch(answer);
        batch.errors.append(&mut faults);
        Ok(batch)
    }

    /// The current values of secrets that match all filters, a page of up to [`BATCH`], and the token of the
    /// next page. AWS's filters match beginnings, and know nothing of each other: of a tag's value they do
    /// not know the key.
    pub(crate) async fn filtered(
        &self,
        filters: &[(FilterNameStringType, String)],
        token: Option<String>,
    ) -> Result<(Batch, Option<String>), SecretsError> {
        let filters = filters.iter().map(|(key, value)| {
            let filter = Filter::builder().key(key.clone());
            filter.values(value).build()
        });
        let call = self
            .client()
            .await
            .batch_get_secret_value()
            .set_filters(Some(filters.collect()))
            .set_next_token(token);
        let answer = self
            .call(Operation::BatchGetSecretValue, None, call.send())
            .await?;
        Ok(batch(answer))
    }

    /// What there is, a page of up to a hundred: the entries, and the token of the next page. Secrets
    /// that are scheduled for deletion are left out.
    pub async fn page(
        &self,
        token: Option<String>,
    ) -> Result<(Vec<Listed>, Option<String>), SecretsError> {
        let call = self.client().await.list_secrets().max_results(100);
        let call = call.set_next_token(token).send();
        let answer = self.call(Operation::ListSecrets, None, call).await?;
        let entries = answer.secret_list.unwrap_or_default().into_iter();
        // Emulators list what goes, too.
        let staying = entries.filter(|entry| entry.deleted_date.is_none());
        Ok((staying.map(listed).collect(), answer.next_token))
    }

    /// Tags of a secret, in the order of their keys.
    pub async fn tags(&self, key: &str) -> Result<Vec<(String, String)>, SecretsError> {
        key::check(Operation::DescribeSecret, key)?;
        let call = self.client().await.describe_secret().secret_id(key);
        let answer = self
            .call(Operation::DescribeSecret, Some(key), call.send())
            .await?;
        let tags = answer.tags.unwrap_or_default().into_iter();
        let mut tags: Vec<_> = tags
            .map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()))
            .collect();
        tags.sort();
        Ok(tags)
    }

    pub(crate) fn observer(&self) -> Option<&dyn CallObserver> {
        self.options.observer.as_deref()
    }

    /// Makes a call, and tells of it.
    async fn call<T, E>(
        &self,
        operation: Operation,
        key: Option<&str>,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, SecretsError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let began = Instant::now();
        let answer = answered(call, SecretsFault::of_code).await;
        if let Some(observer) = self.observer() {
            observer.called(operation, answer.as_ref().err(), began.elapsed());
        }
        answer.map_err(|fault| SecretsError {
            operation,
            key: key.map(str::to_owned),
            fault,
        })
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| Box::pin(self.connect())).await
    }

    async fn connect(&self) -> Client {
        let options = &self.options;
        let region = Region::new(options.region.clone());
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(options.connect_timeout)
            .operation_attempt_timeout(options.attempt_timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client())
            .region(region)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        if let Some(credentials) = &options.credentials {
            loader = loader
                .credentials_provider(credentials.clone())
                .identity_cache(IdentityCache::no_cache());
        }
        let mut config = Builder::from(&loader.load().await);
        if let Some(endpoint) = &options.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Client::from_conf(config.build())
    }
}

/// What the options name, but nothing of credentials.
impl fmt::Debug for SecretsManager {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SecretsManager")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Values, errors, and the token of the next page.
fn batch(answer: BatchGetSecretValueOutput) -> (Batch, Option<String>) {
    let errors = answer.errors.unwrap_or_default().into_iter();
    let mut batch = Batch {
        values: Vec::new(),
        errors: errors.map(entry_fault).collect(),
    };
    for value in answer.secret_values.unwrap_or_default() {
        let value = entry_value(value);
        if value.bytes().is_some() {
            batch.values.push(value);
        } else {
            batch.errors.push((value.name, SecretsFault::Empty));
        }
    }
    (batch, answer.next_token)
}

fn entry_value(entry: SecretValueEntry) -> SecretValue {
    SecretValue {
        arn: entry.arn.unwrap_or_default(),
        name: entry.name.unwrap_or_default(),
        version_id: entry.version_id.unwrap_or_default(),
        created: entry.created_date.map(|date| date.secs()),
        text: entry.secret_string.map(Zeroizing::new),
        binary: entry
            .secret_binary
            .map(|blob| Zeroizing::new(blob.into_inner())),
    }
}

fn entry_fault(error: ApiErrorType) -> (String, SecretsFault) {
    let code = error.error_code.as_deref().unwrap_or_default();
    let own = SecretsFault::of_code(code, error.message.as_deref());
    let fault = own.unwrap_or_else(|| aws_edge::CallFault::of_code(code).into());
    (error.secret_id.unwrap_or_default(), fault)
}

fn listed(entry: SecretListEntry) -> Listed {
    let tags = entry.tags.unwrap_or_default().into_iter();
    let stages = entry.secret_versions_to_stages.unwrap_or_default();
    Listed {
        arn: entry.arn.unwrap_or_default(),
        name: entry.name.unwrap_or_default(),
        tags: tags
            .map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()))
            .collect(),
        stages: stages.into_iter().collect(),
    }
}
