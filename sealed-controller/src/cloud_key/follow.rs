//! The task that keeps the certificate: makes it once, takes that of others, renews it in time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{ListParams, PostParams};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use operator_kit::{ApiFault, Backoff, EventKind, EventSink};
use seal_api::{KMS_CERTIFICATE_ACTIVE, KMS_CERTIFICATE_LABEL};
use seal_keys::{Certificate, certify};

use super::certificate_secret::{self, Found, Refusal};
use super::step::{self, Step};
use super::{CloudKey, Trouble};
use crate::kms_keys::{KmsKeys, PublicHalf};
use operator_kit::watch_fault;

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// Clocks jump and machines sleep: look at least this often.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// Between two looks.
const SETTLE: Duration = Duration::from_secs(1);
/// Looks in a row while others change the same Secret.
const RACES: usize = 5;

/// How new certificates look.
pub(crate) struct CertificatePolicy {
    /// Validity.
    pub(crate) ttl: SignedDuration,
    /// Common name.
    pub(crate) common_name: String,
}

/// Keeps the certificate of a [`CloudKey`].
pub(crate) struct Follower {
    pub(crate) key: Arc<CloudKey>,
    pub(crate) kms: Arc<KmsKeys>,
    /// Of the controller's own namespace, for calls.
    pub(crate) secrets: Api<Secret>,
    /// The same, for watches.
    pub(crate) watched: Api<Secret>,
    pub(crate) policy: CertificatePolicy,
    pub(crate) events: EventSink,
}

impl Follower {
    /// Does so until the process ends.
    pub(crate) async fn run(self) {
        let mut kms = self.kms.changes();
        // A stored certificate is not taken unseen where KMS would have answered.
        if kms.wait_for(|asked| *asked).await.is_err() {
            return;
        }
        let mut changes = changes(self.watched.clone()).boxed();
        let backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        let mut told = BTreeSet::new();
        loop {
            kms.mark_unchanged();
            let wait = match self.look(&mut told).await {
                Ok(due) => {
                    backoff.reset(&());
                    if self.key.note_trouble(None) {
                        tracing::info!(key = %self.key.arn(), "the sealing key in KMS is in order again");
                    }
                    let left = due.duration_since(Timestamp::now());
                    Duration::try_from(left).map_or(SETTLE, |left| left.clamp(SETTLE, LOOK_AGAIN))
                }
                Err(trouble) => {
                    self.tell(trouble);
                    backoff.next(())
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                news = kms.changed() => if news.is_err() { return },
                news = changes.next() => if news.is_none() { return },
            }
        }
    }

    /// Brings the Secret and what is served in order; tells when to look again.
    async fn look(&self, told: &mut BTreeSet<String>) -> Result<Timestamp, Trouble> {
        let mut looked = self.look_once(told).await;
        for _ in 0..RACES {
            match &looked {
                Err(trouble) if trouble.is_a_race() => looked = self.look_once(told).await,
                _ => break,
            }
        }
        looked
    }

    async fn look_once(&self, told: &mut BTreeSet<String>) -> Result<Timestamp, Trouble> {
        let label = format!("{KMS_CERTIFICATE_LABEL}={KMS_CERTIFICATE_ACTIVE}");
        let listed = self
            .secrets
            .list(&ListParams::default().labels(&label))
            .await;
        let listed = listed.map_err(failed("read"))?.items;
        let mut stored: Vec<_> = listed.into_iter().map(certificate_secret::read).collect();
        let public = match self.kms.public_half(self.key.arn()) {
            Ok(public) => public,
            Err(error) => return Err(self.take_stored(&stored, error.fault)),
        };
        let name = certificate_secret::name(&public.name);
        if stored.iter().all(|found| found.name != name) {
            // Without its label it has the name all the same.
            let found = self.secrets.get_opt(&name).await.map_err(failed("read"))?;
            stored.extend(found.map(certificate_secret::read));
        }
        self.tell_strangers(&stored, &name, told);
        self.key.only_for(&public.name);
        let found = stored.iter().find(|found| found.name == name);
        self.settle(&public, &name, found).await
    }

    /// While KMS does not say which key it is: what is stored, if there is no doubt.
    fn take_stored(&self, stored: &[Found], fault: seal_kms::KmsFault) -> Trouble {
        match step::without_key(self.key.arn(), stored).as_slice() {
            [] => Trouble::Unknown(fault),
            [(_, certificate)] => {
                self.key.serve(certificate);
                Trouble::Unconfirmed(fault)
            }
            several => {
                let names = several.iter().map(|(found, _)| found.name.clone());
                let names = names.collect();
                Trouble::Several { fault, names }
            }
        }
    }

    async fn settle(
        &self,
        public: &PublicHalf,
        name: &str,
        found: Option<&Found>,
    ) -> Result<Timestamp, Trouble> {
        let arn = self.key.arn();
        let now = Timestamp::now();
        let step = step::with_key(arn, &public.name, found, now);
        let stored = found.and_then(|found| Some((found, &found.content.as_ref().ok()?.0)));
        let certificate = match (step, stored) {
            (Step::Refuse(refusal), _) => {
                return Err(self.refused(name, found, refusal));
            }
            (Step::Keep, Some((_, certificate))) => certificate.clone(),
            (Step::Mend, Some((found, certificate))) => {
                self.key.serve(certificate);
                self.replace(found, certificate).await?;
                certificate.clone()
            }
            (Step::Renew, Some((found, certificate))) => {
                self.key.serve(certificate);
                let renewed = self.certify(public, now)?;
                self.replace(found, &renewed).await?;
                renewed
            }
            _ => {
                let made = match self.key.certificate() {
                    Some(served) if step::due(&served) > now => Certificate::clone(&served),
                    _ => self.certify(public, now)?,
                };
                let secret = certificate_secret::write(name, arn, &made);
                let params = PostParams::default();
                let created = self.secrets.create(&params, &secret).await;
                created.map_err(failed("create"))?;
                made
            }
        };
        self.key.serve(&certificate);
        Ok(step::due(&certificate))
    }

    fn certify(&self, public: &PublicHalf, now: Timestamp) -> Result<Certificate, Trouble> {
        let CertificatePolicy { ttl, common_name } = &self.policy;
        Ok(certify(&public.spki, common_name, now, *ttl)?)
    }

    async fn replace(&self, found: &Found, certificate: &Certificate) -> Result<(), Trouble> {
        let secret = found.with(self.key.arn(), certificate);
        let params = PostParams::default();
        let replaced = self.secrets.replace(&found.name, &params, &secret).await;
        replaced.map(drop).map_err(failed("update"))
    }
}

impl Follower {
    fn refused(&self, name: &str, found: Option<&Found>, refusal: Refusal) -> Trouble {
        let trouble = Trouble::Refused {
            name: name.to_owned(),
            refusal,
        };
        if let Some(found) = found
            && self.key.is_news(&trouble)
        {
            self.warn(found, format!("{trouble}; delete it to have it made anew"));
        }
        trouble
    }

