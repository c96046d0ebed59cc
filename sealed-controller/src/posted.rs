//! `/v1/verify` and `/v1/rotate` (contract §5.2, §5.3): SealedSecrets that people post to have them tried, or encrypted
//! for the newest key.
//!
//! Whoever reaches the port may ask, so a request gets little: one is worked on at a time, for a bounded time, beside
//! the reconciling of objects; few wait; no template is rendered, and an answer tells whether the whole opens and
//! nothing of why not.

mod document;
mod open;
mod rate_limit;
mod refusal;
mod rotate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use seal_keys::RsaRecipient;
use sealing::Answers;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::identities::{Identities, Moment};
use crate::metrics::Metrics;
use crate::opening::{Waiting, is_of_wrong_key};
use document::{NotOne, Posted};
pub(crate) use rate_limit::Rate;
use rate_limit::{Excess, RateLimits};
use refusal::Refusal;
use rotate::Newest;

/// Bytes of a body: more than an API server stores of an object.
const LARGEST: usize = 2 << 20;
/// Bodies in memory at the same time.
const BODIES: usize = 16;
/// For a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);
/// For the keys, after a start.
const KEYS: Duration = Duration::from_secs(5);
/// For others to finish.
const TURN: Duration = Duration::from_secs(10);
/// For private-key operations of one request.
const WORK: Duration = Duration::from_secs(10);
/// For key services: the API server's proxy gives up after a minute.
const SERVICES: Duration = Duration::from_secs(20);

/// What is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Tell whether it opens.
    Verify,
    /// Encrypt it for the newest key.
    Rotate,
}

impl Task {
    /// Where it is posted.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Verify => "/v1/verify",
            Self::Rotate => "/v1/rotate",
        }
    }
}

/// Does what is asked for by post.
pub(crate) struct PostedWork {
    identities: Arc<Identities>,
    metrics: Arc<Metrics>,
    limits: RateLimits,
    bodies: Arc<Semaphore>,
    /// One at a time: of several cores, objects keep all but one.
    turn: Arc<Semaphore>,
}

/// What is needed from the beginning of a task to its end.
struct Job {
    posted: Posted,
    moment: Moment,
    /// What to seal for, if anything is to be sealed.
    newest: Option<Newest>,
}

impl PostedWork {
    pub(crate) fn new(identities: Arc<Identities>, metrics: Arc<Metrics>, rate: Rate) -> Self {
        Self {
            identities,
            metrics,
            limits: RateLimits::new(rate),
            bodies: Arc::new(Semaphore::new(BODIES)),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(self: Arc<Self>, task: Task, request: Request) -> Response {
        let standing = self.limits.admit(request.headers(), task.path());
        let mut response = if standing.is_limited() {
            Refusal::Limited(Duration::ZERO).into_response()
        } else {
            match self.work(task, request).await {
                Ok(response) => response,
                Err(Refusal::Closed) if task == Task::Verify => {
                    StatusCode::CONFLICT.into_response()
                }
                Err(refusal) => refusal.into_response(),
            }
        };
        standing.tell(response.headers_mut());
        response
    }

    async fn work(self: Arc<Self>, task: Task, mut request: Request) -> Result<Response, Refusal> {
        let place = self.bodies.clone().try_acquire_owned();
        let place = place.map_err(|_| Refusal::Busy)?;
        DefaultBodyLimit::max(LARGEST).apply(&mut request);
        let body = timeout(ARRIVAL, Bytes::from_request(request, &())).await;
        let body = body.map_err(|_| Refusal::Unread)?;
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
            _ => Refusal::Unread,
        })?;
        self.limits.charge(body.len())?;
        // By itself: work goes on when a client goes away, and then it must go on being counted.
        let result = tokio::spawn(self.answer_body(task, body, place)).await;
        result.unwrap_or(Err(Refusal::Internal))
    }

    async fn answer_body(
        self: Arc<Self>,
        task: Task,
        body: Bytes,
        _place: OwnedSemaphorePermit,
    ) -> Result<Response, Refusal> {
        let loaded = timeout(KEYS, self.identities.loaded()).await;
        loaded.map_err(|_| Refusal::NotReady)?;
        let (job, waiting) = self.begin(task, body).await?;
        let calls = waiting.calls();
        if calls == 0 {
            // An error means that services are needed after all.
            let (answers, _) = waiting.answers().map_err(|_| Refusal::Internal)?;
            return self.finish(job, answers, Vec::new()).await;
        }
        self.limits.charge_calls(calls)?;
        let answered = waiting.digests();
        let asked = timeout(SERVICES, waiting.ask(&self.identities.kms)).await;
        let (answers, _) = asked.map_err(|_| Refusal::Unavailable)?;
        self.finish(job, answers, answered).await
    }

    /// Reads the body, and opens what keys at hand open.
    async fn begin(&self, task: Task, body: Bytes) -> Result<(Job, Waiting), Refusal> {
        let moment = self.identities.moment();
        let newest = match task {
            Task::Verify => None,
            Task::Rotate => Some(self.newest(&moment)?),
        };
        let metrics = self.metrics.clone();
        self.in_turn(move || {
            let until = Instant::now() + WORK;
            let posted = Posted::read(&body)?;
            drop(body);
            if let Some(newest) = &newest {
                rotate::admits(&posted, newest)?;
            }
            let waiting = open::at_hand(&posted, &moment, &metrics, until)?;
            let job = Job {
                posted,
                moment,
                newest,
            };
            Ok((job, waiting))
        })
        .await
    }

    /// `answered`: what the answers of services are remembered under.
    async fn finish(
        &self,
        job: Job,
        answers: Answers,
        answered: Vec<[u8; 32]>,
    ) -> Result<Response, Refusal> {
        let kms = self.identities.kms.clone();
        self.in_turn(move || {
            let Job {
                posted,
                moment,
                newest,
            } = &job;
            let opened = match newest {
                None => open::opens(posted, &answers).map(|()| None),
                Some(newest) => open::values(posted, &answers).map(|values| Some((newest, values))),
            };
            let opened = opened.map_err(|error| {
                if is_of_wrong_key(&error) {
                    kms.forget(&answered);
                }
                open::refused(&error)
            })?;
            let Some((newest, values)) = opened else {
                return Ok(StatusCode::OK.into_response());
            };
            let rotated = rotate::rotate(posted, values, &answers, moment.ring(), newest)?;
            let json = [(header::CONTENT_TYPE, "application/json")];
            Ok((json, rotated.to_string()).into_response())
        })
        .await
    }

    /// The key of `/v1/cert.pem`.
    fn newest(&self, moment: &Moment) -> Result<Newest, Refusal> {
        let newest = match &self.identities.cloud {
            Some(cloud) => cloud
                .certificate()
                .and_then(|certificate| RsaRecipient::from_spki(certificate.spki()))
                .map(|recipient| Newest::new(recipient, false)),
            None => moment
                .ring()
                .newest()
                .and_then(|key| key.identity().recipient())
                .map(|recipient| Newest::new(recipient, true)),
        };
        newest.ok_or(Refusal::NotReady)
    }

    /// Computes on a thread for blocking work, one request at a time.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = timeout(TURN, self.turn.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Refusal::Busy);
        };
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or(Err(Refusal::Internal))
    }
}

impl From<NotOne> for Refusal {
    fn from(_: NotOne) -> Self {
        Self::NotOne
    }
}

impl From<Excess> for Refusal {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::For(wait) => Self::Limited(wait),
            Excess::Always => Self::TooLarge,
        }
    }
}
