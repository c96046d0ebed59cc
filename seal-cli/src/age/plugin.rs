//! Programs named `age-plugin-NAME`: keys in hardware, in other people's stores, of other kinds.

use std::cell::RefCell;
use std::fmt::Display;
use std::sync::Arc;

use age::plugin::{Identity, IdentityPluginV1, Recipient, RecipientPluginV1, ResolveError};
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use seal_age::{UnwrapError, WrapError};
use zeroize::Zeroizing;

use super::ask::{Ask, OfPlugin, printable};
use super::identities::UnwrapFault;

/// A plug-in did not do what it was asked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PluginFault {
    #[error("age-plugin-{0} is not on the PATH; install it and try again")]
    Missing(String),
    #[error("age-plugin-{plugin}: {reason}")]
    Failed { plugin: String, reason: String },
}

/// Wraps a data key for one recipient of a plug-in.
pub(super) fn wrap(
    recipient: &Recipient,
    data_key: &[u8],
    ask: &Arc<dyn Ask>,
) -> Result<Vec<u8>, PluginFault> {
    let plugin = recipient.plugin();
    let callbacks = callbacks(plugin, ask);
    let recipients = [recipient.clone()];
    let program = RecipientPluginV1::new(plugin, &recipients, &[], callbacks)
        .map_err(|error| unresolved(&error, plugin))?;
    seal_age::wrap_for(&program, data_key).map_err(|error| {
        let reason = match error {
            WrapError::Recipient(EncryptError::Plugin(errors)) => reasons(&errors),
            WrapError::Recipient(EncryptError::Io(error)) => error.kind().to_string(),
            other => other.to_string(),
        };
        let plugin = plugin.to_owned();
        PluginFault::Failed { plugin, reason }
    })
}

/// Opens a wrap with the identities of one plug-in, which must all be its own. `None` if none of
/// them fits; [`UnwrapFault::BadWrap`] if the plug-in did its work, and the wrap is no data key's.
pub(super) fn unwrap(
    plugin: &str,
    identities: &[Identity],
    wrap: &[u8],
    ask: &Arc<dyn Ask>,
) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapFault> {
    let program = IdentityPluginV1::new(plugin, identities, callbacks(plugin, ask))
        .map_err(|error| unresolved(&error, plugin))?;
    let heard = Heard {
        program: &program,
        failure: RefCell::new(None),
    };
    match seal_age::unwrap_with(&heard, wrap) {
        Ok(data_key) => Ok(Some(data_key)),
        Err(UnwrapError::NotOurs) => Ok(None),
        Err(UnwrapError::BadWrap) => Err(match heard.failure.take() {
            Some(reason) => UnwrapFault::Plugin(PluginFault::Failed {
                plugin: plugin.to_owned(),
                reason,
            }),
            None => UnwrapFault::BadWrap,
        }),
    }
}

/// Remembers why the plug-in failed.
struct Heard<'a> {
    program: &'a dyn age::Identity,
    failure: RefCell<Option<String>>,
}

impl age::Identity for Heard<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let outcome = self.program.unwrap_stanza(stanza);
        let failure = match &outcome {
            Some(Err(DecryptError::Plugin(errors))) => Some(reasons(errors)),
            Some(Err(DecryptError::Io(error))) => Some(error.kind().to_string()),
            _ => None,
        };
        self.failure.replace(failure);
        outcome
    }
}

fn callbacks(plugin: &str, ask: &Arc<dyn Ask>) -> OfPlugin {
    OfPlugin {
        plugin: plugin.to_owned(),
        ask: Arc::clone(ask),
    }
}

fn unresolved(error: &ResolveError, plugin: &str) -> PluginFault {
    match error {
        ResolveError::MissingPlugin { .. } => PluginFault::Missing(plugin.to_owned()),
        _ => PluginFault::Failed {
            plugin: plugin.to_owned(),
            reason: "is no name of a plug-in".to_owned(),
        },
    }
}

fn reasons<E: Display>(errors: &[E]) -> String {
    let said: Vec<_> = errors.iter().map(E::to_string).collect();
    printable(&said.join("; "))
}
