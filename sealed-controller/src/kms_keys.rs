//! Keys in AWS KMS that unwrap data keys: only those that the configuration names, never one because an
//! object does.

mod health;
mod public_keys;
mod wrap_digest;

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;

use seal_format::se1::{Binding, Fault, RecipientKind, RecipientName};
use seal_kms::{
    Action, CacheOptions, KeyArn, Kms, KmsError, KmsFault, KmsOptions, Retries, UnwrapCache,
};
use sealing::{DataKeyNeed, UnwrapNeed};
use tokio::sync::watch as channel;
use zeroize::Zeroizing;

use crate::args::KmsArgs;
use crate::metrics::{Metrics, UnwrapKind};
use health::Health;
pub(crate) use public_keys::PublicHalf;
use public_keys::PublicKeys;

/// Calls per second in the long run. AWS allows 500 for RSA keys, and from 5,000 on for symmetric ones,
/// to all programs of an account together.
const CALLS_PER_SECOND: u32 = 200;
/// Calls that may run ahead of that, as at a start.
const BURST: u32 = 400;
/// An answer takes a few hundredths of a second; while one is awaited a worker is held.
const ANSWER: std::time::Duration = std::time::Duration::from_secs(5);

/// The allow list, and what calls need.
pub(crate) struct KmsKeys {
    kms: Kms,
    symmetric: Vec<KeyArn>,
    rsa: PublicKeys,
    cache: UnwrapCache,
    health: Health,
    metrics: Arc<Metrics>,
}

/// One wrap that a key in KMS may open.
#[derive(Clone)]
pub(crate) struct KmsRequest {
    route: Route,
    blob: Vec<u8>,
    of: Origin,
}

/// What a wrap belongs to.
#[derive(Clone)]
enum Origin {
    /// A data key of SE1.
    DataKey { to: RecipientName, object: Binding },
    /// A cluster-wide value of the legacy format, which names neither key nor place: one for each key that may fit.
    LegacyValue(KeyArn),
}

impl KmsRequest {
    /// What its answer is remembered under.
    pub(crate) fn digest(&self) -> [u8; 32] {
        match &self.of {
            Origin::DataKey { to, object } => wrap_digest::of(to, object, &self.blob),
            Origin::LegacyValue(key) => wrap_digest::of_legacy(key, &self.blob),
        }
    }

    /// Whether both ask the same key.
    pub(crate) fn is_to_the_key_of(&self, other: &Self) -> bool {
        match (&self.route, &other.route) {
            (Route::Symmetric(key, _), Route::Symmetric(of_other, _))
            | (Route::Rsa(key), Route::Rsa(of_other)) => key == of_other,
            _ => false,
        }
    }
}

#[derive(Clone)]
enum Route {
    /// With this key, and the object's place as encryption context.
    Symmetric(KeyArn, Binding),
    /// With the private half of this key.
    Rsa(KeyArn),
    /// The public half of a key is not known yet: the wrap may be for that one.
    Unknown(KmsError),
}

/// Why KMS did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable(KmsError);

