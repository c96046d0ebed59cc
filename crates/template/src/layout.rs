//! Go's date layouts: an example date, taken apart.

/// One part of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunk<'l> {
    Text(&'l str),
    Year,
    ShortYear,
    Month,
    ShortMonth,
    /// With the least number of digits.
    MonthNumber(usize),
    Weekday,
    ShortWeekday,
    Day(usize),
    BlankDay,
    YearDay,
    BlankYearDay,
    Hour,
    TwelveHour(usize),
    Minute(usize),
    Second(usize),
    /// `PM` or `pm`.
    Noon(bool),
    Zone,
    Offset(Offset),
    Fraction {
        mark: char,
        digits: usize,
        trimmed: bool,
    },
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset {
    /// `Z` stands for UTC.
    pub(crate) zulu: bool,
    /// A colon between the numbers.
    pub(crate) colon: bool,
    /// Hours, then minutes, then seconds.
    pub(crate) numbers: usize,
}

const fn offset(zulu: bool, colon: bool, numbers: usize) -> Chunk<'static> {
    Chunk::Offset(Offset {
        zulu,
        colon,
        numbers,
    })
}

/// What stands for what; longer spellings before their beginnings.
const SPELLINGS: [(&str, Chunk<'static>); 34] = [
    ("January", Chunk::Month),
    ("Jan", Chunk::ShortMonth),
    ("Monday", Chunk::Weekday),
    ("Mon", Chunk::ShortWeekday),
    ("MST", Chunk::Zone),
    ("002", Chunk::YearDay),
    ("01", Chunk::MonthNumber(2)),
    ("02", Chunk::Day(2)),
    ("03", Chunk::TwelveHour(2)),
    ("04", Chunk::Minute(2)),
    ("05", Chunk::Second(2)),
    ("06", Chunk::ShortYear),
    ("15", Chunk::Hour),
    ("1", Chunk::MonthNumber(1)),
    ("2006", Chunk::Year),
    ("2", Chunk::Day(1)),
    ("__2", Chunk::BlankYearDay),
    ("_2006", Chunk::Text("_")),
    ("_2", Chunk::BlankDay),
    ("3", Chunk::TwelveHour(1)),
    ("4", Chunk::Minute(1)),
    ("5", Chunk::Second(1)),
    ("PM", Chunk::Noon(true)),
    ("pm", Chunk::Noon(false)),
    ("-070000", offset(false, false, 3)),
    ("-07:00:00", offset(false, true, 3)),
    ("-0700", offset(false, false, 2)),
    ("-07:00", offset(false, true, 2)),
    ("-07", offset(false, false, 1)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z0700", offset(true, false, 2)),
    ("Z07:00", offset(true, true, 2)),
    ("Z07", offset(true, false, 1)),
];

/// The parts of a layout, in order.
pub(crate) fn chunks(layout: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let (mut text, mut at) = (0, 0);
    while at < layout.len() {
        let Some((chunk, length)) = chunk(layout, at) else {
            at += layout[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if text < at {
            chunks.push(Chunk::Text(&layout[text..at]));
        }
        chunks.push(chunk);
        at += length;
        text = at;
    }
    if text < layout.len() {
        chunks.push(Chunk::Text(&layout[text..]));
    }
    chunks
}

fn chunk(layout: &str, at: usize) -> Option<(Chunk<'static>, usize)> {
    let rest = &layout[at..];
    if rest.starts_with(['.', ',']) {
        return fraction(rest);
    }
    let (spelling, chunk) = SPELLINGS
        .into_iter()
        .find(|(spelling, _)| rest.starts_with(spelling))?;
    let lower_follows =
        rest[spelling.len()..].starts_with(|letter: char| letter.is_ascii_lowercase());
    match chunk {
        Chunk::ShortMonth | Chunk::ShortWeekday if lower_follows => None,
        // An underscore before the year is only an underscore.
        Chunk::Text(_) => Some((chunk, 1)),
        chunk => Some((chunk, spelling.len())),
    }
}

/// `.000` or `,999`, when no other digit follows.
fn fraction(rest: &str) -> Option<(Chunk<'static>, usize)> {
    let mark = rest.chars().next()?;
    let digit = rest[1..]
        .chars()
        .next()
        .filter(|digit| matches!(digit, '0' | '9'))?;
    let digits = rest[1..].chars().take_while(|next| *next == digit).count();
    if rest[1 + digits..].starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    Some((
        Chunk::Fraction {
            mark,
            digits,
            trimmed: digit == '9',
        },
        1 + digits,
    ))
}
