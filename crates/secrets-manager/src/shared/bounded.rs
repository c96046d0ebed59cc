//! What is remembered of keys: so much by each identity, and so much by all of them together.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Entries that everybody may have, whatever others have: who asks as many identities must not make the others
/// forget.
const FEW: usize = 100;

/// Entries about keys that all together may have beyond the first hundred of each kind and identity. Clones are
/// one: whoever shares it shares the entries.
#[derive(Clone, Debug)]
pub struct KeyBudget(Arc<Entries>);

#[derive(Debug)]
struct Entries {
    most: usize,
    taken: AtomicUsize,
}

impl KeyBudget {
    /// So many entries for all who have a clone of it.
    pub fn new(entries: usize) -> Self {
        Self(Arc::new(Entries {
            most: entries,
            taken: AtomicUsize::new(0),
        }))
    }

    /// Entries that are taken now.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }

    fn take(&self) -> bool {
        let more = |taken: usize| (taken < self.0.most).then_some(taken + 1);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        self.0.taken.fetch_update(set, get, more).is_ok()
    }

    fn give_back(&self, entries: usize) {
        self.0.taken.fetch_sub(entries, Ordering::Relaxed);
    }
}

/// 200,000 of its own: some hundred bytes each.
impl Default for KeyBudget {
    fn default() -> Self {
        Self::new(200_000)
    }
}

/// Entries of one kind. Of too many the oldest gives way.
pub(super) struct Bounded<K, V> {
    held: HashMap<K, V>,
    most: usize,
    all: KeyBudget,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    pub(super) fn new(most: usize, all: KeyBudget) -> Self {
        Self {
            held: HashMap::new(),
            most,
            all,
        }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.held.get(key)
    }

    /// The entry of a key, made if there is none. `age` says which is the oldest.
    pub(super) fn entry<A: Ord>(
        &mut self,
        key: K,
        age: impl Fn(&V) -> A,
        make: impl FnOnce() -> V,
    ) -> &mut V {
        if !self.held.contains_key(&key) {
            while self.held.len() >= self.most.max(1) {
                self.let_oldest_go(&age);
            }
            // Others may take meanwhile what is given up here; but not the first ones.
            while self.held.len() >= FEW && !self.all.take() {
                self.let_oldest_go(&age);
            }
        }
        self.held.entry(key).or_insert_with(make)
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let before = self.counted();
        let removed = self.held.remove(key);
        self.all.give_back(before - self.counted());
        removed
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        let before = self.counted();
        self.held.retain(|key, _| keep(key));
        self.all.give_back(before - self.counted());
    }

    fn let_oldest_go<A: Ord>(&mut self, age: impl Fn(&V) -> A) {
        let oldest = self.held.iter().min_by_key(|(_, value)| age(value));
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.remove(&oldest);
        }
    }
}

impl<K, V> Bounded<K, V> {
    /// Those that the others must know of.
    fn counted(&self) -> usize {
        self.held.len().saturating_sub(FEW)
    }
}

impl<K, V> Drop for Bounded<K, V> {
    fn drop(&mut self) {
        self.all.give_back(self.counted());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts so many more in; the oldest are those with the smallest numbers.
    fn put(map: &mut Bounded<usize, usize>, numbers: std::ops::Range<usize>) {
        for number in numbers {
            assert_eq!(*map.entry(number, |age| *age, || number), number);
        }
    }

    #[test]
    fn the_oldest_give_way() {
        let mut map = Bounded::new(2, KeyBudget::default());
        put(&mut map, 0..3);
        put(&mut map, 2..3);
        assert_eq!(
            [0, 1, 2].map(|key| map.get(&key).copied()),
            [None, Some(1), Some(2)]
        );
    }

    #[test]
    fn all_together_have_so_many_and_everybody_a_few() {
        let all = KeyBudget::new(10);
        let [mut one, mut other] = [(); 2].map(|()| Bounded::new(1_000, all.clone()));
        put(&mut one, 0..FEW);
        assert_eq!(all.taken(), 0);
        put(&mut one, FEW..500);
        assert_eq!((one.held.len(), all.taken()), (FEW + 10, 10));
        assert!(one.get(&499).is_some() && one.get(&389).is_none());
        put(&mut other, 0..500);
        assert_eq!((other.held.len(), all.taken()), (FEW, 10));
        assert!(other.get(&499).is_some() && other.get(&399).is_none());
        one.remove(&499);
        assert_eq!(all.taken(), 9);
        put(&mut other, 500..502);
        assert_eq!((other.held.len(), all.taken()), (FEW + 1, 10));
        one.retain(|key| *key < 398);
        assert_eq!(all.taken(), 1, "{}", one.held.len());
        put(&mut one, 0..50);
        drop(other);
        assert_eq!(all.taken(), one.held.len().saturating_sub(FEW));
    }
}
