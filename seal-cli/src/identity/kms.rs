//! KMS keys that the user named. Others are never called, whatever a file says.

use std::sync::OnceLock;

use seal_format::se1::{Binding, Fault, RecipientKind, RecipientName, Wrap};
use seal_kms::{KeyArn, KeyName, Kms, KmsError, KmsFault, KmsOptions, KmsPublicKey};
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

use super::Unopened;
use crate::error::CliError;

/// Keys by ARN, and the connection that is made when the first is needed.
pub(crate) struct KmsKeys {
    keys: Vec<KeyArn>,
    options: KmsOptions,
    connection: OnceLock<Option<Connection>>,
    /// The keys' public halves, of those that have one: asked for when an `rsa:` wrap comes up.
    public: OnceLock<Vec<(RecipientName, KeyArn)>>,
}

struct Connection {
    runtime: Runtime,
    kms: Kms,
}

impl KmsKeys {
    pub(crate) fn new(names: &[String], options: KmsOptions) -> Result<Self, CliError> {
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
            options,
            connection: OnceLock::new(),
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
            let Some(connection) = self.connection() else {
                return Vec::new();
            };
            let named = |key: &KeyArn, public: KmsPublicKey| {
                let recipient = seal_keys::RsaRecipient::from_spki(&public.spki_der)?;
                Some((recipient.name().clone(), key.clone()))
            };
            // A symmetric key has no public half, and its refusal is no fault here.
            self.keys
                .iter()
                .filter_map(|key| {
                    let name = KeyName::from(key.clone());
                    let public = connection
                        .runtime
                        .block_on(connection.kms.public_key(&name));
                    named(key, public.ok()?)
                })
                .collect()
        })
    }

    fn ask(
        &self,
        call: impl AsyncFnOnce(&Kms) -> Result<Zeroizing<Vec<u8>>, KmsError>,
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let Some(connection) = self.connection() else {
            return Err(Fault::Unavailable.into());
        };
        connection
            .runtime
            .block_on(call(&connection.kms))
            .map_err(|error| Unopened {
                fault: match error.fault {
                    KmsFault::BadWrap => Fault::BadWrap,
                    _ => Fault::Unavailable,
                },
                detail: Some(error.to_string()),
            })
    }

    fn connection(&self) -> Option<&Connection> {
        let made = self.connection.get_or_init(|| {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .ok()?;
            let kms = Kms::new(self.options.clone());
            Some(Connection { runtime, kms })
        });
        made.as_ref()
    }
}
