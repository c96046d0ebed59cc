//! Values that are kept, by age, up to a number of bytes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::Question;
use crate::value::SecretValue;
use crate::version::Version;

pub(super) struct Store {
    values: HashMap<Question, (Instant, Arc<SecretValue>)>,
    bytes: usize,
    most: usize,
}

impl Store {
    pub(super) fn new(most: usize) -> Self {
        Self {
            values: HashMap::new(),
            bytes: 0,
            most,
        }
    }

    /// What is kept, and when it was asked for.
    pub(super) fn get(&self, question: &Question) -> Option<&(Instant, Arc<SecretValue>)> {
        self.values.get(question)
    }

    /// Keeps a value, unless a younger one is kept; the oldest give way.
    pub(super) fn put(&mut self, question: Question, asked: Instant, value: Arc<SecretValue>) {
        if self.is_younger(&question, asked) {
            return;
        }
        self.bytes += size(&value);
        if let Some((_, before)) = self.values.insert(question, (asked, value)) {
            self.bytes -= size(&before);
        }
        while self.bytes > self.most {
            let oldest = self.values.iter().min_by_key(|(_, (asked, _))| *asked);
            let Some(question) = oldest.map(|(question, _)| question.clone()) else {
                return;
            };
            self.remove(&question);
        }
    }

    /// Whether what is kept was asked for after this.
    pub(super) fn is_younger(&self, question: &Question, than: Instant) -> bool {
        let known = self.values.get(question);
        known.is_some_and(|(asked, _)| *asked > than)
    }

    /// Drops every version of a secret.
    pub(super) fn forget(&mut self, key: &str) {
        let of_key = self.values.keys().filter(|(known, _)| known == key);
        for question in of_key.cloned().collect::<Vec<_>>() {
            self.remove(&question);
        }
    }

    /// Drops what a change changes: all but versions with an id.
    pub(super) fn forget_stages(&mut self, key: &str) {
        let of_key = self
            .values
            .keys()
            .filter(|(known, version)| known == key && matches!(version, Version::Stage(_)));
        for question in of_key.cloned().collect::<Vec<_>>() {
            self.remove(&question);
        }
    }

    /// Drops one value.
    pub(super) fn remove(&mut self, question: &Question) {
        if let Some((_, value)) = self.values.remove(question) {
            self.bytes -= size(&value);
        }
    }
}

fn size(value: &SecretValue) -> usize {
    value.bytes().map_or(0, <[u8]>::len) + value.arn.len() + value.name.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_give_way() {
        let value = |length: usize| {
            Arc::new(SecretValue {
                arn: String::new(),
                name: String::new(),
                version_id: String::new(),
                created: None,
                text: Some(Zeroizing::new("x".repeat(length))),
                binary: None,
            })
        };
        let question = |key: &str| (key.to_owned(), Version::default());
        let mut store = Store::new(10);
        let start = Instant::now();
        store.put(question("a"), start, value(6));
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        store.put(question("b"), Instant::now(), value(6));
        assert!(store.get(&question("a")).is_none());
        assert!(store.get(&question("b")).is_some());
        store.put(question("b"), start, value(1));
        assert_eq!(store.bytes, 6, "it is the older one");
        store.put(question("b"), Instant::now(), value(7));
        assert_eq!(store.bytes, 7);
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        store.put(question("c"), Instant::now(), value(11));
        assert_eq!((store.bytes, store.values.len()), (0, 0));
        store.put(question("d"), Instant::now(), value(1));
        store.forget("d");
        assert_eq!(store.bytes, 0);
    }
}
