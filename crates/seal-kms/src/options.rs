//! Where and as whom KMS is called.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

/// How [`Kms`](crate::Kms) reaches AWS. The default is what the AWS command line would do.
#[derive(Clone, Debug)]
pub struct KmsOptions {
    /// Profile of the shared AWS files, as `--aws-profile` names it; else `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
    /// These and nothing else; else the usual chain: environment, profile, web identity (IRSA), container
    /// (ECS, EKS Pod Identity), instance metadata.
    pub credentials: Option<StaticCredentials>,
    /// URL in place of AWS's own; else `AWS_ENDPOINT_URL_KMS`, `AWS_ENDPOINT_URL`, or the profile's.
    pub endpoint: Option<String>,
    /// Region of names that hold none (aliases, bare ids); else `AWS_REGION`, the profile's, the machine's.
    /// Never changes the region of an ARN.
    pub region: Option<String>,
    /// Region whose replicas of multi-region keys are used for unwrapping, whatever their ARNs say.
    pub region_of_replicas: Option<String>,
    /// What happens after a failure that may pass.
    pub retries: Retries,
    /// Limit for each attempt, connection included.
    pub attempt_timeout: Duration,
    /// Limit for all attempts together, pauses between them included; else each attempt has its own alone.
    pub total_timeout: Option<Duration>,
    /// Limit for making a connection.
    pub connect_timeout: Duration,
}

impl Default for KmsOptions {
    fn default() -> Self {
        Self {
            profile: None,
            credentials: None,
            endpoint: None,
            region: None,
            region_of_replicas: None,
            retries: Retries::Standard { attempts: 3 },
            attempt_timeout: Duration::from_secs(10),
            total_timeout: None,
            connect_timeout: Duration::from_secs(3),
        }
    }
}

/// What happens after a failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// The caller has its own back-off: one attempt.
    None,
    /// The SDK's standard back-off.
    Standard {
        /// Attempts in all, at least one.
        attempts: u32,
    },
}

impl Retries {
    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::None => 1,
            Self::Standard { attempts } => attempts.max(1),
        }
    }
}

/// An access key. Not printed.
#[derive(Clone)]
pub struct StaticCredentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Zeroizing<String>,
    /// `AWS_SESSION_TOKEN`, of temporary credentials only.
    pub session_token: Option<Zeroizing<String>>,
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StaticCredentials")
            .finish_non_exhaustive()
    }
}
