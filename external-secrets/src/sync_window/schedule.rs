//! Schedules as the Go library robfig/cron (v3) reads them: five fields, or a word with an `@`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::duration;

/// How far schedules are followed: no two leap days lie farther apart.
const YEARS: i16 = 9;

/// When something happens, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// At these minutes.
    Fields(Fields),
    /// Every so often, in whole seconds.
    Every(SignedDuration),
}

/// One bit for each value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Days of the month or of the week are enough: neither field has a star.
    either: bool,
}

impl Schedule {
    /// Reads one. `None` if it is none, and if it names a time zone: upstream's resource definition lets
    /// none in.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(interval) = text.strip_prefix("@every ") {
            let seconds = duration(interval)?.as_secs().max(1);
            return Some(Self::Every(SignedDuration::from_secs(seconds)));
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => text,
        };
        let fields: Vec<_> = text.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = &*fields else {
            return None;
        };
        let (days, any_day) = MONTH_DAYS.read(days)?;
        let (weekdays, any_weekday) = WEEK_DAYS.read(weekdays)?;
        Some(Self::Fields(Fields {
            minutes: MINUTES.read(minutes)?.0,
            hours: HOURS.read(hours)?.0,
            days,
            months: MONTHS.read(months)?.0,
            weekdays,
            either: !any_day && !any_weekday,
        }))
    }

    /// The first time after another.
    pub(super) fn first_after(&self, at: Timestamp) -> Option<Timestamp> {
        let Self::Fields(fields) = self else {
            return None;
        };
        let now = civil(at);
        let last = now.date().year().saturating_add(YEARS);
        let mut date = now.date();
        while date.year() <= last {
            if !fields.has_month(date) {
                date = date.last_of_month().tomorrow().ok()?;
                continue;
            }
            if fields.has_day(date) {
                let mut times = fields
                    .times()
                    .map(|(hour, minute)| date.at(hour, minute, 0, 0));
                if let Some(found) = times.find(|time| *time > now) {
                    return timestamp(found);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The last time not after another, unless it is before `earliest`.
    pub(super) fn last_before(&self, at: Timestamp, earliest: Timestamp) -> Option<Timestamp> {
        let Self::Fields(fields) = self else {
            return None;
        };
        let now = civil(at);
        let earliest = civil(earliest);
        let first = now.date().year().saturating_sub(YEARS);
        let mut date = now.date();
        while date >= earliest.date() && date.year() >= first {
            if !fields.has_month(date) {
                date = date.first_of_month().yesterday().ok()?;
                continue;
            }
            if fields.has_day(date) {
                let times = fields
                    .times()
                    .map(|(hour, minute)| date.at(hour, minute, 0, 0));
                if let Some(found) = times.filter(|time| *time <= now).last() {
                    return timestamp(found).filter(|_| found >= earliest);
                }
            }
            date = date.yesterday().ok()?;
        }
        None
    }
}

fn civil(at: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(at)
}

fn timestamp(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

impl Fields {
    fn has_month(&self, date: Date) -> bool {
        has(self.months, date.month())
    }

    fn has_day(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        if self.either {
            day || weekday
        } else {
            day && weekday
        }
    }

    /// Hours and minutes of a day, in order.
    fn times(&self) -> impl Iterator<Item = (i8, i8)> {
        let hours = (0..24).filter(|hour| has(self.hours, *hour));
        hours.flat_map(|hour| {
            let minutes = (0..60).filter(|minute| has(self.minutes, *minute));
            minutes.map(move |minute| (hour, minute))
        })
    }
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits >> value & 1 == 1)
}

/// What a field may hold.
struct Bounds {
    least: u64,
    most: u64,
    /// Names of values, the first of `least`.
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds::numbers(0, 59);
const HOURS: Bounds = Bounds::numbers(0, 23);
const MONTH_DAYS: Bounds = Bounds::numbers(1, 31);
const MONTHS: Bounds = Bounds {
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
const WEEK_DAYS: Bounds = Bounds {
    least: 0,
    most: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Bounds {
    const fn numbers(least: u64, most: u64) -> Self {
        let names = &[];
        Self { least, most, names }
    }

    /// The values of a field, and whether a star is among them. Parts between commas may be empty.
    fn read(&self, field: &str) -> Option<(u64, bool)> {
        let mut all = (0, false);
        for part in field.split(',').filter(|part| !part.is_empty()) {
            let (bits, star) = self.part(part)?;
            all = (all.0 | bits, all.1 || star);
        }
        Some(all)
    }

    /// One value, a range, a star, each perhaps with a step.
    fn part(&self, part: &str) -> Option<(u64, bool)> {
        let mut halves = part.split('/');
        let (range, step) = (halves.next()?, halves.next());
        let mut ends = range.split('-');
        let (low, high) = (ends.next()?, ends.next());
        let star = matches!(low, "*" | "?");
        let (start, mut end) = match (star, high) {
            // Whatever comes after the hyphen.
            (true, _) => (self.least, self.most),
            (false, None) => (self.value(low)?, self.value(low)?),
            (false, Some(high)) if ends.next().is_none() => (self.value(low)?, self.value(high)?),
            (false, Some(_)) => return None,
        };
        if halves.next().is_some() {
            return None;
        }
        let width = step.map_or(Some(1), number)?;
        // Upstream's: a value with a step runs to the end.
        if step.is_some() && high.is_none() {
            end = self.most;
        }
        if start < self.least || end > self.most || start > end || width == 0 {
            return None;
        }
        let values = (start..=end).step_by(usize::try_from(width).unwrap_or(usize::MAX));
        let bits = values.fold(0, |bits, value| bits | 1 << value);
        Some((bits, star && width == 1))
    }

    fn value(&self, text: &str) -> Option<u64> {
        let mut listed = (self.least..).zip(self.names);
        let named = listed.find(|(_, name)| name.eq_ignore_ascii_case(text));
        named.map(|(value, _)| value).or_else(|| number(text))
    }
}

/// A number as Go's `Atoi` takes it, not negative.
fn number(text: &str) -> Option<u64> {
    let value: i64 = text.parse().ok()?;
    u64::try_from(value).ok()
}
