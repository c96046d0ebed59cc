//! The calls to KMS.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_edge::{answered, http_client};
use aws_sdk_kms::config::{Builder, Credentials};
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::operation::decrypt::builders::DecryptFluentBuilder;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::arn::KeyArn;
use crate::error::{Action, KmsError, KmsFault};
use crate::fault::of_kms;
use crate::name::KeyName;
use crate::options::KmsOptions;
use crate::public_key::{KmsPublicKey, answered_arn};

/// AWS KMS, in as many regions as the keys are. Nothing is read or called before the first use.
pub struct Kms {
    options: KmsOptions,
    /// Credential chain and the like, common to all regions.
    shared: OnceCell<SdkConfig>,
    /// The region of names that hold none.
    home: OnceCell<Region>,
    clients: Mutex<HashMap<String, aws_sdk_kms::Client>>,
}

impl Kms {
    /// The most bytes that a symmetric key wraps.
    pub const LONGEST: usize = 4096;

    /// For calls under these options.
    pub fn new(options: KmsOptions) -> Self {
        Self {
            options,
            shared: OnceCell::new(),
            home: OnceCell::new(),
            clients: Mutex::default(),
        }
    }

    /// Wraps a data key with a symmetric key (Encrypt). Answers the ARN of the **key**, also for aliases:
    /// that is what must be stored, and the wrap.
    ///
    /// `context` is bound in and must be the same for [`unwrap`](Self::unwrap). It is public: CloudTrail
    /// shows it, IAM policies can ask for it. `data_key` may have [`LONGEST`](Self::LONGEST) bytes: the
    /// PKCS#8 of an RSA key of 4096 bits fits as well.
    pub async fn wrap(
        &self,
        key: &KeyName,
        context: &BTreeMap<String, String>,
        data_key: &[u8],
    ) -> Result<(KeyArn, Vec<u8>), KmsError> {
        let failed = failure(Action::Encrypt, key);
        if data_key.len() > Self::LONGEST {
            return Err(failed(KmsFault::TooLong));
        }
        let region = self.region_of(key).await.map_err(&failed)?;
        let call = self
            .client(&region)
            .await
            .encrypt()
            .key_id(key.to_string())
            .set_encryption_context(encryption_context(context))
            .plaintext(Blob::new(data_key));
        let answer = answered(call.send(), of_kms).await.map_err(&failed)?;
        let arn = answered_arn(key, answer.key_id()).map_err(&failed)?;
        match answer.ciphertext_blob {
            Some(blob) if !blob.as_ref().is_empty() => Ok((arn, blob.into_inner())),
            _ => Err(failed(KmsFault::BadAnswer)),
        }
    }

