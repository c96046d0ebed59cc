//! Who this controller is to the data keys of SE1: its sealing keys and age identities, which are at
//! hand, and the keys in AWS KMS that its configuration names.

use std::collections::BTreeSet;
use std::sync::Arc;

use seal_format::se1::{Fault, RecipientName};
use seal_keys::{Identity, Keyring, SealingKey};
use sealing::{DataKeyNeed, NoSessionKey, UnwrapNeed};
use tokio::sync::watch as channel;
use zeroize::Zeroizing;

use crate::age_keys::{AgeKeys, AgeStore};
use crate::cloud_key::CloudKey;
use crate::keys::{KeyStore, LockedKeys};
use crate::kms_keys::{KmsKeys, KmsRequest};
use crate::metrics::{Metrics, UnwrapKind};

/// Recipients, or identities, that a message names; the others are counted.
const NAMED: usize = 8;
/// Characters of a name on each side of what is left out.
const ENDS: usize = 12;

/// Everything that may unwrap.
pub(crate) struct Identities {
    pub(crate) sealing: Arc<KeyStore>,
    pub(crate) age: Arc<AgeStore>,
    pub(crate) kms: Arc<KmsKeys>,
    /// The sealing key in KMS, if values are sealed for one. It is among `kms`.
    pub(crate) cloud: Option<Arc<CloudKey>>,
}

/// The identities of one moment: a pass uses one set from beginning to end.
pub(crate) struct Moment {
    ring: Arc<Keyring>,
    pub(crate) locked: Arc<LockedKeys>,
    age: Arc<AgeKeys>,
    kms: Arc<KmsKeys>,
    /// Values are sealed for a key in KMS.
    cloud: bool,
}

/// The sealing keys in the order in which values of one object try them: one key opened most of them, and then
/// each costs one private-key operation, however many keys there are.
pub(crate) struct KeyOrder(Vec<Arc<SealingKey>>);

impl KeyOrder {
    /// The key that opened the last value that one opened.
    pub(crate) fn first(&self) -> Option<&RecipientName> {
        self.0.first().map(|key| key.identity().name())
    }

    fn unwrap(&mut self, need: &UnwrapNeed<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let mut tried = self.0.iter().enumerate();
        let (place, session_key) = tried.find_map(|(place, key)| {
            let session_key = key.identity().unwrap(need.wrapped, need.label).ok()?;
            Some((place, session_key))
        })?;
        self.0[..=place].rotate_right(1);
        Some(session_key)
    }
}

/// What is known of a data key without asking anyone.
pub(crate) enum AtHand {
    /// Unwrapped, or nobody here can.
    Known(Result<Zeroizing<Vec<u8>>, Fault>),
    /// A service has to be asked: any of these, in this order.
    Elsewhere(Vec<KmsRequest>),
}

/// What is known of the session key of a legacy value without asking anyone.
pub(crate) enum LegacyAtHand {
    /// Unwrapped, or nobody can.
    Known(Result<Zeroizing<Vec<u8>>, NoSessionKey>),
    /// A service has to be asked: all of these, until one fits.
    Elsewhere(Vec<KmsRequest>),
}

impl Identities {
    /// The identities of this moment.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            // Before the ring: see there.
            locked: self.sealing.locked(),
            ring: self.sealing.ring(),
            age: self.age.keys(),
            kms: self.kms.clone(),
            cloud: self.cloud.is_some(),
        }
    }

    /// Waits until there is a sealing key, the age identities were listed once, and KMS was asked once for
    /// the public keys that are to be known. Before that objects would fail that open a moment later. With a
    /// sealing key in KMS others need not be there, but must be listed.
    pub(crate) async fn loaded(&self) {
        let mut sealing = self.sealing.changes();
        let enough = |listed| match &self.cloud {
            Some(_) => listed,
            None => self.sealing.ring().newest().is_some(),
        };
        if sealing.wait_for(|listed| enough(*listed)).await.is_err() {
            return;
        }
        self.sealing.tried().await;
        let mut age = self.age.changes();
        let mut kms = self.kms.changes();
        // An error is the end of the process.
        let age = async { age.wait_for(|loaded| *loaded).await.is_ok() };
        let kms = async { kms.wait_for(|asked| *asked).await.is_ok() };
        tokio::join!(age, kms);
    }

    /// What they are called in `to`.
    pub(crate) fn names(&self) -> BTreeSet<RecipientName> {
        let moment = self.moment();
        let sealing = moment.ring.keys().iter();
        let sealing = sealing.map(|key| key.identity().name().clone());
        sealing
            .chain(moment.age.names().cloned())
            .chain(moment.kms.learned())
            .collect()
    }

    /// Messages of every change.
    pub(crate) fn changes(&self) -> Changes {
        Changes {
            sealing: self.sealing.changes(),
            age: self.age.changes(),
            kms: self.kms.changes(),
        }
    }
}

