//! Values that are kept, by age, as far as the budget goes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::Question;
use super::budget::{Share, ValueBudget};
use crate::value::SecretValue;
use crate::version::Version;

pub(super) struct Store {
    values: HashMap<Question, Kept>,
    budget: ValueBudget,
}

struct Kept {
    asked: Instant,
    value: Arc<SecretValue>,
    share: Share,
}

impl Store {
    pub(super) fn new(budget: ValueBudget) -> Self {
        Self {
            values: HashMap::new(),
            budget,
        }
    }

    /// What is kept, and when it was asked for.
    pub(super) fn get(&self, question: &Question) -> Option<(Instant, &Arc<SecretValue>)> {
        let kept = self.values.get(question)?;
        Some((kept.asked, &kept.value))
    }

    /// Keeps a value, unless a younger one is kept; the oldest here give way if there is no room. If that
    /// does not help, the value is not kept.
    pub(super) fn put(&mut self, question: Question, asked: Instant, value: Arc<SecretValue>) {
        if self.is_younger(&question, asked) {
            return;
        }
        self.remove(&question);
        if let Some(share) = self.room(size(&value)) {
            let kept = Kept {
                asked,
                value,
                share,
            };
            self.values.insert(question, kept);
        }
    }

    fn room(&mut self, bytes: usize) -> Option<Share> {
        if let Some(share) = self.budget.take(bytes) {
            return Some(share);
        }
        let own: usize = self.values.values().map(|kept| kept.share.bytes()).sum();
        if self.budget.left().saturating_add(own) < bytes {
            return None;
        }
        // Others may take meanwhile what is given up here.
        loop {
            let oldest = self.values.iter().min_by_key(|(_, kept)| kept.asked);
            let question = oldest.map(|(question, _)| question.clone())?;
            self.remove(&question);
            if let Some(share) = self.budget.take(bytes) {
                return Some(share);
            }
        }
    }

    /// Whether what is kept was asked for after this.
    pub(super) fn is_younger(&self, question: &Question, than: Instant) -> bool {
        let known = self.values.get(question);
        known.is_some_and(|kept| kept.asked > than)
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
        self.values.remove(question);
    }
}

fn size(value: &SecretValue) -> usize {
    value.bytes().map_or(0, <[u8]>::len) + value.arn.len() + value.name.len()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use zeroize::Zeroizing;

    fn value(length: usize) -> Arc<SecretValue> {
        Arc::new(SecretValue {
            arn: String::new(),
            name: String::new(),
            version_id: String::new(),
            created: None,
            text: Some(Zeroizing::new("x".repeat(length))),
            binary: None,
        })
    }

    fn question(key: &str) -> Question {
        (key.to_owned(), Version::default())
    }

    /// At seconds: those that are kept afterwards, in order.
    fn put(store: &mut Store, second: u64, key: &str, length: usize) -> String {
        let asked = Instant::now() + Duration::from_secs(second);
        store.put(question(key), asked, value(length));
        let mut kept: Vec<_> = store.values.keys().map(|(key, _)| key.as_str()).collect();
        kept.sort_unstable();
        kept.concat()
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_give_way() {
        let budget = ValueBudget::new(10);
        let mut store = Store::new(budget.clone());
        assert_eq!(put(&mut store, 0, "a", 6), "a");
        assert_eq!(put(&mut store, 1, "b", 6), "b");
        put(&mut store, 0, "b", 1);
        assert_eq!(budget.taken(), 6, "it is the older one");
        assert_eq!(put(&mut store, 1, "b", 7), "b");
        assert_eq!(put(&mut store, 2, "c", 11), "b", "it would not help");
        assert_eq!(put(&mut store, 3, "b", 11), "", "the new one does not fit");
        assert_eq!(put(&mut store, 4, "d", 1), "d");
        store.forget("d");
        assert_eq!(budget.taken(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn stores_share_a_budget_and_nobody_takes_the_others_values() {
        let budget = ValueBudget::new(10);
        let (mut one, mut other) = (Store::new(budget.clone()), Store::new(budget.clone()));
        put(&mut one, 0, "a", 4);
        assert_eq!(put(&mut one, 1, "b", 4), "ab");
        assert_eq!(
            put(&mut other, 9, "c", 3),
            "",
            "it has none of its own to drop"
        );
        assert_eq!(put(&mut other, 2, "d", 2), "d");
        assert_eq!(put(&mut other, 3, "e", 1), "e", "its own gave way");
        assert_eq!(put(&mut one, 4, "f", 3), "bf");
        assert_eq!(budget.taken(), 8);
        assert_eq!(put(&mut one, 5, "g", 10), "bf", "it would not help");
        drop(one);
        assert_eq!(budget.taken(), 1);
        assert_eq!(put(&mut other, 6, "h", 9), "eh");
    }
}
