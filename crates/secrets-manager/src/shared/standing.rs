//! What is known of one key's current version, from values and from listings, and what a listing means for
//! it. Pure: decides, asks nobody.
//!
//! A listing may lag behind values by [`LAG`], and must not make anybody go back. What it shows counts as
//! news only if it was asked for after the last value, and does not show a version of which a value, less than
//! [`LAG`] old, says that it counts no more.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::SecretsFault;

/// How long `ListSecrets` may show the past (its API reference).
const LAG: Duration = Duration::from_mins(5);

/// Versions that are remembered as outdated.
const OUTDATED: usize = 4;

/// How a key stands.
#[derive(Default)]
pub(super) struct Standing {
    /// The version of the last value, kept through errors.
    version: Option<Arc<str>>,
    /// What the last answer was, if not a value.
    failure: Option<Failure>,
    /// When the last answer was asked for.
    answered: Option<Instant>,
    /// When `version` was last seen to count.
    verified: Option<Instant>,
    /// What the last listing showed.
    listed: Option<(Arc<str>, Instant)>,
    outdated: Vec<Outdated>,
    /// Somebody said that it changed.
    doubted: Option<Instant>,
    /// What those who use it were last told.
    told: Option<Told>,
    /// A version that they were told of by a listing, before anybody had its value.
    foretold: Option<Arc<str>>,
    /// Somebody was given an error that passes, and wants to know when it is over.
    owed: bool,
}

#[derive(PartialEq, Eq)]
enum Told {
    Version(Arc<str>),
    Failure(Failure),
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no such secret.
    Missing,
    /// It may not or cannot be read.
    Refused,
    /// AWS was not reached, or did not answer: says nothing of the secret.
    Passing,
}

/// A version that a listing may still show.
struct Outdated {
    id: Arc<str>,
    until: Instant,
    /// A listing did show it afterwards: that another one agrees with the value does not end its lag.
    shown: bool,
}

/// What follows from a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing to do.
    Same,
    /// Whoever has a value of it needs another one.
    Changed,
    /// The listing cannot tell: ask for the value.
    Ask,
}

impl Standing {
    /// A value was asked for, and has this version.
    pub(super) fn got(&mut self, id: &str, asked: Instant) {
        if self.answered.is_some_and(|answered| answered > asked) {
            return;
        }
        let before = self.version.take();
        let listed = self.listed.as_ref().map(|(listed, _)| listed.clone());
        let shown = listed.filter(|listed| before.as_ref() != Some(listed));
        self.outdated.retain(|it| it.until > asked && *it.id != *id);
        for (gone, shown) in [(before, false), (shown, true)] {
            if let Some(gone) = gone.filter(|gone| **gone != *id) {
                self.outdate(gone, asked, shown);
            }
        }
        let id: Arc<str> = id.into();
        if self.told.is_none() || self.foretold.take().as_ref() == Some(&id) {
            self.told = Some(Told::Version(id.clone()));
        }
        self.version = Some(id);
        self.failure = None;
        self.answered = Some(asked);
        if self.doubted.is_none_or(|doubted| doubted <= asked) {
            self.verified = self.verified.max(Some(asked));
        }
    }

    /// There was an error instead of a value.
    pub(super) fn failed(&mut self, failure: Failure, asked: Instant) {
        if self.answered.is_some_and(|answered| answered > asked) {
            return;
        }
        self.answered = Some(asked);
        // Whether it was missing is still so when AWS does not answer.
        if failure == Failure::Passing && self.failure.is_some() {
            return;
        }
        self.failure = Some(failure);
        if failure != Failure::Passing {
            self.verified = None;
            self.told.get_or_insert(Told::Failure(failure));
        }
    }

    /// Somebody was given an error that passes.
    pub(super) fn owe(&mut self) {
        self.owed = true;
    }

    /// Whether those who use it must be told of what the last answer was. They count as told then.
    pub(super) fn tell(&mut self) -> bool {
        let now = match self.failure {
            Some(failure @ (Failure::Missing | Failure::Refused)) => Told::Failure(failure),
            // Nothing was learnt.
            Some(Failure::Passing) => return false,
            None => match &self.version {
                Some(version) => Told::Version(version.clone()),
                None => return false,
            },
        };
        let news = self.told.as_ref().is_some_and(|told| *told != now);
        self.told = Some(now);
        std::mem::take(&mut self.owed) || news
    }

