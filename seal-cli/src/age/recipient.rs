//! Whom people seal for with age: native, SSH and plug-in recipients.

use std::sync::Arc;

use age::ssh;
use pkcs8::EncodePublicKey as _;
use seal_age::{AgeRecipient, AgeRecipientError, WrapError};
use seal_format::se1::RecipientName;
use seal_keys::RsaRecipient;

use super::ask::Ask;
use super::plugin::{self, PluginFault};
use super::ssh_rsa;

/// Someone to wrap data keys for.
pub(crate) struct Recipient {
    key: Key,
    name: RecipientName,
}

enum Key {
    Native(AgeRecipient),
    SshEd25519(ssh::Recipient),
    SshRsa(ssh_rsa::Recipient),
    Plugin(age::plugin::Recipient),
}

/// Why a text is no age recipient that can be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum RecipientError {
    #[error(transparent)]
    Native(#[from] AgeRecipientError),
    #[error("age1{0}1… is damaged: its checksum is wrong, or {0:?} is no name of a plug-in")]
    DamagedPlugin(String),
    #[error("is a damaged SSH public key")]
    DamagedSsh,
    #[error("is an SSH key of type {0}; age uses ssh-ed25519 and ssh-rsa only")]
    SshType(String),
    #[error("is an ssh-rsa key of a size other than 2048 to 4096 bits")]
    RsaSize,
    #[error("is an ssh-ed25519 key that no private key belongs to")]
    LowOrder,
    #[error("is longer than a recipient may be")]
    TooLong,
}

/// A data key was not wrapped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WrapFault {
    #[error(transparent)]
    Age(#[from] WrapError),
    #[error(transparent)]
    Plugin(#[from] PluginFault),
}

impl Recipient {
    /// Parses one recipient: `age1…`, or a line of an SSH public key file.
    pub(crate) fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        let (key, name) = if text.starts_with("ssh-") || text.starts_with("ecdsa-") {
            ssh_key(text)?
        } else {
            match AgeRecipient::parse(text) {
                Ok(key) => {
                    let name = key.name().to_owned();
                    (Key::Native(key), name)
                }
                Err(AgeRecipientError::Plugin { name }) => of_plugin(text, name)?,
                Err(error) => return Err(error.into()),
            }
        };
        let name = RecipientName::from_text(&name).map_err(|_| RecipientError::TooLong)?;
        Ok(Self { key, name })
    }

    /// What stands in `to`.
    pub(crate) fn name(&self) -> &RecipientName {
        &self.name
    }

    /// Wraps a data key: a binary age file. Only plug-ins ask anything.
    pub(crate) fn wrap(&self, data_key: &[u8], ask: &Arc<dyn Ask>) -> Result<Vec<u8>, WrapFault> {
        Ok(match &self.key {
            Key::Native(key) => key.wrap(data_key)?,
            Key::SshEd25519(key) => seal_age::wrap_for(key, data_key)?,
            Key::SshRsa(key) => seal_age::wrap_for(key, data_key)?,
            Key::Plugin(key) => plugin::wrap(key, data_key, ask)?,
        })
    }
}

fn ssh_key(line: &str) -> Result<(Key, String), RecipientError> {
    use ssh::ParseRecipientKeyError as Error;
    // The library takes a comment of any form; what follows the key is no part of it.
    let mut words = line.split_ascii_whitespace();
    let (kind, key) = words
        .next()
        .zip(words.next())
        .ok_or(RecipientError::DamagedSsh)?;
    let parsed: ssh::Recipient = format!("{kind} {key}")
        .parse()
        .map_err(|error| match error {
            Error::RsaModulusTooLarge | Error::RsaModulusTooSmall => RecipientError::RsaSize,
            Error::Unsupported(kind) => RecipientError::SshType(kind),
            _ => RecipientError::DamagedSsh,
        })?;
    let name = parsed.to_string();
    let key = match parsed {
        ssh::Recipient::SshRsa(blob, key) => {
            let spki = key
                .to_public_key_der()
                .map_err(|_| RecipientError::DamagedSsh)?;
            let key = RsaRecipient::from_spki(spki.as_bytes()).ok_or(RecipientError::RsaSize)?;
            Key::SshRsa(ssh_rsa::Recipient::new(&blob, key))
        }
        ssh::Recipient::SshEd25519(_, point) if point.is_small_order() => {
            return Err(RecipientError::LowOrder);
        }
        key @ ssh::Recipient::SshEd25519(..) => Key::SshEd25519(key),
    };
    Ok((key, name))
}

fn of_plugin(text: &str, plugin: String) -> Result<(Key, String), RecipientError> {
    // The text goes to the plug-in as it is, and into `to`: one spelling.
    let text = if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        text.to_owned()
    } else {
        text.to_ascii_lowercase()
    };
    match text.parse() {
        Ok(key) => Ok((Key::Plugin(key), text)),
        Err(_) => Err(RecipientError::DamagedPlugin(plugin)),
    }
}
