//! The private keys of clusters that were named.

use std::path::PathBuf;

use seal_format::se1::{DataKeyBlock, Fault};
use seal_keys::{Identity as _, RsaIdentity};
use sealing::{Answers, NoSessionKey, Opening};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::identity::private_keys;
use crate::ui;

/// All of them; there may be none.
pub(super) struct PrivateKeys(Vec<RsaIdentity>);

impl PrivateKeys {
    /// Reads every file. One without a key that can be used is told of and passed over, as kubeseal
    /// does: after a disaster what there is should open what it can.
    ///
    /// # Errors
    /// Those of a file that cannot be read at all.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, CliError> {
        let mut keys = Vec::new();
        for file in files {
            match private_keys::read(file) {
                Ok(found) => keys.extend(found),
                Err(useless @ CliError::PrivateKey { .. }) => ui::warn(&useless.to_string()),
                Err(error) => return Err(error),
            }
        }
        Ok(Self(keys))
    }

    /// What the keys make of everything that an object needs.
    pub(super) fn answers(&self, opening: &Opening<'_>) -> Answers {
        let session_keys = opening.needs().map(|need| {
            let mut keys = self.0.iter();
            let found = keys.find_map(|key| key.unwrap(need.wrapped, need.label).ok());
            found.ok_or(NoSessionKey::NoKey)
        });
        Answers {
            session_keys: session_keys.collect(),
            data_keys: opening
                .data_keys()
                .map(|need| self.data_key(need.block))
                .collect(),
        }
    }

    /// A data key of SE1, by the wrap that is for one of the keys.
    fn data_key(&self, block: &DataKeyBlock) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let found = block.wraps().iter().find_map(|wrap| {
            let key = self.0.iter().find(|key| *key.name() == wrap.to)?;
            Some(key.unwrap(&wrap.blob, b""))
        });
        found.ok_or(Fault::NoIdentity)?.map_err(|_| Fault::BadWrap)
    }
}
