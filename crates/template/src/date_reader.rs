//! Dates read by a layout, with what Go forgives and what it does not.

use crate::date::{DAYS, MONTHS, Time, days_to, month_length};
use crate::error::Failure;
use crate::layout::{Chunk, Offset, chunks};

/// What has been read so far.
#[derive(Default)]
struct Reader {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    yearday: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    offset: i32,
    noon: Option<bool>,
}

/// Reads `text`, which must look like `layout` from end to end. Times without a zone are in UTC, the
/// zone of the controller's image.
pub(crate) fn read(layout: &str, text: &str) -> Result<Time, Failure> {
    let mut reader = Reader::default();
    let mut rest = text;
    let chunks = chunks(layout);
    for (at, chunk) in chunks.iter().enumerate() {
        rest = reader.chunk(chunk, rest)?;
        let fraction_next = matches!(chunks.get(at + 1), Some(Chunk::Fraction { .. }));
        if matches!(chunk, Chunk::Second(_)) && !fraction_next {
            // A fraction may follow the seconds even where the layout has none.
            rest = reader.fraction(rest)?;
        }
    }
    if rest.is_empty() {
        reader.finish()
    } else {
        Err(Failure::Unparsable)
    }
}

impl Reader {
    fn chunk<'t>(&mut self, chunk: &Chunk<'_>, text: &'t str) -> Result<&'t str, Failure> {
        let number = digits;
        let (value, rest) = match chunk {
            Chunk::Text(expected) => return literal(expected, text),
            Chunk::Year => number(4, true)(text)?,
            Chunk::ShortYear
            | Chunk::MonthNumber(2)
            | Chunk::Day(2)
            | Chunk::Minute(2)
            | Chunk::Second(2)
            | Chunk::TwelveHour(2) => number(2, true)(text)?,
            Chunk::YearDay => number(3, true)(text)?,
            Chunk::BlankYearDay => number(3, false)(text.trim_start_matches(' '))?,
            Chunk::BlankDay => number(2, false)(text.strip_prefix(' ').unwrap_or(text))?,
            Chunk::MonthNumber(_)
            | Chunk::Day(_)
            | Chunk::Minute(_)
            | Chunk::Second(_)
            | Chunk::TwelveHour(_)
            | Chunk::Hour => number(2, false)(text)?,
            Chunk::Month => name(&MONTHS, text, 9)?,
            Chunk::ShortMonth => name(&MONTHS, text, 3)?,
            Chunk::Weekday => name(&DAYS, text, 9)?,
            Chunk::ShortWeekday => name(&DAYS, text, 3)?,
            Chunk::Noon(upper) => return self.noon(*upper, text),
            Chunk::Zone => return text.strip_prefix("UTC").ok_or(Failure::Unsupported),
            Chunk::Offset(written) => return self.offset(text, *written),
            Chunk::Fraction { trimmed: true, .. } => return self.fraction(text),
            Chunk::Fraction { digits, .. } => {
                let end = digits + 1;
                let exact = text
                    .get(..end)
                    .filter(|_| !text[end..].starts_with(|next: char| next.is_ascii_digit()));
                self.fraction(exact.ok_or(Failure::Unparsable)?)?;
                return Ok(&text[end..]);
            }
        };
        self.store(chunk, value);
        Ok(rest)
    }

    fn store(&mut self, chunk: &Chunk<'_>, value: i64) {
        match chunk {
            Chunk::Year => self.year = value,
            Chunk::ShortYear => self.year = value + if value >= 69 { 1900 } else { 2000 },
            Chunk::Month | Chunk::ShortMonth | Chunk::MonthNumber(_) => self.month = Some(value),
            Chunk::Day(_) | Chunk::BlankDay => self.day = Some(value),
            Chunk::YearDay | Chunk::BlankYearDay => self.yearday = Some(value),
            Chunk::Hour | Chunk::TwelveHour(_) => {
                self.hour = if matches!(chunk, Chunk::TwelveHour(_)) && value > 12 {
                    99
                } else {
                    value
                }
            }
            Chunk::Minute(_) => self.minute = value,
            Chunk::Second(_) => self.second = value,
            _ => {}
        }
    }

