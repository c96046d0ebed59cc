//! age keys as people have them: recipients to seal for, identities to open with. Native keys are
//! [`seal_age`]'s; SSH keys, plug-ins, passphrases and the places where people keep keys are here.
//!
//! No passphrase is asked for, no plug-in started and no command run before a wrap needs it.

mod ask;
mod identities;
mod key_command;
mod key_file;
mod lock;
mod locked_file;
mod plugin;
mod recipient;
mod sources;
mod ssh_key;
mod ssh_rsa;
mod warning;

pub(crate) use ask::{Ask, Terminal};
pub(crate) use identities::{Effort, Identities, UnwrapFault};
pub(crate) use recipient::{Recipient, RecipientError, WrapFault};
pub(crate) use sources::{SourceError, Sources};

#[cfg(test)]
mod tests;
