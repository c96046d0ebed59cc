//! Messages for people: in conditions, events and the log.

/// Longest message in bytes. A thousand failing items must not fill the status (etcd refuses objects
/// that grow too large), every event and the log.
const LONGEST: usize = 4096;

/// The message, cut where it is too long.
pub fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = text.floor_char_boundary(LONGEST - '…'.len_utf8());
        text.truncate(end);
        text.push('…');
    }
    text
}

/// For the log: names of items may hold line breaks, and one message is one line.
pub fn one_line(message: &str) -> String {
    let plain = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    message.replace('\n', "; ").chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_bounded() {
        assert_eq!(bounded("db".to_owned()), "db");
        let long = bounded("ö".repeat(100_000));
        assert!(long.len() <= LONGEST && long.ends_with('…'));
    }

    #[test]
    fn a_log_line_stays_one_line() {
        assert_eq!(
            one_line("a\n2026 ERROR forged\r\u{1b}[2J"),
            "a; 2026 ERROR forged  [2J"
        );
    }
}
