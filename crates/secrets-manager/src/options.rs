//! Where and as whom Secrets Manager is called.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;

use crate::observer::CallObserver;

/// How [`crate::SecretsManager`] reaches AWS.
#[derive(Clone, Debug)]
pub struct SecretsOptions {
    /// The region; nothing else decides it.
    pub region: String,
    /// URL in place of AWS's own.
    pub endpoint: Option<String>,
    /// These and nothing else, asked for at every call: who gives them keeps them. Else the usual chain of the process: environment, web identity (IRSA),
    /// container (EKS Pod Identity), instance metadata.
    pub credentials: Option<SharedCredentialsProvider>,
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
