//! What can be wrong with the sealing key in KMS.

use operator_kit::ApiFault;
use seal_keys::IssueError;
use seal_kms::KmsFault;

use super::certificate_secret::Refusal;

/// Why there is no certificate, or none that is known to be good. `/readyz` shows it to everyone, so the key
/// is not named; the log names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(
        "the public key of the sealing key in KMS is not known yet ({0}), and no certificate for it is stored"
    )]
    Unknown(KmsFault),
    #[error(
        "the public key of the sealing key in KMS is not known yet ({0}); the certificate is the stored one"
    )]
    Unconfirmed(KmsFault),
    #[error(
        "the public key of the sealing key in KMS is not known yet ({fault}), and certificates for several \
         keys are stored: {}", .names.join(", ")
    )]
    Several {
        /// Why it is not known.
        fault: KmsFault,
        /// Of the Secrets.
        names: Vec<String>,
    },
    #[error("Secret {name} is not used, and not overwritten: it {refusal}")]
    Refused {
        /// Of the Secret.
        name: String,
        /// What is wrong with it.
        refusal: Refusal,
    },
    #[error("cannot {verb} the certificate's Secret: {fault}")]
    Api {
        /// read, create or update.
        verb: &'static str,
        /// Why.
        fault: ApiFault,
    },
    #[error("cannot make a certificate for the sealing key in KMS: {0}")]
    Issue(String),
}

impl Trouble {
    /// Whether somebody else was faster, and it is worth another look at once.
    pub(crate) fn is_a_race(&self) -> bool {
        matches!(
            self,
            Self::Api {
                fault: ApiFault::AlreadyExists | ApiFault::Conflict | ApiFault::NotFound,
                ..
            }
        )
    }
}

impl From<IssueError> for Trouble {
    fn from(error: IssueError) -> Self {
        Self::Issue(error.to_string())
    }
}
