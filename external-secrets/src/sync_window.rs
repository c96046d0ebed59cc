//! When periodic refreshes may happen (`spec.syncWindows`): pure decisions (contract §2.1, §3.1, §0.1.7).
//!
//! A window opens whenever its schedule says and stays open for its duration, its last moment included.
//! All of it is in UTC.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use seal_api::external_secrets::{SyncWindow, SyncWindowKind, SyncWindows};

use self::schedule::Schedule;

mod schedule;

/// How often the end of a window is followed into the window that begins before it, when the next change
/// is looked for: windows may follow each other without end.
const LINKS: usize = 32;

/// A window that cannot be read. It is as if it were not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadWindow {
    /// Which of `spec.syncWindows.windows`.
    pub index: usize,
    /// What of it.
    pub field: WindowField,
}

/// A part of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowField {
    /// When it opens.
    Schedule,
    /// How long it stays open.
    Duration,
}

/// Whether periodic refreshes may happen now. Always, where there are no windows.
pub fn is_open(windows: Option<&SyncWindows>, now: Timestamp) -> bool {
    let Some(windows) = windows.filter(|windows| !windows.windows.is_empty()) else {
        return true;
    };
    let active = readable(windows).any(|window| window.is_active(now));
    active == (windows.kind == SyncWindowKind::Allow)
}

/// When [`is_open`] says something else, or, where windows follow each other for long, a time before that at
/// which to ask again. `None` if it never does.
pub fn next_change(windows: Option<&SyncWindows>, now: Timestamp) -> Option<Timestamp> {
    let windows: Vec<_> = readable(windows?).collect();
    if !windows.iter().any(|window| window.is_active(now)) {
        return windows.iter().filter_map(|it| it.opens_after(now)).min();
    }
    let mut at = now;
    for _ in 0..LINKS {
        let active = windows.iter().filter(|window| window.is_active(at));
        let mut closed = None;
        for window in active {
            // One that never closes leaves nothing to wait for.
            closed = closed.max(Some(window.closed_after(at)?));
        }
        match closed {
            Some(closed) => at = closed,
            None => break,
        }
    }
    Some(at)
}

/// The windows that cannot be read, for people to be told.
pub fn unreadable(windows: &SyncWindows) -> Vec<BadWindow> {
    let windows = windows.windows.iter().enumerate();
    windows
        .filter_map(|(index, window)| {
            let field = Readable::of(window).err()?;
            Some(BadWindow { index, field })
        })
        .collect()
}

impl fmt::Display for BadWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, field } = self;
        match field {
            WindowField::Schedule => write!(
                f,
                "spec.syncWindows.windows[{index}].schedule is neither five fields of cron, nor @hourly, \
                 @daily, @weekly, @monthly or @yearly, nor @every with a duration; the window is ignored"
            ),
            WindowField::Duration => write!(
                f,
                "spec.syncWindows.windows[{index}].duration is not a duration such as 1h30m; the window is \
                 ignored"
            ),
        }
    }
}

/// A window, read.
struct Readable {
    schedule: Schedule,
    lasts: SignedDuration,
}

fn readable(windows: &SyncWindows) -> impl Iterator<Item = Readable> {
    let windows = windows.windows.iter();
    windows.filter_map(|window| Readable::of(window).ok())
}

impl Readable {
    fn of(window: &SyncWindow) -> Result<Self, WindowField> {
        let schedule = Schedule::parse(&window.schedule).ok_or(WindowField::Schedule)?;
        let lasts = duration(&window.duration).ok_or(WindowField::Duration)?;
        Ok(Self { schedule, lasts })
    }

    fn is_active(&self, at: Timestamp) -> bool {
        match &self.schedule {
            // Upstream counts the interval from the earliest moment at which the window could have opened,
            // not from a moment that stays.
            Schedule::Every(interval) => *interval <= self.lasts,
            Schedule::Fields(_) => self.opened_before(at).is_some(),
        }
    }

    /// When the window that is open at a time opened.
    fn opened_before(&self, at: Timestamp) -> Option<Timestamp> {
        let earliest = at.checked_sub(self.lasts).unwrap_or(Timestamp::MIN);
        self.schedule.last_before(at, earliest)
    }

    /// When it opens next.
    fn opens_after(&self, at: Timestamp) -> Option<Timestamp> {
        // One of negative length never does.
        let lasts = !self.lasts.is_negative();
        self.schedule.first_after(at).filter(|_| lasts)
    }

    /// The first second at which the window that is open at a time no longer is.
    fn closed_after(&self, at: Timestamp) -> Option<Timestamp> {
        let closes = self.opened_before(at)?.checked_add(self.lasts).ok()?;
        Timestamp::from_second(closes.as_second() + 1).ok()
    }
}