    fn noon<'t>(&mut self, upper: bool, text: &'t str) -> Result<&'t str, Failure> {
        let (after, before) = if upper { ("PM", "AM") } else { ("pm", "am") };
        self.noon = Some(text.starts_with(after));
        text.strip_prefix(after)
            .or_else(|| text.strip_prefix(before))
            .ok_or(Failure::Unparsable)
    }

    fn offset<'t>(&mut self, text: &'t str, written: Offset) -> Result<&'t str, Failure> {
        if written.zulu
            && let Some(rest) = text.strip_prefix('Z')
        {
            return Ok(rest);
        }
        let (sign, mut rest) = match text.as_bytes().first() {
            Some(b'+') => (1, &text[1..]),
            Some(b'-') => (-1, &text[1..]),
            _ => return Err(Failure::Unparsable),
        };
        let mut size = 0;
        for (at, (most, unit)) in [(24, 3600), (59, 60), (59, 1)]
            .into_iter()
            .take(written.numbers)
            .enumerate()
        {
            if at > 0 && written.colon {
                rest = rest.strip_prefix(':').ok_or(Failure::Unparsable)?;
            }
            let (value, after) = digits(2, true)(rest)?;
            if value > most {
                return Err(Failure::Unparsable);
            }
            size += value * unit;
            rest = after;
        }
        self.offset = i32::try_from(sign * size).map_err(|_| Failure::Unparsable)?;
        Ok(rest)
    }

    /// `.123`, of which nine digits count; nothing is fine too.
    fn fraction<'t>(&mut self, text: &'t str) -> Result<&'t str, Failure> {
        let Some(after) = text.strip_prefix(['.', ',']) else {
            return Ok(text);
        };
        let end = after
            .find(|next: char| !next.is_ascii_digit())
            .unwrap_or(after.len());
        if end == 0 {
            return Ok(text);
        }
        let nanos = format!("{:0<9}", &after[..end.min(9)]);
        self.nanos = nanos.parse().map_err(|_| Failure::Unparsable)?;
        Ok(&after[end..])
    }

    fn finish(mut self) -> Result<Time, Failure> {
        match (self.noon, self.hour) {
            (Some(true), 0..12) => self.hour += 12,
            (Some(false), 12) => self.hour = 0,
            _ => {}
        }
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return Err(Failure::Unparsable);
        }
        if let Some(yearday) = self.yearday {
            return self.by_yearday(yearday);
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if !(1..=12).contains(&month) || !(1..=month_length(self.year, month)).contains(&day) {
            return Err(Failure::Unparsable);
        }
        Ok(self.at(days_to(self.year, month, day)))
    }

    fn by_yearday(&self, yearday: i64) -> Result<Time, Failure> {
        let days = days_to(self.year, 1, 1) + yearday - 1;
        let time = self.at(days);
        let shown = Time {
            offset: 0,
            ..self.at(days)
        };
        let fields = Time {
            seconds: shown.seconds + i64::from(self.offset),
            ..shown
        }
        .fields()?;
        let agrees = |wanted: Option<i64>, found| wanted.is_none_or(|wanted| wanted == found);
        let good = fields.year == self.year
            && yearday >= 1
            && agrees(self.month, fields.month)
            && agrees(self.day, fields.day);
        if good {
            Ok(time)
        } else {
            Err(Failure::Unparsable)
        }
    }

    fn at(&self, days: i64) -> Time {
        let clock = self.hour * 3600 + self.minute * 60 + self.second;
        Time {
            seconds: days * 86_400 + clock - i64::from(self.offset),
            nanos: self.nanos,
            offset: self.offset,
        }
    }
}

/// A blank in the layout stands for any number of them.
fn literal<'t>(expected: &str, text: &'t str) -> Result<&'t str, Failure> {
    let (mut expected, mut rest) = (expected, text);
    while let Some(letter) = expected.chars().next() {
        if letter == ' ' {
            if !rest.is_empty() && !rest.starts_with(' ') {
                return Err(Failure::Unparsable);
            }
            expected = expected.trim_start_matches(' ');
            rest = rest.trim_start_matches(' ');
            continue;
        }
        rest = rest.strip_prefix(letter).ok_or(Failure::Unparsable)?;
        expected = &expected[letter.len_utf8()..];
    }
    Ok(rest)
}

/// Reads up to `most` digits, or exactly that many.
fn digits(most: usize, fixed: bool) -> impl Fn(&str) -> Result<(i64, &str), Failure> {
    move |text: &str| {
        let count = text
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        if count == 0 || (fixed && count < most) {
            return Err(Failure::Unparsable);
        }
        let (number, rest) = text.split_at(count);
        Ok((number.parse().map_err(|_| Failure::Unparsable)?, rest))
    }
}

/// The number, from 1, of the name that `text` begins with, in whatever case.
fn name<'t>(names: &[&str], text: &'t str, letters: usize) -> Result<(i64, &'t str), Failure> {
    for (at, name) in (1..).zip(names) {
        let name = &name[..letters.min(name.len())];
        if let Some((head, rest)) = text.split_at_checked(name.len())
            && head.eq_ignore_ascii_case(name)
        {
            return Ok((at, rest));
        }
    }
    Err(Failure::Unparsable)
}
