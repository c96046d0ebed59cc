//! `/v1/verify` and `/v1/rotate` (contract §5.2, §5.3): SealedSecrets that people post to have them tried, or encrypted
//! for the newest key.
//!
//! Whoever reaches the port may ask, so a request gets little: one is worked on at a time, for a bounded time, beside
//! the reconciling of objects; few wait; no template is rendered, and an answer tells whether the whole opens and
//! nothing of why not.

mod document;
mod open;
mod places;
mod rate_limit;
mod refusal;
mod rotate;
mod workplace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use operator_kit::message::one_line;
use seal_keys::RsaRecipient;
use sealing::{Answers, OpenError};
use tokio::time::timeout;

use crate::identities::{Identities, Moment};
use crate::metrics::Metrics;
use crate::opening::{Waiting, is_of_wrong_key};
use document::{NotOne, Posted};
use open::OnNewest;
use places::{Place, Places};
pub(crate) use rate_limit::Rate;
use rate_limit::{Excess, RateLimits};
use refusal::Refusal;
use rotate::{Newest, Values};
use workplace::Workplace;

/// Bytes of a body: more than an API server stores of an object.
const LARGEST: usize = 2 << 20;
/// For a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);
/// For the keys, after a start.
const KEYS: Duration = Duration::from_secs(5);
/// For private-key operations of one request.
const WORK: Duration = Duration::from_secs(10);
/// For key services: the API server's proxy gives up after a minute.
const SERVICES: Duration = Duration::from_secs(20);

/// Where what is to be tried is posted.
pub(crate) const VERIFY: &str = "/v1/verify";
/// Where what is to be encrypted for the newest key is posted.
pub(crate) const ROTATE: &str = "/v1/rotate";
/// The query of [`ROTATE`] for which values that are for the newest key already stay as they are. Upstream knows no
/// query and encrypts them anew, which is what those get who send none.
const ONLY_OLDER: &str = "only=older-keys";

/// What is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Tell whether it opens.
    Verify,
    /// Encrypt it for the newest key.
    Rotate(Which),
}

/// Which values are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    /// Those that an older key opened.
    OlderKeys,
}

impl Task {
    /// Rotating, as the query has it.
    pub(crate) fn rotate(query: Option<&str>) -> Self {
        Self::Rotate(match query {
            Some(ONLY_OLDER) => Which::OlderKeys,
            _ => Which::All,
        })
    }

    fn path(self) -> &'static str {
        match self {
            Self::Verify => VERIFY,
            Self::Rotate(_) => ROTATE,
        }
    }
}

/// Does what is asked for by post.
pub(crate) struct PostedWork {
    identities: Arc<Identities>,
    metrics: Arc<Metrics>,
    limits: RateLimits,
    places: Places,
    workplace: Workplace,
}

/// What is needed from the beginning of a task to its end.
struct Job {
    posted: Posted,
    moment: Moment,
    /// What to seal for, if anything is to be sealed.
    newest: Option<Newest>,
    /// The values that stay as they are.
    current: OnNewest,
}

/// How far keys at hand got.
enum Begun {
    Done(Response),
    /// Services are to be asked.
    Waiting(Box<Job>, Waiting),
}

impl PostedWork {
    pub(crate) fn new(identities: Arc<Identities>, metrics: Arc<Metrics>, rate: Rate) -> Self {
        Self {
            identities,
            metrics,
            limits: RateLimits::new(rate),
            places: Places::default(),
            workplace: Workplace::new(),
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
        let client = self.limits.client(request.headers());
        let place = self.places.take(client).ok_or(Refusal::Busy)?;
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
        _place: Place,
    ) -> Result<Response, Refusal> {
        let loaded = timeout(KEYS, self.identities.loaded()).await;
        loaded.map_err(|_| Refusal::NotReady)?;
        let (job, waiting) = match self.begin(task, body).await? {
            Begun::Done(response) => return Ok(response),
            Begun::Waiting(job, waiting) => (job, waiting),
        };
        self.limits.charge_calls(waiting.calls())?;
        // What the answers of services are remembered under.
        let answered = waiting.digests();
        let kms = self.identities.kms.clone();
        let asked = timeout(SERVICES, waiting.ask(&kms)).await;
        let (answers, details) = asked.map_err(|_| Refusal::Unavailable)?;
        self.workplace
            .work(move || {
                let opened = job.opened(&answers).map_err(|error| {
                    if is_of_wrong_key(&error) {
                        kms.forget(&answered);
                    }
                    let refusal = open::refused(&error, &details);
                    if refusal == Refusal::Denied {
                        tracing::warn!(
                            "a posted SealedSecret: {}",
                            one_line(details.to_string().trim())
                        );
                    }
                    refusal
                })?;
                job.response(opened, &answers)
            })
            .await
    }

    /// Reads the body, and opens what keys at hand open: all in one turn, if that is everything.
    async fn begin(&self, task: Task, body: Bytes) -> Result<Begun, Refusal> {
        let moment = self.identities.moment();
        let newest = match task {
            Task::Verify => None,
            Task::Rotate(_) => Some(self.newest(&moment)?),
        };
        let metrics = self.metrics.clone();
        self.workplace
            .work(move || {
                let until = Instant::now() + WORK;
                let posted = Posted::read(&body)?;
                drop(body);
                if let Some(newest) = &newest {
                    rotate::admits(&posted, newest)?;
                }
                let kept = newest
                    .as_ref()
                    .filter(|_| task == Task::Rotate(Which::OlderKeys));
                let kept = kept.map(Newest::name);
                let (waiting, current) = open::at_hand(&posted, &moment, kept, &metrics, until)?;
                let job = Job {
                    posted,
                    moment,
                    newest,
                    current,
                };
                let (answers, details) = match waiting.answers() {
                    Ok(known) => known,
                    Err(waiting) => return Ok(Begun::Waiting(Box::new(job), waiting)),
                };
                let opened = job.opened(&answers);
                let opened = opened.map_err(|error| open::refused(&error, &details))?;
                job.response(opened, &answers).map(Begun::Done)
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
}

impl Job {
    /// The values, if they are to be sealed; else that everything opens.
    fn opened(&self, answers: &Answers) -> Result<Option<Values>, OpenError> {
        match self.newest {
            None => open::opens(&self.posted, answers).map(|()| None),
            Some(_) => open::values(&self.posted, answers).map(Some),
        }
    }

    fn response(&self, opened: Option<Values>, answers: &Answers) -> Result<Response, Refusal> {
        let (Some(newest), Some(mut values)) = (&self.newest, opened) else {
            return Ok(StatusCode::OK.into_response());
        };
        values.retain(|item, _| !self.current.contains(item));
        let ring = self.moment.ring();
        let rotated = rotate::rotate(&self.posted, values, answers, ring, newest)?;
        let json = [(header::CONTENT_TYPE, "application/json")];
        Ok((json, rotated.to_string()).into_response())
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
