//! Sealing keys that nobody could unwrap yet. Their certificates tell what they would open.

use seal_format::se1::RecipientName;
use seal_keys::RsaRecipient;
use sealing::{DataKeyNeed, UnwrapNeed};

use super::key_secret::WrappedSecret;

/// The locked keys of one moment.
#[derive(Default)]
pub(crate) struct LockedKeys(Vec<LockedKey>);

struct LockedKey {
    /// Of the key Secret.
    name: String,
    /// `None` if the certificate is for no RSA key, which then opens nothing.
    recipient: Option<(RecipientName, usize)>,
}

impl LockedKeys {
    pub(super) fn of<'a>(secrets: impl Iterator<Item = &'a WrappedSecret>) -> Self {
        let keys = secrets.map(|secret| {
            let recipient = RsaRecipient::from_spki(secret.certificate.spki());
            LockedKey {
                name: secret.name.clone(),
                recipient: recipient.map(|key| (key.name().clone(), key.bits().div_ceil(8))),
            }
        });
        Self(keys.collect())
    }

    /// Names of their Secrets.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.name.as_str())
    }

    /// What a data key waits for, if it is wrapped for one of them.
    pub(crate) fn note(&self, need: &DataKeyNeed<'_>) -> Option<String> {
        let wraps = need.block.wraps();
        let mine = |name: &RecipientName| wraps.iter().any(|wrap| wrap.to == *name);
        let name = self.find(|name, _| mine(name)).next()?;
        Some(format!(
            "data key {} is for the sealing key {name}, which cannot be unwrapped yet; its Secret has an event \
             that says why",
            need.block.id()
        ))
    }

    /// What a legacy value may wait for. It names no key, but its block is as long as the key's modulus.
    pub(crate) fn legacy_note(&self, need: &UnwrapNeed<'_>) -> Option<String> {
        let long = need.wrapped.len();
        let names: Vec<_> = self.find(|_, bytes| bytes == long).take(NAMED).collect();
        (!names.is_empty()).then(|| {
            format!(
                "no key at hand opens it; it may be sealed for a sealing key that cannot be unwrapped yet: {}. \
                 Its Secret has an event that says why",
                names.join(", ")
            )
        })
    }

    fn find(
        &self,
        mut is_it: impl FnMut(&RecipientName, usize) -> bool,
    ) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |key| {
            let recipient = key.recipient.as_ref();
            recipient.is_some_and(|(name, bytes)| is_it(name, *bytes))
        });
        found.map(|key| key.name.as_str())
    }
}

/// Keys that one message names.
const NAMED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(name: &str, bytes: usize) -> LockedKey {
        let recipient = RecipientName::from_text(&format!("rsa:{}", "0".repeat(64))).unwrap();
        LockedKey {
            name: name.to_owned(),
            recipient: Some((recipient, bytes)),
        }
    }

    #[test]
    fn a_legacy_value_waits_only_for_keys_of_its_size() {
        let keys = LockedKeys(vec![locked("a", 256), locked("b", 512), locked("c", 256)]);
        let note = |long: usize| {
            keys.legacy_note(&UnwrapNeed {
                wrapped: &vec![0; long],
                label: b"",
            })
        };
        assert!(note(256).unwrap().contains("unwrapped yet: a, c. "));
        assert!(note(512).unwrap().contains("unwrapped yet: b. "));
        assert_eq!(note(384), None);
        assert_eq!(note(0), None);
    }
}