/// As Go writes durations.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    template::go_duration(text).map(SignedDuration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn windows(kind: SyncWindowKind, windows: &[(&str, &str)]) -> SyncWindows {
        let window = |(schedule, duration): &(&str, &str)| SyncWindow {
            schedule: (*schedule).to_owned(),
            duration: (*duration).to_owned(),
        };
        let windows = windows.iter().map(window).collect();
        SyncWindows { kind, windows }
    }

    #[test]
    fn both_ends_belong_to_the_window() {
        let night = windows(SyncWindowKind::Allow, &[("0 22 * * *", "2h")]);
        let never = windows(SyncWindowKind::Deny, &night_and_day());
        for (time, open, change) in [
            ("2026-06-01T21:59:59Z", false, "2026-06-01T22:00:00Z"),
            ("2026-06-01T22:00:00Z", true, "2026-06-02T00:00:01Z"),
            ("2026-06-01T22:30:00Z", true, "2026-06-02T00:00:01Z"),
            ("2026-06-02T00:00:00Z", true, "2026-06-02T00:00:01Z"),
            ("2026-06-02T00:00:01Z", false, "2026-06-02T22:00:00Z"),
            ("2026-06-02T03:00:00Z", false, "2026-06-02T22:00:00Z"),
            ("2026-06-02T22:30:00Z", true, "2026-06-03T00:00:01Z"),
        ] {
            assert_eq!(is_open(Some(&night), at(time)), open, "{time}");
            assert_eq!(next_change(Some(&night), at(time)), Some(at(change)));
            assert!(!is_open(Some(&never), at(time)), "{time}");
        }
    }

    fn night_and_day() -> [(&'static str, &'static str); 2] {
        [("0 20 * * *", "12h"), ("0 8 * * *", "12h")]
    }

    #[test]
    fn kinds_and_what_cannot_be_read() {
        let (inside, outside) = (at("2026-06-01T23:00:00Z"), at("2026-06-01T20:00:00Z"));
        let (good, bad) = (("0 22 * * *", "2h"), ("not-a-cron", "2h"));
        let short = ("0 22 * * *", "two hours");
        for (listed, allow, deny) in [
            (&[][..], (true, true), (true, true)),
            (&[good], (true, false), (false, true)),
            (&[bad], (false, false), (true, true)),
            (&[short], (false, false), (true, true)),
            (&[bad, good], (true, false), (false, true)),
        ] {
            for (kind, expected) in [(SyncWindowKind::Allow, allow), (SyncWindowKind::Deny, deny)] {
                let windows = Some(windows(kind, listed));
                let windows = windows.as_ref();
                let open = (is_open(windows, inside), is_open(windows, outside));
                assert_eq!(open, expected, "{kind:?} {listed:?}");
            }
        }
        assert!(is_open(None, inside));
        assert_eq!(next_change(None, inside), None);
        let listed = windows(SyncWindowKind::Allow, &[bad, good, short]);
        let told = unreadable(&listed);
        let places: Vec<_> = told.iter().map(|bad| (bad.index, bad.field)).collect();
        let expected = [(0, WindowField::Schedule), (2, WindowField::Duration)];
        assert_eq!(places, expected);
        assert!(!told[0].to_string().contains("not-a-cron"));
    }

    #[test]
    fn every_is_not_anchored() {
        // Upstream 2.9.0 as it runs.
        for (schedule, lasts, active) in [
            ("@every 1h", "30m", false),
            ("@every 1h", "1h", true),
            ("@every 1h", "2h", true),
            ("@every 1s", "24h", true),
            ("@every 200ms", "1s", true),
        ] {
            let windows = windows(SyncWindowKind::Allow, &[(schedule, lasts)]);
            let now = at("2026-06-01T22:17:03.25Z");
            assert_eq!(is_open(Some(&windows), now), active, "{schedule} {lasts}");
            assert_eq!(next_change(Some(&windows), now), None);
        }
    }

    #[test]
    fn windows_that_meet_are_one() {
        let day = windows(
            SyncWindowKind::Deny,
            &[("0 8 * * *", "4h"), ("0 12 * * *", "4h")],
        );
        let change = next_change(Some(&day), at("2026-06-01T09:00:00Z"));
        assert_eq!(change, Some(at("2026-06-01T16:00:01Z")));
        // Without end: asked again in the meantime, not in this very second.
        let always = windows(SyncWindowKind::Deny, &[("* * * * *", "1m")]);
        let now = at("2026-06-01T09:00:00Z");
        let again = next_change(Some(&always), now).unwrap();
        assert!(!is_open(Some(&always), again));
        assert!(again > now + SignedDuration::from_mins(20), "{again}");
        // Never.
        let never = windows(SyncWindowKind::Allow, &[("0 0 31 2 *", "1h")]);
        assert!(!is_open(Some(&never), now));
        assert_eq!(next_change(Some(&never), now), None);
        let negative = windows(SyncWindowKind::Allow, &[("0 0 * * *", "-1h")]);
        assert_eq!(next_change(Some(&negative), now), None);
    }
}
