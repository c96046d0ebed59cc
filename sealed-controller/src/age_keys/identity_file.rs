//! Identity files as `age-keygen` writes them, in the values of a Secret.

use seal_age::{AgeIdentity, AgeIdentityError};
use seal_format::se1::RecipientName;

use super::Named;

/// A line, or a whole file, that is left out. It tells nothing of what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LeftOut {
    #[error("line {line} {why}")]
    Line { line: usize, why: AgeIdentityError },
    #[error("is no text")]
    NoText,
    #[error(
        "is an encrypted file, whose passphrase nobody can type here; decrypt it with age -d first"
    )]
    Encrypted,
    #[error("holds no identity")]
    Empty,
}

/// The identities of one file, and what had to be left out: one bad line does not make the others
/// unusable.
pub(crate) fn read(file: &[u8]) -> (Vec<Named>, Vec<LeftOut>) {
    let Ok(text) = std::str::from_utf8(file) else {
        return (Vec::new(), vec![LeftOut::NoText]);
    };
    if text.trim_start().starts_with("-----BEGIN AGE") || text.starts_with("age-encryption.org/") {
        return (Vec::new(), vec![LeftOut::Encrypted]);
    }
    let mut identities = Vec::new();
    let mut left_out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match identity(line) {
            Ok(named) => identities.push(named),
            Err(why) => left_out.push(LeftOut::Line {
                line: index + 1,
                why,
            }),
        }
    }
    if identities.is_empty() && left_out.is_empty() {
        left_out.push(LeftOut::Empty);
    }
    (identities, left_out)
}

fn identity(line: &str) -> Result<Named, AgeIdentityError> {
    let identity = AgeIdentity::parse(line)?;
    let name = RecipientName::from_text(&identity.recipient_name())
        .map_err(|_| AgeIdentityError::NotAnIdentity)?;
    Ok((name, identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

    #[test]
    fn good_lines_count_and_the_others_are_named() {
        let text = format!("# created: today\r\n\n {GOOD}\r\nAGE-SECRET-KEY-PQ-1X\nmarker\n");
        let (identities, left_out) = read(text.as_bytes());
        assert_eq!(identities.len(), 1);
        assert!(identities[0].0.as_str().starts_with("age1t7rxyev2z"));
        let told: Vec<_> = left_out.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("line 4 AGE-SECRET-KEY-PQ-1… is a post-quantum"));
        assert_eq!(told[1], "line 5 is no age identity (AGE-SECRET-KEY-1…)");
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn files_without_identities_say_why() {
        for (file, expected) in [
            (&b"\xff\xfe"[..], LeftOut::NoText),
            (b"# nothing\n", LeftOut::Empty),
            (b"", LeftOut::Empty),
            (
                b"\n-----BEGIN AGE ENCRYPTED FILE-----\nmarker\n",
                LeftOut::Encrypted,
            ),
            (b"age-encryption.org/v1\n-> scrypt", LeftOut::Encrypted),
        ] {
            let (identities, left_out) = read(file);
            assert!(identities.is_empty());
            assert_eq!(left_out, [expected]);
        }
    }
}
