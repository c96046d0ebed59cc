//! Points in time, written and read by Go's layouts: `2006-01-02 15:04:05`.

use crate::error::Failure;
use crate::layout::{Chunk, Offset, chunks};

/// A point in time, shown at an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
    /// Seconds east of UTC. Zero is shown as `UTC`.
    pub(crate) offset: i32,
}

/// A point in time, in the fields that a calendar shows.
pub(crate) struct Fields {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// From Sunday.
    pub(crate) weekday: usize,
    /// From 1.
    pub(crate) yearday: i64,
}

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(crate) const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const DAY: i64 = 86_400;
/// What `time.Time` prints as.
const PLAIN: &str = "2006-01-02 15:04:05.999999999 -0700 MST";
/// Years that Go's own formats keep to four digits.
const YEARS: std::ops::RangeInclusive<i64> = -9999..=9999;

impl Time {
    /// Go's zero time, the result of reading what is no date.
    pub(crate) const ZERO: Self = Self {
        seconds: -62_135_596_800,
        nanos: 0,
        offset: 0,
    };

    pub(crate) fn from_unix(seconds: i64) -> Self {
        Self {
            seconds,
            nanos: 0,
            offset: 0,
        }
    }

    pub(crate) fn in_utc(self) -> Self {
        Self { offset: 0, ..self }
    }

    /// Later by a number of nanoseconds.
    pub(crate) fn add(self, nanos: i64) -> Option<Self> {
        let sum = i64::from(self.nanos) + nanos.rem_euclid(1_000_000_000);
        let seconds = self
            .seconds
            .checked_add(nanos.div_euclid(1_000_000_000))?
            .checked_add(sum / 1_000_000_000)?;
        Some(Self {
            seconds,
            nanos: u32::try_from(sum % 1_000_000_000).ok()?,
            ..self
        })
    }

    pub(crate) fn fields(self) -> Result<Fields, Failure> {
        let local = self
            .seconds
            .checked_add(i64::from(self.offset))
            .ok_or(Failure::OutOfRange)?;
        let (days, clock) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        if !YEARS.contains(&year) {
            return Err(Failure::OutOfRange);
        }
        Ok(Fields {
            year,
            month,
            day,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default(),
            yearday: days - days_to(year, 1, 1) + 1,
        })
    }

    pub(crate) fn plain(self) -> Result<String, Failure> {
        self.format(PLAIN)
    }

    pub(crate) fn format(self, layout: &str) -> Result<String, Failure> {
        self.format_as(layout, None)
    }

    /// With the name that its zone has at this time, where that is known.
    pub(crate) fn format_as(self, layout: &str, zone: Option<&str>) -> Result<String, Failure> {
        let at = self.fields()?;
        let mut out = String::new();
        for chunk in chunks(layout) {
            match (chunk, zone) {
                (Chunk::Zone, Some(zone)) => out.push_str(zone),
                _ => self.write(&mut out, &chunk, &at),
            }
        }
        Ok(out)
    }

    fn write(self, out: &mut String, chunk: &Chunk<'_>, at: &Fields) {
        let name = |names: &[&'static str], at: usize, letters: usize| {
            names
                .get(at)
                .and_then(|name| name.get(..letters.min(name.len())))
                .unwrap_or_default()
        };
        let month = usize::try_from(at.month - 1).unwrap_or_default();
        let twelve = if at.hour % 12 == 0 { 12 } else { at.hour % 12 };
        let text = match chunk {
            Chunk::Text(text) => (*text).to_owned(),
            Chunk::Year => format!("{}{:04}", if at.year < 0 { "-" } else { "" }, at.year.abs()),
            Chunk::ShortYear => format!("{:02}", at.year.rem_euclid(100)),
            Chunk::Month => name(&MONTHS, month, 9).to_owned(),
            Chunk::ShortMonth => name(&MONTHS, month, 3).to_owned(),
            Chunk::MonthNumber(width) => padded(at.month, *width),
            Chunk::Weekday => name(&DAYS, at.weekday, 9).to_owned(),
            Chunk::ShortWeekday => name(&DAYS, at.weekday, 3).to_owned(),
            Chunk::Day(width) => padded(at.day, *width),
            Chunk::BlankDay => format!("{:2}", at.day),
            Chunk::YearDay => format!("{:03}", at.yearday),
            Chunk::BlankYearDay => format!("{:3}", at.yearday),
            Chunk::Hour => padded(at.hour, 2),
            Chunk::TwelveHour(width) => padded(twelve, *width),
            Chunk::Minute(width) => padded(at.minute, *width),
            Chunk::Second(width) => padded(at.second, *width),
            Chunk::Noon(upper) => match (at.hour >= 12, upper) {
                (true, true) => "PM",
                (true, false) => "pm",
                (false, true) => "AM",
                (false, false) => "am",
            }
            .to_owned(),
            Chunk::Zone => {
                if self.offset == 0 {
                    "UTC".to_owned()
                } else {
                    offset(
                        self.offset,
                        Offset {
                            zulu: false,
                            colon: false,
                            numbers: 2,
                        },
                    )
                }
            }
            Chunk::Offset(written) if written.zulu && self.offset == 0 => "Z".to_owned(),
            Chunk::Offset(written) => offset(self.offset, *written),
            Chunk::Fraction {
                mark,
                digits,
                trimmed,
            } => fraction(self.nanos, *mark, *digits, *trimmed),
        };
        out.push_str(&text);
    }
}

fn padded(number: i64, width: usize) -> String {
    format!("{number:0width$}")
}

fn offset(offset: i32, written: Offset) -> String {
    let size = offset.unsigned_abs();
    let numbers = [size / 3600, size / 60 % 60, size % 60].map(|number| format!("{number:02}"));
    let shown = &numbers[..written.numbers.clamp(1, 3)];
    format!(
        "{}{}",
        if offset < 0 { '-' } else { '+' },
        shown.join(if written.colon { ":" } else { "" })
    )
}

fn fraction(nanos: u32, mark: char, digits: usize, trimmed: bool) -> String {
    let all = format!("{nanos:09}");
    let shown = &all[..digits.min(9)];
    let shown = if trimmed {
        shown.trim_end_matches('0')
    } else {
        shown
    };
    if shown.is_empty() {
        String::new()
    } else {
        format!("{mark}{shown}")
    }
}

/// Days since 1970 of a date; months and days count from 1.
pub(crate) fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let in_era = shifted.rem_euclid(400);
    let yearday = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + yearday - 719_468
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let in_era = shifted.rem_euclid(146_097);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let yearday = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * yearday + 2) / 153;
    let day = yearday - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// How many days a month has.
pub(crate) fn month_length(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    days_to(next_year, next, 1) - days_to(year, month, 1)
}
