//! What this user can open: private keys of clusters, KMS keys by their names, and (see `age`)
//! people's keys. Nothing that a file of SealedSecrets says adds to it.

mod kms;
mod private_keys;

use std::path::PathBuf;

use seal_format::se1::{Binding, DataKeyBlock, Fault};
use seal_keys::{Identity as _, RsaIdentity};
use sealing::{Answers, Opening};
use zeroize::Zeroizing;

use crate::error::CliError;
use kms::KmsKeys;

/// Flags of the verbs that open values.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct IdentityArgs {
    /// Private key of a cluster: PEM, or key Secrets as kubectl prints them; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Identities")]
    private_key: Vec<PathBuf>,

    /// AWS KMS key to ask, by ARN; a file that names another is not believed; may be repeated
    #[arg(
        long,
        value_name = "ARN",
        env = "SEAL_KMS_KEYS",
        value_delimiter = ',',
        hide_env_values = true,
        help_heading = "Identities"
    )]
    kms_key: Vec<String>,

    /// Profile of the shared AWS files [default: $AWS_PROFILE]
    #[arg(long, value_name = "NAME", help_heading = "Identities")]
    aws_profile: Option<String>,
}

impl IdentityArgs {
    /// KMS keys alone.
    pub(crate) fn of_kms(keys: Vec<String>, profile: Option<String>) -> Self {
        Self {
            kms_key: keys,
            aws_profile: profile,
            ..Self::default()
        }
    }
}

/// Everything that can open.
pub(crate) struct Identities {
    rsa: Vec<RsaIdentity>,
    kms: KmsKeys,
}

/// A data key is not known: the class, and for people why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unopened {
    pub(crate) fault: Fault,
    /// What a service said, such as a missing right.
    pub(crate) detail: Option<String>,
}

impl Identities {
    /// Reads what the flags and variables name.
    pub(crate) fn new(args: &IdentityArgs) -> Result<Self, CliError> {
        let mut rsa = Vec::new();
        for path in &args.private_key {
            rsa.extend(private_keys::read(path)?);
        }
        Ok(Self {
            rsa,
            kms: KmsKeys::new(&args.kms_key, args.aws_profile.clone())?,
        })
    }

    /// Answers every need of an object; the second part tells people about data keys that stay shut.
    pub(crate) fn answers(&self, opening: &Opening<'_>) -> (Answers, Vec<String>) {
        let mut details = Vec::new();
        let session_keys = opening.needs().map(|need| {
            self.rsa
                .iter()
                .find_map(|key| key.unwrap(need.wrapped, need.label).ok())
        });
        let session_keys = session_keys.collect();
        let data_keys = opening
            .data_keys()
            .map(|need| {
                self.unwrap(need.block, need.object).map_err(|unopened| {
                    details.extend(unopened.detail);
                    unopened.fault
                })
            })
            .collect();
        let answers = Answers {
            session_keys,
            data_keys,
        };
        (answers, details)
    }

    /// Opens the wrap that is for one of these identities: keys at hand before keys in a service.
    pub(crate) fn unwrap(
        &self,
        block: &DataKeyBlock,
        object: &Binding,
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        for wrap in block.wraps() {
            if let Some(key) = self.rsa.iter().find(|key| *key.name() == wrap.to) {
                return key
                    .unwrap(&wrap.blob, b"")
                    .map_err(|_| Fault::BadWrap.into());
            }
        }
        let mut unavailable = None;
        for wrap in block.wraps() {
            match self.kms.unwrap(wrap, object) {
                None => {}
                Some(Err(unopened)) if unopened.fault == Fault::Unavailable => {
                    unavailable = Some(unopened);
                }
                Some(answer) => return answer,
            }
        }
        Err(unavailable.unwrap_or_else(|| Fault::NoIdentity.into()))
    }
}

impl From<Fault> for Unopened {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            detail: None,
        }
    }
}