impl Unavailable {
    /// Whether it may pass without anyone doing anything.
    pub(crate) fn is_transient(&self) -> bool {
        self.0.is_transient() || matches!(self.0.fault, KmsFault::Credentials(_))
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl KmsKeys {
    /// `sealing_key` is one more RSA key that may be used, and the first that is tried. Nothing is called
    /// before [`Self::learn_for_ever`].
    pub(crate) fn new(args: &KmsArgs, sealing_key: Option<&KeyArn>, metrics: Arc<Metrics>) -> Self {
        let mut rsa: Vec<KeyArn> = sealing_key.cloned().into_iter().collect();
        for key in args.rsa() {
            if !rsa.contains(&key) {
                rsa.push(key);
            }
        }
        let kms = Kms::new(KmsOptions {
            endpoint: args.endpoint(),
            region_of_replicas: args.region(),
            // Back-offs of our own tell the object's status why it waits.
            retries: Retries::None,
            attempt_timeout: ANSWER,
            ..KmsOptions::default()
        });
        let cache = UnwrapCache::new(CacheOptions {
            per_second: NonZeroU32::MIN.saturating_add(CALLS_PER_SECOND - 1),
            burst: NonZeroU32::MIN.saturating_add(BURST - 1),
            ..CacheOptions::default()
        });
        Self {
            kms,
            symmetric: args.symmetric(),
            rsa: PublicKeys::new(&rsa),
            cache,
            health: Health::default(),
            metrics,
        }
    }

    /// Reads the public halves of the RSA keys, as often as it takes; never ends.
    pub(crate) async fn learn_for_ever(self: Arc<Self>) {
        self.rsa.learn(&self.kms).await;
        std::future::pending::<()>().await;
    }

    /// Messages: whether every public key was asked for once; one for each that is known, and one when a
    /// key is back after an outage.
    pub(crate) fn changes(&self) -> channel::Receiver<bool> {
        self.rsa.changes()
    }

    /// The public half of an RSA key that may be used.
    ///
    /// # Errors
    /// Why it is not known yet.
    pub(crate) fn public_half(&self, key: &KeyArn) -> Result<Arc<PublicHalf>, KmsError> {
        self.rsa.of(key).unwrap_or_else(|| {
            Err(KmsError {
                action: Action::GetPublicKey,
                key: key.to_string(),
                fault: KmsFault::NotFound,
            })
        })
    }

    /// RSA keys by what they are called in `to`, as far as that is known.
    pub(crate) fn learned(&self) -> Vec<RecipientName> {
        self.rsa.names()
    }

    /// All keys, for people.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let rsa = self.rsa.arns();
        self.symmetric.iter().chain(rsa).map(ToString::to_string)
    }

    /// The wraps of a data key that may be for us, in their order.
    pub(crate) fn requests(&self, need: &DataKeyNeed<'_>) -> Vec<KmsRequest> {
        let wraps = need.block.wraps().iter();
        wraps
            .filter_map(|wrap| {
                Some(KmsRequest {
                    route: self.route(&wrap.to, need.object)?,
                    blob: wrap.blob.clone(),
                    of: Origin::DataKey {
                        to: wrap.to.clone(),
                        object: need.object.clone(),
                    },
                })
            })
            .collect()
    }

    /// The RSA keys that a value of the legacy format may be sealed for: each that fits by size, as the format
    /// names none. Only where the label is empty (scope cluster-wide), as KMS takes no other.
    pub(crate) fn legacy_requests(&self, need: &UnwrapNeed<'_>) -> Vec<KmsRequest> {
        if !need.label.is_empty() {
            return Vec::new();
        }
        let keys = self.rsa.of_size(need.wrapped.len()).into_iter();
        keys.map(|key| KmsRequest {
            route: Route::Rsa(key.clone()),
            blob: need.wrapped.to_vec(),
            of: Origin::LegacyValue(key),
        })
        .collect()
    }

    fn route(&self, to: &RecipientName, object: &Binding) -> Option<Route> {
        match to.kind() {
            RecipientKind::Kms => {
                let named: KeyArn = to.as_str().parse().ok()?;
                let mut allowed = self.symmetric.iter();
                let key = allowed.find(|key| is_same_key(key, &named))?;
                Some(Route::Symmetric(key.clone(), object.clone()))
            }
            RecipientKind::Rsa => match self.rsa.find(to) {
                Some(arn) => Some(Route::Rsa(arn)),
                None => self.rsa.not_learned().map(Route::Unknown),
            },
            _ => None,
        }
    }

    /// Step 6 of reading, from memory or from KMS. The inner error ends the reading.
    ///
    /// # Errors
    /// When KMS did not do its work, from which nothing follows about the wrap.
    pub(crate) async fn unwrap(
        &self,
        request: &KmsRequest,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Fault>, Unavailable> {
        let kms = &self.kms;
        let blob = &request.blob;
        match &request.route {
            Route::Symmetric(key, object) => {
                let context = object.kms_context();
                let call = Box::pin(kms.unwrap(key, &context, blob));
                self.cached(UnwrapKind::Kms, key, request.digest(), call)
                    .await
            }
            Route::Rsa(key) => {
                let call = Box::pin(kms.unwrap_rsa(key, blob));
                self.cached(UnwrapKind::KmsRsa, key, request.digest(), call)
                    .await
            }
            Route::Unknown(error) => Err(Unavailable(error.clone())),
        }
    }

    /// What these were answered with was no data key, or another than the object's: whatever the reason is,
    /// the next try asks again.
    pub(crate) fn forget(&self, digests: &[[u8; 32]]) {
        for digest in digests {
            self.cache.forget(digest);
        }
    }

    async fn cached(
        &self,
        kind: UnwrapKind,
        key: &KeyArn,
        digest: [u8; 32],
        call: impl Future<Output = Result<Zeroizing<Vec<u8>>, KmsError>>,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Fault>, Unavailable> {
        if let Some(data_key) = self.cache.known(&digest) {
            self.metrics.remembered(kind);
            return Ok(Ok(Zeroizing::clone(&data_key)));
        }
        // Nobody waits, or uses up a turn, for what is known to be away.
        self.health.verdict(key).map_err(Unavailable)?;
        let mut called = false;
        let call = async {
            called = true;
            let answer = call.await;
            if self.health.note(key, answer.as_ref().err()) {
                self.rsa.announce();
            }
            self.metrics.unwrapped(kind, fault_of(&answer));
            answer
        };
        let answer = self.cache.get_or_unwrap(digest, call).await;
        if answer.is_ok() && !called {
            self.metrics.remembered(kind);
        }
        match answer {
            Ok(data_key) => Ok(Ok(Zeroizing::clone(&data_key))),
            Err(error) if error.fault == KmsFault::BadWrap => Ok(Err(Fault::BadWrap)),
            Err(error) => Err(Unavailable(error)),
        }
    }
}

fn fault_of<T>(answer: &Result<T, KmsError>) -> Option<Fault> {
    answer.as_ref().err().map(|error| match error.fault {
        KmsFault::BadWrap => Fault::BadWrap,
        _ => Fault::Unavailable,
    })
}

/// Replicas of a multi-Region key differ in the region alone.
fn is_same_key(allowed: &KeyArn, named: &KeyArn) -> bool {
    allowed == named
        || (allowed.is_multi_region()
            && named.in_region(allowed.region()).as_ref() == Some(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use clap::Parser as _;
    use futures::FutureExt as _;

    /// Thousands of objects that wait for KMS must not use up the turns of those who call it when it
    /// is back.
    #[test]
    fn an_outage_leaves_no_queue_behind() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/a";
        let args = Args::try_parse_from(["x", &format!("--kms-key={arn}")]).unwrap();
        let keys = KmsKeys::new(&args.kms, None, Arc::new(Metrics::new("test")));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let key: KeyArn = arn.parse().unwrap();
            let down = KmsError {
                action: Action::Decrypt,
                key: arn.to_owned(),
                fault: KmsFault::Unavailable,
            };
            keys.health.note(&key, Some(&down));
            for number in 0..10 * BURST {
                let object = Binding::from_text("strict/prod/db").unwrap();
                let request = KmsRequest {
                    route: Route::Symmetric(key.clone(), object.clone()),
                    blob: number.to_be_bytes().to_vec(),
                    of: Origin::DataKey {
                        to: RecipientName::from_text(arn).unwrap(),
                        object,
                    },
                };
                let answer = keys.unwrap(&request).await;
                assert_eq!(answer.err(), Some(Unavailable(down.clone())));
            }
            let back = async { Ok(Zeroizing::new(vec![7; 40])) };
            let called = keys.cache.get_or_unwrap([7; 32], back).now_or_never();
            assert!(called.is_some_and(|answer| answer.is_ok()), "at once");
        });
    }

    #[test]
    fn only_replicas_of_one_key_are_the_same() {
        let one = "arn:aws:kms:eu-central-1:111122223333:key/mrk-1";
        for (allowed, named, same) in [
            (one, one, true),
            (one, "arn:aws:kms:us-east-1:111122223333:key/mrk-1", true),
            (one, "arn:aws:kms:us-east-1:999922223333:key/mrk-1", false),
            (
                one,
                "arn:aws-cn:kms:us-east-1:111122223333:key/mrk-1",
                false,
            ),
            (one, "arn:aws:kms:us-east-1:111122223333:key/mrk-2", false),
            (
                "arn:aws:kms:eu-central-1:111122223333:key/1",
                "arn:aws:kms:us-east-1:111122223333:key/1",
                false,
            ),
        ] {
            let (allowed, named) = (allowed.parse().unwrap(), named.parse().unwrap());
            assert_eq!(is_same_key(&allowed, &named), same, "{named}");
        }
    }
}
