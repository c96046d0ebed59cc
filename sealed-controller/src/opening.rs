//! From a SealedSecret to what its Secret is to hold: private keys at hand and templates on threads for
//! blocking work, key services in between.

use std::sync::Arc;

use futures::StreamExt as _;
use seal_api::SealedSecret;
use seal_format::se1::Fault;
use sealing::{Answers, NoSessionKey, OpenError, OpenedSecret, Opening, scope_of};
use template::GoTemplate;
use zeroize::Zeroizing;

use crate::identities::{AtHand, Identities, LegacyAtHand, Moment};
use crate::kms_keys::{KmsKeys, KmsRequest, Unavailable};
use crate::metrics::Metrics;
use crate::sealed_object::Guarded;
use crate::sync_error::{Details, SyncError};
use crate::turn::{Crowded, Turn};

/// Data keys of one object that are unwrapped by a service at the same time.
const AT_ONCE: usize = 4;

/// Opens it: one private-key operation, or one call to a service, for each data key of SE1; one for
/// each value of the legacy format.
pub(crate) async fn open(
    object: &Arc<Guarded>,
    identities: &Identities,
    engine: &Arc<GoTemplate>,
    metrics: &Arc<Metrics>,
    turn: &mut Turn<'_>,
) -> Result<OpenedSecret, SyncError> {
    let first = {
        let (object, engine, metrics) = (object.clone(), engine.clone(), metrics.clone());
        let moment = identities.moment();
        blocking(move || at_hand(&object, &moment, &engine, &metrics)).await?
    };
    let waiting = match first {
        AtHandPass::Opened(opened) => return Ok(*opened),
        AtHandPass::Waiting(waiting) => waiting,
    };
    let answered = waiting.digests();
    let asked = turn.aside(waiting.ask(&identities.kms)).await;
    let (answers, details) = asked.map_err(|Crowded| SyncError::Crowded)?;
    let (object, engine, kms) = (object.clone(), engine.clone(), identities.kms.clone());
    blocking(move || {
        let sealed = well_formed(&object)?;
        let opening = prepare(sealed).map_err(|error| explained(error, details.clone(), sealed))?;
        let opened = opening.finish(&answers, engine.as_ref());
        opened.map_err(|error| {
            if is_of_wrong_key(&error) {
                kms.forget(&answered);
            }
            explained(error, details, sealed)
        })
    })
    .await
}

/// What a first pass came to.
enum AtHandPass {
    Opened(Box<OpenedSecret>),
    Waiting(Waiting),
}

/// An object some of whose keys a service may have to unwrap.
pub(crate) struct Waiting {
    /// In the order of [`Opening::needs`].
    pub(crate) session_keys: Vec<LegacyAtHand>,
    /// In the order of [`Opening::data_keys`].
    pub(crate) data_keys: Vec<AtHand>,
    pub(crate) details: Details,
}

fn at_hand(
    object: &Guarded,
    moment: &Moment,
    engine: &GoTemplate,
    metrics: &Metrics,
) -> Result<AtHandPass, SyncError> {
    let sealed = well_formed(object)?;
    let opening = prepare(sealed).map_err(|error| explained(error, Details::default(), sealed))?;
    let mut details = Details::default();
    let mut order = moment.key_order();
    let session_keys = opening
        .needs()
        .map(|need| {
            let unwrapped = moment.unwrap_legacy(&need, &mut order, metrics);
            match unwrapped {
                LegacyAtHand::Known(Err(NoSessionKey::Unavailable)) => {
                    details.locked(moment.locked.legacy_note(&need));
                }
                LegacyAtHand::Known(Err(_)) => {
                    let note = moment.label_note(&need).into_iter();
                    note.for_each(|note| details.add(note.to_owned()));
                }
                _ => {}
            }
            unwrapped
        })
        .collect();
    let data_keys: Vec<_> = opening
        .data_keys()
        .map(|need| {
            let unwrapped = moment.unwrap(&need, metrics);
            match unwrapped {
                AtHand::Known(Err(Fault::NoIdentity)) => details.add(moment.nobody(&need)),
                AtHand::Known(Err(Fault::Unavailable)) => details.locked(moment.locked.note(&need)),
                _ => {}
            }
            unwrapped
        })
        .collect();
    let waiting = Waiting {
        session_keys,
        data_keys,
        details,
    };
    match waiting.answers() {
        Ok((answers, details)) => opening
            .finish(&answers, engine)
            .map(|opened| AtHandPass::Opened(Box::new(opened)))
            .map_err(|error| explained(error, details, sealed)),
        Err(waiting) => Ok(AtHandPass::Waiting(waiting)),
    }
}

impl Waiting {
    /// The answers, if nobody has to be asked any more.
    pub(crate) fn answers(self) -> Result<(Answers, Details), Self> {
        let elsewhere = |key: &AtHand| matches!(key, AtHand::Elsewhere(_));
        let legacy_elsewhere = |key: &LegacyAtHand| matches!(key, LegacyAtHand::Elsewhere(_));
        if self.data_keys.iter().any(elsewhere) || self.session_keys.iter().any(legacy_elsewhere) {
            return Err(self);
        }
        let known = self.data_keys.into_iter().map(|key| match key {
            AtHand::Known(answer) => answer,
            AtHand::Elsewhere(_) => Err(Fault::Unavailable),
        });
        let session_keys = self.session_keys.into_iter().map(|key| match key {
            LegacyAtHand::Known(answer) => answer,
            LegacyAtHand::Elsewhere(_) => Err(NoSessionKey::Unavailable),
        });
        let answers = Answers {
            session_keys: session_keys.collect(),
            data_keys: known.collect(),
        };
        Ok((answers, self.details))
    }

