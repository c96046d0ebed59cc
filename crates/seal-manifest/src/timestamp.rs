//! Recognises what `yaml.v2` takes for a timestamp: such a string is written in double quotes.

/// Whether `text` is a date or a time in one of the four layouts that `yaml.v2` tries.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let year_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if year_digits != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    ["T", "t", " "]
        .iter()
        .any(|separator| date_and_time(text, separator).is_some())
        || date(text).is_some_and(str::is_empty)
}

fn date_and_time(text: &str, separator: &str) -> Option<()> {
    let rest = date(text)?.strip_prefix(separator)?;
    // A space in a Go layout stands for any number of spaces.
    let rest = if separator == " " {
        rest.trim_start_matches(' ')
    } else {
        rest
    };
    let (_, rest) = number(rest, 0..=23)?;
    let (_, rest) = number(rest.strip_prefix(':')?, 0..=59)?;
    let (_, rest) = number(rest.strip_prefix(':')?, 0..=59)?;
    let rest = fraction(rest);
    let rest = if separator == " " { rest } else { zone(rest)? };
    rest.is_empty().then_some(())
}

fn date(text: &str) -> Option<&str> {
    let year: u32 = text.get(..4)?.parse().ok()?;
    let (month, rest) = number(text.get(5..)?, 1..=12)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 1..=31)?;
    (day <= days_in(month, year)).then_some(rest)
}

/// One or two digits within a range.
fn number(text: &str, range: std::ops::RangeInclusive<u32>) -> Option<(u32, &str)> {
    let width = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = text.get(..width)?.parse().ok()?;
    range.contains(&value).then_some((value, &text[width..]))
}

/// Drops a fraction of a second; Go takes a comma as well as a point.
fn fraction(text: &str) -> &str {
    let Some(digits) = text.strip_prefix(['.', ',']) else {
        return text;
    };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == digits.len() {
        text
    } else {
        rest
    }
}

/// `Z`, or a sign with two digits of hours and minutes; Go lets 24 hours and 60 minutes pass.
fn zone(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some(rest);
    }
    let rest = text.strip_prefix(['+', '-'])?;
    let two_digits = |part: &str, most: u32| {
        part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u32>().is_ok_and(|n| n <= most)
    };
    let fits =
        two_digits(rest.get(..2)?, 24) && rest.get(2..3)? == ":" && two_digits(rest.get(3..5)?, 60);
    fits.then(|| &rest[5..])
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_go_takes() {
        for text in [
            "2001-01-01",
            "2001-1-1",
            "2024-02-29",
            "2001-12-14T21:59:43.10Z",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10",
            "2001-12-14   1:2:3",
            "2001-12-14T21:59:43,5Z",
            "2001-12-14T21:59:43+24:60",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
    }

    #[test]
    fn leaves_the_rest() {
        for text in [
            "",
            "2001",
            "2001-",
            "2001-13-01",
            "2001-02-29",
            "2001-01-001",
            "2001-12-14 21:59:43 Z",
            "2001-12-14T21:59:43",
            "2001-12-14T24:00:00Z",
            "20011-1-1",
            "2001-12-14T21:59:43.Z",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
