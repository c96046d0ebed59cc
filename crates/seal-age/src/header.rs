//! The stanzas of a binary age file (C2SP `age.md`, "File format"), without any key.

use age_core::format::{AgeStanza, read};

/// The first line of every age file of this version.
pub(crate) const VERSION_LINE: &[u8] = b"age-encryption.org/v1\n";

/// The library parses the header again for each of its lines: more than this is refused unread.
const MAX_HEADER: usize = 64 << 10;

const FOOTER: &[u8] = b"---";
const GREASE: &str = "-grease";

/// Every stanza; `None` unless each is in the one form that the specification allows. The library
/// also takes stanzas without their last line, which Go's does not.
pub(crate) fn stanzas(file: &[u8]) -> Option<Vec<AgeStanza<'_>>> {
    let mut rest = file.strip_prefix(VERSION_LINE)?;
    let mut found = Vec::new();
    while !rest.starts_with(FOOTER) {
        let (after, stanza) = read::age_stanza(rest).ok()?;
        rest = after;
        found.push(stanza);
    }
    (file.len() - rest.len() <= MAX_HEADER).then_some(found)
}

/// Whether a stanza is there only to keep readers used to strange ones.
pub(crate) fn is_grease(tag: &str) -> bool {
    tag.ends_with(GREASE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_one_form() {
        for (name, file, tags) in [
            ("none", "age-encryption.org/v1\n---", Some(vec![])),
            (
                "two",
                "age-encryption.org/v1\n-> a b\nAAAA\n-> c\n\n--- mac",
                Some(vec!["a", "c"]),
            ),
            ("no last line", "age-encryption.org/v1\n-> a\n--- mac", None),
            ("no footer", "age-encryption.org/v1\n-> a\nAAAA\n", None),
            ("version 2", "age-encryption.org/v2\n---", None),
            ("CRLF", "age-encryption.org/v1\r\n---", None),
            ("empty", "", None),
        ] {
            let found = stanzas(file.as_bytes())
                .map(|found| found.iter().map(|stanza| stanza.tag).collect());
            assert_eq!(found, tags, "{name}");
        }
    }

    #[test]
    fn a_long_header_is_refused() {
        let stanza = "-> a\nAAAA\n";
        let header = |stanzas: usize| {
            let text = stanza.repeat(stanzas);
            format!("age-encryption.org/v1\n{text}--- mac")
        };
        let most = (MAX_HEADER - VERSION_LINE.len()) / stanza.len();
        assert!(stanzas(header(most).as_bytes()).is_some());
        assert!(stanzas(header(most + 1).as_bytes()).is_none());
    }
}
