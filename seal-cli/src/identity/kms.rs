//! KMS keys that the user named. Others are never called, whatever a file says.

use std::sync::OnceLock;

use seal_format::se1::{Binding, Fault, RecipientKind, RecipientName, Wrap};
use seal_kms::{KeyArn, KeyName, Kms, KmsError, KmsFault};
use zeroize::Zeroizing;

use super::Unopened;
use crate::error::CliError;
use crate::kms_connection::KmsConnection;
use crate::rules::RuleKms;

/// Keys by ARN, and the way to them.
pub(crate) struct KmsKeys {
    keys: Vec<KeyArn>,
    connection: KmsConnection,
    /// The keys' public halves: asked for when an `rsa:` wrap comes up, each once.
    public: OnceLock<PublicHalves>,
}

/// Of the keys that have one.
#[derive(Default)]
struct PublicHalves {
    known: Vec<(RecipientName, KeyArn)>,
    /// Why another key's is not known: an `rsa:` wrap may be for that key.
    failed: Option<Unopened>,
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

    /// `None` if the wrap is for no key that was named, here or in the file's rule. A rule's key that
    /// nobody has confirmed is not asked: that would show its owner who asks.
    pub(crate) fn unwrap(
        &self,
        wrap: &Wrap,
        object: &Binding,
        rule: &RuleKms,
    ) -> Option<Result<Zeroizing<Vec<u8>>, Unopened>> {
        match wrap.to.kind() {
            RecipientKind::Kms => {
                let of_wrap: KeyArn = wrap.to.as_str().parse().ok()?;
                let mut keys = self.keys.iter().chain(&rule.confirmed);
                let Some(key) = keys.find(|key| key.is_same_key(&of_wrap)) else {
                    return rule.not_asked(&of_wrap).map(Err);
                };
                let context = object.kms_context();
                Some(self.ask(async |kms| kms.unwrap(key, &context, &wrap.blob).await))
            }
            RecipientKind::Rsa => {
                if self.keys.is_empty() {
                    return None;
                }
                let public = self.public();
                let mut known = public.known.iter();
                let Some((_, key)) = known.find(|(name, _)| *name == wrap.to) else {
                    return public.failed.clone().map(Err);
                };
                Some(self.ask(async |kms| kms.unwrap_rsa(key, &wrap.blob).await))
            }
            RecipientKind::Age | RecipientKind::Ssh => None,
        }
    }

    fn public(&self) -> &PublicHalves {
        self.public.get_or_init(|| {
            let mut halves = PublicHalves::default();
            for key in &self.keys {
                let name = KeyName::from(key.clone());
                match self.connection.ask(async |kms| kms.public_key(&name).await) {
                    Some(Ok(public)) => {
                        let recipient = seal_keys::RsaRecipient::from_spki(&public.spki_der);
                        let named = recipient.map(|key| key.name().clone());
                        halves.known.extend(named.map(|name| (name, key.clone())));
                    }
                    // A symmetric key has no public half, and its refusal is no fault here.
                    Some(Err(error)) if error.fault == KmsFault::WrongKeyKind => {}
                    Some(Err(error)) => halves.fail(&error),
                    None => halves.failed = Some(Fault::Unavailable.into()),
                }
            }
            halves
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

impl PublicHalves {
    /// What may pass says more than what will not.
    fn fail(&mut self, error: &KmsError) {
        let passes = error.is_transient() || matches!(error.fault, KmsFault::Credentials(_));
        let fault = if passes {
            Fault::Unavailable
        } else {
            Fault::NoIdentity
        };
        let known = self.failed.as_ref().map(|known| known.fault);
        if known.is_none() || (known == Some(Fault::NoIdentity) && passes) {
            self.failed = Some(Unopened {
                fault,
                detail: Some(error.to_string()),
            });
        }
    }
}
