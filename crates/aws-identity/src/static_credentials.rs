//! Keys that somebody wrote down.

use std::fmt;
use std::hash::{Hash, Hasher};

use aws_credential_types::Credentials;
use zeroize::Zeroizing;

/// An access key. Not printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticCredentials {
    /// Its id.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Zeroizing<String>,
    /// The token of temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

impl StaticCredentials {
    /// As the SDK takes them.
    pub(crate) fn to_sdk(&self) -> Credentials {
        let token = self.session_token.as_ref().map(|token| token.to_string());
        let key = self.secret_access_key.as_str();
        Credentials::new(&self.access_key_id, key, token, None, "store")
    }
}

impl Hash for StaticCredentials {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.access_key_id.hash(state);
        self.secret_access_key.as_str().hash(state);
        let token = self.session_token.as_ref().map(|token| token.as_str());
        token.hash(state);
    }
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StaticCredentials")
            .finish_non_exhaustive()
    }
}
