//! How messages name someone who can read.

use std::fmt;

use seal_format::se1::{RecipientKind, RecipientName};

/// Characters of a key that are shown.
const SHOWN: usize = 12;

/// Who can read, by name and by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    name: Option<String>,
    to: RecipientName,
}

/// Everyone for whom a data key was wrapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readers {
    list: Vec<Reader>,
    /// By the recipients' places; a key that has two names stands twice.
    pub(super) keys: Vec<RecipientName>,
}

impl Reader {
    pub(crate) fn new(name: Option<String>, to: RecipientName) -> Self {
        Self { name, to }
    }
}

impl Readers {
    /// Adds a recipient; false if it is there already under another name, which only the answers of
    /// KMS tell.
    pub(super) fn add(&mut self, reader: Reader) -> bool {
        let new = !self.holds(&reader.to);
        self.keys.push(reader.to.clone());
        if new {
            self.list.push(reader);
        }
        new
    }

    /// Whether this key is one of theirs.
    pub(crate) fn holds(&self, to: &RecipientName) -> bool {
        self.keys.contains(to)
    }
}

/// One after the other.
impl fmt::Display for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, reader) in self.list.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{reader}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = shown(&self.to);
        match &self.name {
            Some(name) => write!(f, "{name} ({key})"),
            None => f.write_str(&key),
        }
    }
}

/// The beginning of a key; of an SSH key its end, as all begin alike. An ARN is shown whole: account and
/// region matter most in it.
pub(crate) fn shown(to: &RecipientName) -> String {
    let text = to.as_str();
    match to.kind() {
        RecipientKind::Kms => text.to_owned(),
        RecipientKind::Ssh => {
            let (kind, key) = text.split_once(' ').unwrap_or((text, ""));
            let end = key.len().saturating_sub(SHOWN);
            format!("{kind} …{}", &key[end..])
        }
        RecipientKind::Age | RecipientKind::Rsa => {
            let mut shown: String = text.chars().take(SHOWN).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            shown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shortened_where_they_differ_in_the_part_shown() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let ssh =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKW0ScQ01Fr7Jcqh4RQ4cAwbBk3Gk8PjzZTf0rZRdlVh";
        for (to, shown) in [
            (&format!("rsa:{}", "0a".repeat(32)), "a (rsa:0a0a0a0a…)"),
            (&"age1qqqqqqqqqqqqq".to_owned(), "a (age1qqqqqqqq…)"),
            (&arn.to_owned(), &format!("a ({arn})")),
            (&ssh.to_owned(), "a (ssh-ed25519 …zZTf0rZRdlVh)"),
        ] {
            let to = RecipientName::from_text(to).unwrap();
            let reader = Reader::new(Some("a".to_owned()), to.clone());
            assert_eq!(reader.to_string(), shown);
            assert!(shown.ends_with(&format!("({})", Reader::new(None, to))));
        }
    }
}