    /// Unwraps what [`wrap`](Self::wrap) made (Decrypt), with this key and no other. A multi-region key may
    /// be used where [`KmsOptions::region_of_replicas`] says.
    pub async fn unwrap(
        &self,
        key: &KeyArn,
        context: &BTreeMap<String, String>,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KmsError> {
        let algorithm = EncryptionAlgorithmSpec::SymmetricDefault;
        self.decrypt(key, blob, algorithm, |call| {
            call.set_encryption_context(encryption_context(context))
        })
        .await
    }

    /// Reads the public half of an RSA key that unwraps; every other kind of key is refused.
    pub async fn public_key(&self, key: &KeyName) -> Result<KmsPublicKey, KmsError> {
        let failed = failure(Action::GetPublicKey, key);
        let region = self.region_of(key).await.map_err(&failed)?;
        let call = self.client(&region).await.get_public_key();
        let answer = answered(call.key_id(key.to_string()).send(), of_kms)
            .await
            .map_err(&failed)?;
        KmsPublicKey::answered(key, answer).map_err(failed)
    }

    /// Unwraps what was wrapped for an RSA key's public half, by OAEP with SHA-256 twice and an empty label
    /// (KMS knows no other). There is no context.
    pub async fn unwrap_rsa(
        &self,
        key: &KeyArn,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KmsError> {
        let algorithm = EncryptionAlgorithmSpec::RsaesOaepSha256;
        self.decrypt(key, blob, algorithm, |call| call).await
    }

    async fn decrypt(
        &self,
        key: &KeyArn,
        blob: &[u8],
        algorithm: EncryptionAlgorithmSpec,
        finish: impl FnOnce(DecryptFluentBuilder) -> DecryptFluentBuilder,
    ) -> Result<Zeroizing<Vec<u8>>, KmsError> {
        let key = self.nearest(key);
        let failed = failure(Action::Decrypt, &key);
        let call = self
            .client(key.region())
            .await
            .decrypt()
            // Without it any key would do that the caller may use, in any account.
            .key_id(key.to_string())
            .encryption_algorithm(algorithm)
            .ciphertext_blob(Blob::new(blob));
        let answer = answered(finish(call).send(), of_kms)
            .await
            .map_err(&failed)?;
        plaintext(answer).ok_or_else(|| failed(KmsFault::BadAnswer))
    }

    /// The replica to use.
    fn nearest(&self, key: &KeyArn) -> KeyArn {
        let preferred = self.options.region_of_replicas.as_deref();
        preferred
            .filter(|_| key.is_multi_region())
            .and_then(|region| key.in_region(region))
            .unwrap_or_else(|| key.clone())
    }

    async fn region_of(&self, key: &KeyName) -> Result<String, KmsFault> {
        if let Some(region) = key.region() {
            return Ok(region.to_owned());
        }
        // Not kept if there is none: the machine's metadata may answer next time.
        let home = self.home.get_or_try_init(|| Box::pin(self.find_home()));
        Ok(home.await?.to_string())
    }

    async fn find_home(&self) -> Result<Region, KmsFault> {
        if let Some(region) = self.options.region.clone() {
            return Ok(Region::new(region));
        }
        let machine = ProviderConfig::default().with_http_client(http_client());
        // What `DefaultRegionChain` looks at, which knows no HTTP client but its own.
        let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(self.region_of_profile())
            .or_else(ImdsRegionProvider::builder().configure(&machine).build());
        chain.region().await.ok_or(KmsFault::NoRegion)
    }

    fn region_of_profile(&self) -> ProfileFileRegionProvider {
        let mut region = ProfileFileRegionProvider::builder();
        if let Some(profile) = &self.options.profile {
            region = region.profile_name(profile);
        }
        region.build()
    }

    async fn client(&self, region: &str) -> aws_sdk_kms::Client {
        let shared = self
            .shared
            .get_or_init(|| Box::pin(self.load(region)))
            .await;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(region.to_owned()).or_insert_with(|| {
            let mut config = Builder::from(shared).region(Region::new(region.to_owned()));
            // Last: what a person asks for outranks the environment.
            if let Some(endpoint) = &self.options.endpoint {
                config = config.endpoint_url(endpoint);
            }
            aws_sdk_kms::Client::from_conf(config.build())
        });
        client.clone()
    }

    /// The part that is the same in every region. `region` is for sources of credentials that ask STS, where
    /// nothing else is configured: asking the machine's metadata would take seconds where there are none.
    async fn load(&self, region: &str) -> SdkConfig {
        let options = &self.options;
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client());
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(keys) = &options.credentials {
            let token = keys.session_token.as_ref().map(|token| token.to_string());
            loader = loader.credentials_provider(Credentials::new(
                &keys.access_key_id,
                keys.secret_access_key.as_str(),
                token,
                None,
                "static",
            ));
        }
        let regions = RegionProviderChain::first_try(options.region.clone().map(Region::new))
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(self.region_of_profile())
            .or_else(Region::new(region.to_owned()));
        let attempts = options.retries.attempts();
        let mut timeouts = TimeoutConfig::builder()
            .connect_timeout(options.connect_timeout)
            .operation_attempt_timeout(options.attempt_timeout);
        timeouts.set_operation_timeout(options.total_timeout);
        loader
            .region(regions)
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .timeout_config(timeouts.build())
            .load()
            .await
    }
}

/// What the options name, but nothing of credentials.
impl fmt::Debug for Kms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Kms")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn failure(action: Action, key: &impl fmt::Display) -> impl Fn(KmsFault) -> KmsError {
    let key = key.to_string();
    move |fault| KmsError {
        action,
        key: key.clone(),
        fault,
    }
}

fn encryption_context(context: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!context.is_empty()).then(|| context.clone().into_iter().collect())
}

/// Takes over the SDK's own buffer, so that there is no second one to wipe.
fn plaintext(answer: DecryptOutput) -> Option<Zeroizing<Vec<u8>>> {
    answer
        .plaintext
        .map(|blob| Zeroizing::new(blob.into_inner()))
}