    /// A listing shows this version, or no such secret. `due` says whether the key may be asked for again
    /// if its last answer was an error. After [`Verdict::Changed`] everybody counts as told.
    pub(super) fn listed(&mut self, id: Option<&str>, asked: Instant, due: bool) -> Verdict {
        let before = self.listed.take();
        let Some(id) = id else {
            // A listing may lack what is new.
            let quiet = self.failure.is_some() && !due;
            return if quiet { Verdict::Same } else { Verdict::Ask };
        };
        self.listed = Some((id.into(), asked));
        if self.answered.is_some_and(|answered| answered >= asked) {
            // The answer is the younger one.
            return Verdict::Same;
        }
        let before = before.map(|(before, _)| before);
        let is_new = before.as_deref() != Some(id);
        match self.failure {
            // What is deleted may be listed for a while, but not anew.
            Some(Failure::Missing) if is_new || due => Verdict::Ask,
            Some(Failure::Refused) if due => Verdict::Ask,
            Some(Failure::Passing) => {
                let verdict = self.shown(id, asked, before.as_deref());
                if !due {
                    return verdict;
                }
                self.failure = None;
                if std::mem::take(&mut self.owed) {
                    self.foretold = Some(id.into());
                    return Verdict::Changed;
                }
                verdict
            }
            Some(_) => Verdict::Same,
            None => self.shown(id, asked, before.as_deref()),
        }
    }

    /// It is known to have changed: what was seen until now counts no more.
    pub(super) fn doubt(&mut self, now: Instant) {
        self.doubted = Some(now);
        self.verified = None;
    }

    /// Whether this version was seen to count at `since` or later.
    pub(super) fn is_verified(&self, id: &str, since: Instant) -> bool {
        let verified = self.verified.is_some_and(|verified| verified >= since);
        verified && self.version.as_deref() == Some(id)
    }

    /// Whether a listing that was asked for then may be believed to show what counts, if it shows this.
    pub(super) fn believes(&self, id: &str, asked: Instant) -> bool {
        self.doubted.is_none_or(|doubted| doubted < asked)
            && matches!(self.failure, None | Some(Failure::Passing))
            && self.version.as_deref().is_none_or(|version| version == id)
    }

    /// When anything was last heard of it.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.answered.max(self.listed.as_ref().map(|(_, at)| *at))
    }

    fn shown(&mut self, id: &str, asked: Instant, before: Option<&str>) -> Verdict {
        let same = match &self.version {
            // Nobody has had a value: two listings tell.
            None => {
                self.told.get_or_insert(Told::Version(id.into()));
                before.is_none_or(|before| before == id)
            }
            Some(version) if **version == *id => {
                if self.doubted.is_some_and(|doubted| doubted >= asked) {
                    return Verdict::Same;
                }
                self.verified = self.verified.max(Some(asked));
                self.outdated.retain(|it| it.shown);
                self.foretold = None;
                true
            }
            Some(_) => {
                let mut outdated = self.outdated.iter();
                outdated.any(|it| *it.id == *id && it.until > asked)
            }
        };
        if same {
            return Verdict::Same;
        }
        self.foretold = Some(id.into());
        self.verified = None;
        self.owed = false;
        Verdict::Changed
    }

    fn outdate(&mut self, id: Arc<str>, asked: Instant, shown: bool) {
        let until = asked + LAG;
        let known = self.outdated.iter().position(|it| it.id == id);
        // Once shown, always shown: it is the slow listing that is known by it.
        let shown = shown || known.is_some_and(|known| self.outdated[known].shown);
        if let Some(known) = known {
            self.outdated.remove(known);
        } else if self.outdated.len() == OUTDATED {
            self.outdated.remove(0);
        }
        self.outdated.push(Outdated { id, until, shown });
    }
}

