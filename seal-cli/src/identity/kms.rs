//! KMS keys that the user named. Others are never called, whatever a file says.

use std::sync::OnceLock;

use seal_format::se1::{Binding, Fault, RecipientKind, RecipientName, Wrap};
use seal_kms::{KeyArn, KeyName, Kms, KmsError, KmsFault, KmsPublicKey};
use zeroize::Zeroizing;

use super::Unopened;
use crate::error::CliError;
use crate::kms_connection::KmsConnection;

/// Keys by ARN, and the way to them.
pub(crate) struct KmsKeys {
    keys: Vec<KeyArn>,
    connection: KmsConnection,
    /// The keys' public halves, of those that have one: asked for when an `rsa:` wrap comes up.
    public: OnceLock<Vec<(RecipientName, KeyArn)>>,
}

impl KmsKeys {
    pub(crate) fn new(names: &[String], connection: KmsConnection) -> Result<Self, CliError> {
        let keys = names
            .iter()
            .filter(|name| !name.is_empty())
            .map(|name| {
                let text = name.strip_prefix("kms:").unwrap_or(name);
                text.parse().map_err(|_| CliError::KmsArn(name.clone()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            keys,
            connection,
            public: OnceLock::new(),
        })
    }

    /// `None` if the wrap is for no key that was named, here or in a rule (`trusted`).
    pub(crate) fn unwrap(
        &self,
        wrap: &Wrap,
        object: &Binding,
        trusted: &[KeyArn],
    ) -> Option<Result<Zeroizing<Vec<u8>>, Unopened>> {
        match wrap.to.kind() {
            RecipientKind::Kms => {
                let of_wrap: KeyArn = wrap.to.as_str().parse().ok()?;
                let mut keys = self.keys.iter().chain(trusted);
                let key = keys.find(|key| key.is_same_key(&of_wrap))?;
                let context = object.kms_context();
                Some(self.ask(async |kms| kms.unwrap(key, &context, &wrap.blob).await))
            }
            RecipientKind::Rsa => {
                if self.keys.is_empty() {
                    return None;
                }
                let (_, key) = self.public().iter().find(|(name, _)| *name == wrap.to)?;
                Some(self.ask(async |kms| kms.unwrap_rsa(key, &wrap.blob).await))
            }
            RecipientKind::Age | RecipientKind::Ssh => None,
        }
    }

    fn public(&self) -> &[(RecipientName, KeyArn)] {
        self.public.get_or_init(|| {
            let named = |key: &KeyArn, public: KmsPublicKey| {
                let recipient = seal_keys::RsaRecipient::from_spki(&public.spki_der)?;
                Some((recipient.name().clone(), key.clone()))
            };
            // A symmetric key has no public half, and its refusal is no fault here.
            self.keys
                .iter()
                .filter_map(|key| {
                    let name = KeyName::from(key.clone());
                    let public = self.connection.ask(async |kms| kms.public_key(&name).await);
                    named(key, public?.ok()?)
                })
                .collect()
        })
    }

    fn ask(
        &self,
        call: impl AsyncFnOnce(&Kms) -> Result<Zeroizing<Vec<u8>>, KmsError>,
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        self.connection
            .ask(call)
            .ok_or(Fault::Unavailable)?
            .map_err(|error| Unopened {
                fault: match error.fault {
                    KmsFault::BadWrap => Fault::BadWrap,
                    _ => Fault::Unavailable,
                },
                detail: Some(error.to_string()),
            })
    }
}