    /// Calls to services that it may take.
    pub(crate) fn calls(&self) -> usize {
        let session_keys = self.session_keys.iter().map(|key| match key {
            LegacyAtHand::Elsewhere(requests) => requests.len(),
            LegacyAtHand::Known(_) => 0,
        });
        let data_keys = self.data_keys.iter().map(|key| match key {
            AtHand::Elsewhere(requests) => requests.len(),
            AtHand::Known(_) => 0,
        });
        session_keys.chain(data_keys).sum()
    }

    /// What the answers for data keys will be remembered under.
    pub(crate) fn digests(&self) -> Vec<[u8; 32]> {
        let requests = self.data_keys.iter().filter_map(|key| match key {
            AtHand::Elsewhere(requests) => Some(requests),
            AtHand::Known(_) => None,
        });
        requests.flatten().map(KmsRequest::digest).collect()
    }

    /// Asks the services.
    pub(crate) async fn ask(self, kms: &KmsKeys) -> (Answers, Details) {
        let mut details = self.details;
        let session_keys = ask_for_legacy(self.session_keys, kms, &mut details).await;
        let mut data_keys = Vec::with_capacity(self.data_keys.len());
        let asked = self.data_keys.into_iter().map(|key| async {
            match key {
                AtHand::Known(answer) => (answer, None),
                AtHand::Elsewhere(requests) => first_answer(&requests, kms).await,
            }
        });
        let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
        while let Some((answer, unavailable)) = answers.next().await {
            data_keys.push(answer);
            if let Some(unavailable) = unavailable {
                details.unavailable(&unavailable);
            }
        }
        let answers = Answers {
            session_keys,
            data_keys,
        };
        (answers, details)
    }
}

/// Asks for session keys until one value is known not to open: whoever may write objects could have thousands of
/// worthless ones asked for.
async fn ask_for_legacy(
    keys: Vec<LegacyAtHand>,
    kms: &KmsKeys,
    details: &mut Details,
) -> Vec<Result<Zeroizing<Vec<u8>>, NoSessionKey>> {
    let all = keys.len();
    let mut session_keys = Vec::with_capacity(all);
    let asked = keys.into_iter().map(|key| async {
        match key {
            LegacyAtHand::Known(answer) => (answer, None),
            LegacyAtHand::Elsewhere(requests) => fitting_answer(&requests, kms).await,
        }
    });
    let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
    while let Some((answer, unavailable)) = answers.next().await {
        let refused = matches!(answer, Err(NoSessionKey::NoKey));
        session_keys.push(answer);
        if let Some(unavailable) = unavailable {
            details.unavailable(&unavailable);
        }
        if refused {
            break;
        }
    }
    session_keys.resize_with(all, || Err(NoSessionKey::NotTried));
    session_keys
}

/// That of the one key that fits: a legacy value does not say which that is, so all may have to be asked.
async fn fitting_answer(
    requests: &[KmsRequest],
    kms: &KmsKeys,
) -> (
    Result<Zeroizing<Vec<u8>>, NoSessionKey>,
    Option<Unavailable>,
) {
    let mut first = None;
    for request in requests {
        match kms.unwrap(request).await {
            Ok(Ok(key)) => return (Ok(key), None),
            Ok(Err(_)) => {}
            Err(unavailable) => first = first.or(Some(unavailable)),
        }
    }
    let why = match first {
        Some(_) => NoSessionKey::Unavailable,
        None => NoSessionKey::NoKey,
    };
    (Err(why), first)
}

/// Only after `unavailable` may another wrap be tried: nothing was learned from the first.
async fn first_answer(
    requests: &[KmsRequest],
    kms: &KmsKeys,
) -> (Result<Zeroizing<Vec<u8>>, Fault>, Option<Unavailable>) {
    let mut first = None;
    let mut failed: Vec<&KmsRequest> = Vec::new();
    for request in requests {
        // Replicas of one key may be named in many wraps: it is asked once.
        if failed.iter().any(|other| other.is_to_the_key_of(request)) {
            continue;
        }
        match kms.unwrap(request).await {
            Ok(unwrapped) => return (unwrapped, None),
            Err(unavailable) => first = first.or(Some(unavailable)),
        }
        failed.push(request);
    }
    (Err(Fault::Unavailable), first)
}

/// Whether a service gave what is no data key, or not the one that was committed to.
pub(crate) fn is_of_wrong_key(error: &OpenError) -> bool {
    let faults = error.reasons().iter().map(|(reason, _)| reason.fault());
    let wrong = [Some(Fault::BadWrap), Some(Fault::BadCommitment)];
    faults.into_iter().any(|fault| wrong.contains(&fault))
}

fn well_formed(object: &Guarded) -> Result<&SealedSecret, SyncError> {
    object.0.as_ref().map_err(|_| SyncError::Malformed)
}

fn prepare(sealed: &SealedSecret) -> Result<Opening<'_>, OpenError> {
    let metadata = &sealed.metadata;
    Opening::prepare(
        &sealed.spec,
        scope_of(metadata.annotations.as_ref()),
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

fn explained(error: OpenError, mut details: Details, sealed: &SealedSecret) -> SyncError {
    if error.fault() == Some(Fault::MissingDataKey) && sealed.spec.data_keys.is_empty() {
        details.add(
            "spec.dataKeys is empty: kubeseal and the resource definition of Sealed Secrets drop it; \
             apply the definition that comes with this controller, and edit the file with seal"
                .to_owned(),
        );
    }
    SyncError::opening(error, details)
}

/// Private-key operations and templates cost milliseconds of CPU: off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SyncError> + Send + 'static,
) -> Result<T, SyncError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| {
        if error.is_panic() {
            SyncError::Internal
        } else {
            SyncError::Stopping
        }
    })?
}
