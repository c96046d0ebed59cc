//! One file per action.

pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod fetch_cert;
pub(crate) mod inspect;
pub(crate) mod keys;
pub(crate) mod man;
pub(crate) mod merge_into;
pub(crate) mod open;
pub(crate) mod raw;
pub(crate) mod re_encrypt;
pub(crate) mod recipients;
pub(crate) mod recovery_unseal;
pub(crate) mod rekey;
pub(crate) mod seal;
pub(crate) mod set;
pub(crate) mod unset;
pub(crate) mod validate;
pub(crate) mod version;
