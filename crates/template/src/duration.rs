//! Durations in nanoseconds, as Go's time package writes and reads them: `1h2m3.5s`.

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A duration in nanoseconds as Go's `time.Duration.String` writes it, such as `1h30m0s`.
pub fn text(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    if size < SECOND {
        let (unit, name) = match size {
            0 => return "0s".to_owned(),
            1..MICRO => (1, "ns"),
            MICRO..MILLI => (MICRO, "µs"),
            _ => (MILLI, "ms"),
        };
        return format!("{sign}{}{name}", decimal(size, unit));
    }
    let (hours, minutes) = (size / HOUR, size / MINUTE % 60);
    let seconds = decimal(size % MINUTE, SECOND);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// The largest unit that fits, as sprig's `durationRound` shows it.
pub(crate) fn rounded(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let units = [
        (365 * DAY, "y"),
        (30 * DAY, "mo"),
        (DAY, "d"),
        (HOUR, "h"),
        (MINUTE, "m"),
        (SECOND, "s"),
    ];
    let fitting = units.into_iter().find(|(unit, _)| size > *unit);
    fitting.map_or_else(
        || "0s".to_owned(),
        |(unit, name)| format!("{}{name}", size / unit),
    )
}

/// A duration in nanoseconds as Go's `time.ParseDuration` reads it, such as `1h30m`; `None` when it is none.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    while total == 0 || !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(end);
        let unit_end = after
            .find(|letter: char| letter == '.' || letter.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        total = total.checked_add(scaled(number, unit_size(unit)?)?)?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let total = i128::from(total);
    i64::try_from(if negative { -total } else { total }).ok()
}

fn unit_size(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "µs" | "μs" => MICRO,
        "ms" => MILLI,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

/// `number · unit`, with the fraction cut off below a nanosecond.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let kept = &fraction[..fraction.len().min(18)];
    let part = if kept.is_empty() {
        0
    } else {
        let digits: u128 = kept.parse().ok()?;
        digits * u128::from(unit) / 10_u128.pow(u32::try_from(kept.len()).ok()?)
    };
    whole
        .checked_mul(unit)?
        .checked_add(u64::try_from(part).ok()?)
}

/// `value / unit`, without trailing zeros.
fn decimal(value: u64, unit: u64) -> String {
    let rest = value % unit;
    if rest == 0 {
        return (value / unit).to_string();
    }
    let digits = usize::try_from(unit.ilog10()).unwrap_or_default();
    format!(
        "{}.{}",
        value / unit,
        format!("{rest:0digits$}").trim_end_matches('0')
    )
}
