//! What there is, as one sweep of `ListSecrets` saw it, in little memory.

use tokio::time::Instant;

use crate::value::Listed;

/// A whole listing. Half ones are never made: nothing follows from them.
pub(super) struct Listing {
    /// When its first page was asked for: what it says was so then or later, but for AWS's own lag.
    pub(super) asked: Instant,
    /// What it cost.
    pub(super) pages: usize,
    /// In order of names.
    entries: Vec<Entry>,
}

/// One secret.
pub(super) struct Entry {
    pub(super) name: Box<str>,
    arn: Box<str>,
    /// Id of the version that counts; empty if none does.
    pub(super) current: Box<str>,
    /// Keys and values in turn, each ended by a null.
    tags: Box<str>,
}

impl Listing {
    pub(super) fn new(asked: Instant, pages: usize, mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        entries.shrink_to_fit();
        Self {
            asked,
            pages,
            entries,
        }
    }

    /// Id of the version of a secret that counts, named as anybody names it; none if it is not listed, or
    /// has none.
    pub(super) fn current(&self, key: &str) -> Option<&str> {
        let entry = match own_name(key) {
            None => self.named(key)?,
            // With the six characters that AWS adds, or without.
            Some(name) => [name.get(..name.len().saturating_sub(SUFFIX)), Some(name)]
                .into_iter()
                .flatten()
                .filter_map(|name| self.named(name))
                .find(|entry| is_arn_of(&entry.arn, key))?,
        };
        Some(&*entry.current).filter(|id| !id.is_empty())
    }

    /// Everything, in order of names.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn named(&self, name: &str) -> Option<&Entry> {
        let index = self
            .entries
            .binary_search_by(|entry| (*entry.name).cmp(name));
        self.entries.get(index.ok()?)
    }
}

impl Entry {
    /// Its tags, keys and values.
    pub(super) fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut texts = self.tags.split_terminator('\0');
        std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
    }
}

impl From<Listed> for Entry {
    fn from(listed: Listed) -> Self {
        let mut tags = String::new();
        for (key, value) in &listed.tags {
            for text in [key, value] {
                tags.push_str(text);
                tags.push('\0');
            }
        }
        Self {
            current: listed.current().unwrap_or_default().into(),
            name: listed.name.into(),
            arn: listed.arn.into(),
            tags: tags.into(),
        }
    }
}

/// A hyphen and six characters, which AWS adds to the name in an ARN.
const SUFFIX: usize = 7;

/// Whether a key is this ARN, with the characters that AWS added to it or without.
pub(super) fn is_arn_of(arn: &str, key: &str) -> bool {
    let added = arn.strip_prefix(key);
    let partial = |added: &str| added.len() == SUFFIX && added.starts_with('-');
    key.starts_with("arn:") && added.is_some_and(|added| added.is_empty() || partial(added))
}

/// The name in an ARN, and what AWS added to it; none if the key is a name.
fn own_name(key: &str) -> Option<&str> {
    let arn = key.starts_with("arn:").then_some(key)?;
    Some(arn.split_once(":secret:")?.1)
}

/// The name of a secret that an answer calls by its ARN, or by its name.
pub(super) fn without_suffix(key: &str) -> &str {
    match own_name(key) {
        None => key,
        Some(name) => name
            .get(..name.len().saturating_sub(SUFFIX))
            .unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:1:secret:";

    fn listed(name: &str, current: Option<&str>) -> Entry {
        let stages = BTreeMap::from([
            ("old".to_owned(), vec!["AWSPREVIOUS".to_owned()]),
            (
                current.unwrap_or("pending").to_owned(),
                vec![current.map_or("AWSPENDING", |_| "AWSCURRENT").to_owned()],
            ),
        ]);
        let tags = [("team", "a"), ("empty", ""), ("a", "team")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Entry::from(Listed {
            arn: format!("{ARN}{name}-AbCdEf"),
            name: name.to_owned(),
            tags: BTreeMap::from(tags),
            stages,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_are_found_by_every_name() {
        let entries = vec![
            listed("db", Some("1")),
            listed("a/b", Some("2")),
            // A name that looks like another one's ARN.
            listed("db-AbCdEf", Some("3")),
            listed("new", None),
        ];
        let listing = Listing::new(Instant::now(), 1, entries);
        for (key, current) in [
            ("db", Some("1")),
            ("a/b", Some("2")),
            ("db-AbCdEf", Some("3")),
            (&*format!("{ARN}db-AbCdEf"), Some("1")),
            (&format!("{ARN}db"), Some("1")),
            (&format!("{ARN}db-AbCdEf-AbCdEf"), Some("3")),
            (&format!("{ARN}db-Other1"), None),
            ("arn:aws:secretsmanager:us-east-1:2:secret:db", None),
            ("arn:aws:secretsmanager:us-east-1:1:secret", None),
            ("new", None),
            ("d", None),
            ("", None),
        ] {
            assert_eq!(listing.current(key), current, "{key}");
        }
    }

    #[test]
    fn tags_come_back() {
        let entry = listed("db", None);
        let tags: Vec<_> = entry.tags().collect();
        assert_eq!(tags, [("a", "team"), ("empty", ""), ("team", "a")]);
    }

    #[test]
    fn ten_thousand_secrets_take_little() {
        let texts = |entry: &Entry| {
            let texts = [&entry.name, &entry.arn, &entry.current, &entry.tags];
            texts.map(|text| text.len() + 16).iter().sum::<usize>()
        };
        let id = "00000000-0000-0000-0000-000000000000";
        let name = "production/some-team/some-application/database-password";
        let entry = listed(name, Some(id));
        let bytes = 10_000 * (texts(&entry) + size_of::<Entry>());
        assert!(bytes < 5 << 20, "{bytes}");
    }
}