    /// Logged once, as long as it stays the same.
    fn tell(&self, trouble: Trouble) {
        let text = trouble.to_string();
        if self.key.note_trouble(Some(trouble)) {
            tracing::warn!(key = %self.key.arn(), "{text}; it is tried again");
        }
    }

    /// Secrets that say they are for the key and are not: someone may have sealed for what is in them.
    fn tell_strangers(&self, stored: &[Found], name: &str, told: &mut BTreeSet<String>) {
        let arn = self.key.arn();
        let strangers = stored.iter().filter(|found| found.name != name);
        let strangers: Vec<_> = strangers.filter(|found| step::is_for(found, arn)).collect();
        told.retain(|version| strangers.iter().any(|found| found.version() == *version));
        for found in strangers {
            if told.insert(found.version()) {
                let text = "this Secret says it is for the sealing key in KMS, and is not; what was sealed for \
                            the certificate in it does not open here; delete it";
                tracing::warn!(name = found.name, key = %arn, "{text}");
                self.warn(found, text.to_owned());
            }
        }
    }

    fn warn(&self, found: &Found, message: String) {
        let (kind, reason) = (EventKind::Warning, "InvalidKmsCertificate");
        self.events
            .publish(found.reference(), kind, reason, message);
    }
}

/// One message for each change of a Secret with the label, and for each full list.
fn changes(secrets: Api<Secret>) -> impl Stream<Item = ()> + Send {
    let label = format!("{KMS_CERTIFICATE_LABEL}={KMS_CERTIFICATE_ACTIVE}");
    watcher(secrets, watcher::Config::default().labels(&label))
        .backoff(watch_fault::backoff())
        .inspect_err(|error| watch_fault::log("the sealing key's certificate", error))
        .filter_map(async |event| {
            let is_news = matches!(
                event,
                Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_))
            );
            is_news.then_some(())
        })
}

fn failed(verb: &'static str) -> impl Fn(kube::Error) -> Trouble {
    move |error| Trouble::Api {
        verb,
        fault: ApiFault::from(error),
    }
}
