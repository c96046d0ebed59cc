//! Where and as whom Secrets Manager is called.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::observer::CallObserver;

/// How [`crate::SecretsManager`] reaches AWS.
#[derive(Clone, Debug)]
pub struct SecretsOptions {
    /// The region; nothing else decides it.
    pub region: String,
    /// URL in place of AWS's own.
    pub endpoint: Option<String>,
    /// These and nothing else; else the usual chain of the process: environment, web identity (IRSA),
    /// container (EKS Pod Identity), instance metadata.
    pub credentials: Option<StaticCredentials>,
    /// Limit for each attempt, connection included.
    pub attempt_timeout: Duration,
    /// Limit for making a connection.
    pub connect_timeout: Duration,
    /// Is told of every call.
    pub observer: Option<Arc<dyn CallObserver>>,
}

impl SecretsOptions {
    /// For a region, with the limits that fit a controller.
    pub fn new(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            endpoint: None,
            credentials: None,
            attempt_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            observer: None,
        }
    }
}

/// An access key. Not printed.
#[derive(Clone)]
pub struct StaticCredentials {
    /// Its id.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Zeroizing<String>,
    /// The token of temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StaticCredentials")
            .finish_non_exhaustive()
    }
}