/// Tells when identities come or go.
pub(crate) struct Changes {
    sealing: channel::Receiver<bool>,
    age: channel::Receiver<bool>,
    kms: channel::Receiver<bool>,
}

impl Changes {
    /// Waits for the next change; `None` at the end of the process.
    pub(crate) async fn next(&mut self) -> Option<()> {
        let changed = tokio::select! {
            changed = self.sealing.changed() => changed,
            changed = self.age.changed() => changed,
            changed = self.kms.changed() => changed,
        };
        changed.ok()
    }

    /// What happened until now is known.
    pub(crate) fn settle(&mut self) {
        for receiver in [&mut self.sealing, &mut self.age, &mut self.kms] {
            receiver.mark_unchanged();
        }
    }
}

impl Moment {
    /// The sealing keys that are at hand, newest first.
    pub(crate) fn ring(&self) -> &Keyring {
        &self.ring
    }

    /// For the values of one object.
    pub(crate) fn key_order(&self) -> KeyOrder {
        KeyOrder(self.ring.keys().to_vec())
    }

    /// Unwraps a data key with an identity at hand: one private-key operation, whatever the number of
    /// values. A failure ends it, and no second wrap is tried (docs/format.md, step 6).
    pub(crate) fn unwrap(&self, need: &DataKeyNeed<'_>, metrics: &Metrics) -> AtHand {
        let wraps = need.block.wraps();
        let mine = wraps
            .iter()
            .find_map(|wrap| Some((self.find(&wrap.to)?, wrap)));
        if let Some(((kind, identity), wrap)) = mine {
            let unwrapped = identity.unwrap(&wrap.blob, b"").map_err(|_| Fault::BadWrap);
            metrics.unwrapped(kind, unwrapped.as_ref().err().copied());
            return AtHand::Known(unwrapped);
        }
        let requests = self.kms.requests(need);
        if requests.is_empty() && self.locked.note(need).is_some() {
            metrics.unwrapped(UnwrapKind::Rsa, Some(Fault::Unavailable));
            return AtHand::Known(Err(Fault::Unavailable));
        }
        if requests.is_empty() {
            metrics.unwrapped(UnwrapKind::None, Some(Fault::NoIdentity));
            return AtHand::Known(Err(Fault::NoIdentity));
        }
        AtHand::Elsewhere(requests)
    }

    /// Unwraps the session key of a legacy value with a key at hand; else each RSA key in KMS may hold it, if
    /// the value is cluster-wide; else a locked key may.
    pub(crate) fn unwrap_legacy(
        &self,
        need: &UnwrapNeed<'_>,
        order: &mut KeyOrder,
        metrics: &Metrics,
    ) -> LegacyAtHand {
        if let Some(key) = order.unwrap(need) {
            metrics.unwrapped(UnwrapKind::Legacy, None);
            return LegacyAtHand::Known(Ok(key));
        }
        let requests = self.kms.legacy_requests(need);
        if !requests.is_empty() {
            return LegacyAtHand::Elsewhere(requests);
        }
        let (fault, why) = match self.locked.legacy_note(need) {
            Some(_) => (Fault::Unavailable, NoSessionKey::Unavailable),
            None => (Fault::BadWrap, NoSessionKey::NoKey),
        };
        metrics.unwrapped(UnwrapKind::Legacy, Some(fault));
        LegacyAtHand::Known(Err(why))
    }

