//! Age files as wraps of data keys: one recipient, one stanza, strictly read. CPU work only: no
//! files, no network, no runtime; ssh keys and plug-ins are for people and live in the CLI.
//!
//! - [`AgeRecipient`], [`AgeIdentity`]: the native keys, behind the traits of `seal_keys`;
//! - [`wrap_for`], [`unwrap_with`]: the same for any key that the crate `age` knows;
//! - [`stanza_type`]: what kind of wrap it is, told without any key;
//! - [`open_file`]: whole age files, as stock `age` opens them (encrypted identity files).
//!
//! Wraps are binary age files here; their armor belongs to the format.

mod file;
mod header;
mod identity;
mod recipient;
mod stanza;
mod wrap;

pub use file::{FileError, open_file};
pub use identity::{AgeIdentity, AgeIdentityError};
pub use recipient::{AgeRecipient, AgeRecipientError};
pub use stanza::{StanzaType, stanza_type};
pub use wrap::{UnwrapError, WrapError, unwrap_with, wrap_for};
