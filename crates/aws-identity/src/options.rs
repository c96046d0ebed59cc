//! How AWS STS is reached, and how long what it gives is kept.

use std::time::Duration;

/// Options of [`crate::Identities`].
#[derive(Clone, Debug)]
pub struct IdentitiesOptions {
    /// URL in place of AWS STS's own in every region.
    pub sts_endpoint: Option<String>,
    /// Limit for each attempt, connection included; also for getting a token.
    pub attempt_timeout: Duration,
    /// Limit for making a connection.
    pub connect_timeout: Duration,
    /// How long a session is to last: 15 minutes at least, an hour at most in a chain of roles.
    pub lifetime: Duration,
    /// Credentials are wiped when nobody used them for so long.
    pub idle: Duration,
}

impl Default for IdentitiesOptions {
    fn default() -> Self {
        Self {
            sts_endpoint: None,
            attempt_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            // AWS allows it for every role.
            lifetime: Duration::from_hours(1),
            // Who assumes a role is used once in the lifetime of its session.
            idle: Duration::from_hours(2),
        }
    }
}