impl Failure {
    pub(super) fn of(fault: &SecretsFault) -> Self {
        if fault.is_missing() {
            Self::Missing
        } else if fault.is_of_secret() {
            Self::Refused
        } else {
            Self::Passing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, at seconds, and whether it is news.
    enum Happens {
        Got(u64, &'static str, bool),
        Failed(u64, Failure, bool),
        /// Somebody was given that error.
        Owed,
        Listed(u64, Option<&'static str>, Verdict),
        // The same when the last error's next try is due.
        ListedDue(u64, Option<&'static str>, Verdict),
    }
    use Failure::{Missing, Passing, Refused};
    use Happens::{Failed, Got, Listed, ListedDue, Owed};
    use Verdict::{Ask, Changed, Same};

    const STORIES: &[(&str, &[Happens])] = &[
        (
            "a listing is a beginning",
            &[
                Listed(0, Some("1"), Same),
                Listed(60, Some("1"), Same),
                Listed(120, Some("2"), Changed),
                Got(121, "2", false),
                Listed(180, Some("2"), Same),
            ],
        ),
        (
            "a change is told until somebody asks",
            &[
                Got(0, "1", false),
                Listed(60, Some("2"), Changed),
                Listed(120, Some("2"), Changed),
                Got(121, "2", false),
                Listed(180, Some("2"), Same),
            ],
        ),
        (
            "a listing from before the value tells nothing",
            &[
                Got(60, "2", false),
                Listed(50, Some("1"), Same),
                Listed(60, Some("1"), Same),
            ],
        ),
        (
            "the version before is no news for five minutes",
            &[
                Got(0, "1", false),
                Got(100, "2", true),
                Listed(160, Some("1"), Same),
                Listed(399, Some("1"), Same),
                Listed(400, Some("1"), Changed),
                // It was no news then, either: not asked for again.
                Got(401, "2", false),
                Listed(460, Some("1"), Same),
            ],
        ),
        (
            "an unknown past costs one question",
            &[
                Got(0, "2", false),
                Listed(60, Some("1"), Changed),
                Got(61, "2", false),
                Listed(120, Some("1"), Same),
                // Replicas of AWS that differ: not one question each time.
                Listed(180, Some("2"), Same),
                Listed(240, Some("1"), Same),
            ],
        ),
        (
            "going back is seen once a listing has kept up",
            &[
                Got(0, "1", false),
                Got(60, "2", true),
                Listed(120, Some("2"), Same),
                Listed(180, Some("1"), Changed),
                Got(181, "1", false),
                Listed(240, Some("1"), Same),
                Listed(300, Some("2"), Changed),
            ],
        ),
        (
            "what is not listed is asked for",
            &[
                Got(0, "1", false),
                Listed(60, None, Ask),
                Got(61, "1", false),
                Listed(120, None, Ask),
                Failed(121, Missing, true),
                Listed(180, None, Same),
                ListedDue(240, None, Ask),
                Failed(241, Missing, false),
                Listed(300, Some("1"), Ask),
                Got(301, "1", true),
            ],
        ),
        (
            "what is deleted may be listed for a while",
            &[
                Listed(0, Some("1"), Same),
                Got(1, "1", false),
                Failed(60, Missing, true),
                Listed(120, Some("1"), Same),
                ListedDue(180, Some("1"), Ask),
                Failed(181, Missing, false),
                Listed(240, Some("2"), Ask),
            ],
        ),
        (
            "what may not be read is asked for at its time",
            &[
                Got(0, "1", false),
                Failed(60, Refused, true),
                Listed(120, Some("1"), Same),
                Listed(180, Some("2"), Same),
                ListedDue(240, Some("2"), Ask),
                Failed(241, Refused, false),
                Failed(242, Missing, true),
            ],
        ),
        (
            "what passes is over when it is listed, at its time, for those who met it",
            &[
                Got(0, "1", false),
                Failed(60, Passing, false),
                Listed(120, Some("1"), Same),
                ListedDue(180, Some("1"), Same),
                Failed(181, Passing, false),
                Owed,
                Listed(240, Some("1"), Same),
                ListedDue(300, Some("1"), Changed),
                ListedDue(360, Some("1"), Same),
                Got(361, "1", false),
            ],
        ),
        (
            "what passes is over when there is a value",
            &[
                Failed(0, Passing, false),
                Owed,
                Failed(60, Passing, false),
                Got(120, "1", true),
                Got(180, "1", false),
                Failed(240, Passing, false),
                Got(300, "1", false),
            ],
        ),
        (
            "what is late is not heard",
            &[
                Got(60, "2", false),
                Got(0, "1", false),
                Failed(1, Missing, false),
                Listed(120, Some("2"), Same),
            ],
        ),
        (
            "a secret that was never there",
            &[
                Failed(0, Missing, false),
                Listed(60, None, Same),
                Listed(120, Some("1"), Ask),
                Got(121, "1", true),
            ],
        ),
    ];

    fn run(name: &str, story: &[Happens], start: Instant) -> Standing {
        let at = |seconds: &u64| start + Duration::from_secs(*seconds);
        let mut standing = Standing::default();
        for (step, happens) in story.iter().enumerate() {
            match happens {
                Got(when, id, changed) => {
                    standing.got(id, at(when));
                    assert_eq!(standing.tell(), *changed, "{name} {step}");
                }
                Failed(when, failure, changed) => {
                    standing.failed(*failure, at(when));
                    assert_eq!(standing.tell(), *changed, "{name} {step}");
                }
                Owed => standing.owe(),
                Listed(when, id, verdict) => {
                    let said = standing.listed(*id, at(when), false);
                    assert_eq!(said, *verdict, "{name} {step}");
                }
                ListedDue(when, id, verdict) => {
                    let said = standing.listed(*id, at(when), true);
                    assert_eq!(said, *verdict, "{name} {step}");
                }
            }
        }
        standing
    }

    #[tokio::test(start_paused = true)]
    async fn what_listings_mean() {
        for (name, story) in STORIES {
            run(name, story, Instant::now());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_verified_since_when() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut standing = run(
            "",
            &[Got(10, "1", false), Listed(60, Some("1"), Same)],
            start,
        );
        assert!(standing.is_verified("1", at(60)) && !standing.is_verified("1", at(61)));
        assert!(!standing.is_verified("2", start));
        assert!(standing.believes("1", at(90)) && !standing.believes("2", at(90)));
        standing.doubt(at(70));
        assert!(!standing.is_verified("1", start) && !standing.believes("1", at(70)));
        assert!(standing.believes("1", at(71)));
        standing.got("1", at(80));
        assert!(standing.is_verified("1", at(80)));
        standing.failed(Passing, at(90));
        assert!(standing.is_verified("1", at(80)) && standing.believes("1", at(91)));
        standing.failed(Missing, at(100));
        assert!(!standing.is_verified("1", start) && !standing.believes("1", at(101)));
    }
}