    /// Why a legacy value that is sealed for the key in KMS does not open, if that may be the reason.
    pub(crate) fn label_note(&self, need: &UnwrapNeed<'_>) -> Option<&'static str> {
        (self.cloud && !need.label.is_empty()).then_some(
            "what is sealed for the sealing key in KMS opens in this format only if it is cluster-wide, as KMS \
             takes no label: seal it in the format SE1 (seal --format-version se1), or cluster-wide",
        )
    }

    fn find(&self, to: &RecipientName) -> Option<(UnwrapKind, &dyn Identity)> {
        if let Some(key) = self.ring.find(to) {
            return Some((UnwrapKind::Rsa, key.identity()));
        }
        let identity = self.age.find(to)?;
        Some((UnwrapKind::Age, identity))
    }

    /// For a data key that nobody here opens: who could, and who we are. All of it is public.
    pub(crate) fn nobody(&self, need: &DataKeyNeed<'_>) -> String {
        let wraps = need.block.wraps().iter();
        let sealing = self.ring.keys().iter();
        let sealing = sealing.map(|key| short(key.identity().name().as_str()));
        let ours = sealing
            .chain(self.age.names().map(|name| short(name.as_str())))
            .chain(self.kms.names());
        format!(
            "data key {} is for {}; this controller is {}",
            need.block.id(),
            list(wraps.map(|wrap| short(wrap.to.as_str())).collect()),
            list(ours.collect())
        )
    }
}

fn list(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}

/// Enough of a recipient's name to find it again. The end of an ARN is what tells keys apart, so these
/// are short enough to stay whole.
fn short(name: &str) -> String {
    if name.starts_with("arn:") || name.len() <= 2 * ENDS + 4 {
        return name.chars().take(128).collect();
    }
    // Only the ends of ASCII texts: all that `to` may hold.
    let (head, tail) = (name.get(..ENDS + 4), name.get(name.len() - ENDS..));
    format!("{}…{}", head.unwrap_or_default(), tail.unwrap_or_default())
}

#[cfg(test)]
impl Moment {
    /// With these sealing keys, and no others.
    pub(crate) fn of_keys(keys: Vec<Arc<SealingKey>>) -> Self {
        use clap::Parser as _;
        let args = crate::args::Args::try_parse_from(["x"]).unwrap();
        let metrics = Arc::new(Metrics::new("test"));
        Self {
            ring: Arc::new(Keyring::new(keys)),
            locked: Arc::default(),
            age: Arc::default(),
            kms: Arc::new(KmsKeys::new(&args.kms, None, metrics)),
            cloud: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use seal_keys::{Recipient as _, issue};

    use super::*;

    fn key(number: i64) -> Arc<SealingKey> {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(number);
        let issued = issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
        let name = number.to_string();
        Arc::new(SealingKey::new(name, issued.certificate, &issued.key, now).unwrap())
    }

    #[test]
    fn the_key_that_opened_a_value_is_tried_first_for_the_next() {
        let keys: Vec<_> = (0..3).map(key).collect();
        let mut order = KeyOrder(keys.clone());
        let names = |order: &KeyOrder| -> Vec<String> {
            order.0.iter().map(|key| key.name().to_owned()).collect()
        };
        for (sealed_for, label, found, after) in [
            (2, &b"a"[..], true, ["2", "0", "1"]),
            (2, b"a", true, ["2", "0", "1"]),
            (0, b"a", true, ["0", "2", "1"]),
            (1, b"b", false, ["0", "2", "1"]),
            (1, b"a", true, ["1", "0", "2"]),
        ] {
            let recipient = keys[sealed_for].identity().recipient().unwrap();
            let wrapped = recipient.wrap(&[7; 32], b"a").unwrap();
            let wrapped = wrapped.as_slice();
            let session_key = order.unwrap(&UnwrapNeed { wrapped, label });
            assert_eq!(session_key.is_some(), found);
            assert_eq!(names(&order), after);
        }
    }

    #[test]
    fn names_are_short_and_few() {
        let age = "age163660ju4k9ayqwd86tmpvhc68vnc8ztdedvxv7dmja2h5a6y9v8qpyf9cy";
        assert_eq!(short(age), "age163660ju4k9ay…6y9v8qpyf9cy");
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(short(arn), arn);
        assert_eq!(list(vec![]), "nobody");
        let names = list(vec!["x".to_owned(); 10]);
        assert_eq!(names, "x, x, x, x, x, x, x, x, 2 more");
    }
}
