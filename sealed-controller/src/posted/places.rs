//! Places for bodies in memory. Whoever sends slowly keeps a place for long, so that each client has only a few.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bodies in memory at the same time.
const ALL: usize = 16;
/// Of them, those of one client.
const EACH: usize = 4;

/// Who has how many; nobody has none.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<BTreeMap<u16, usize>>>);

/// One of them, until it is dropped.
pub(super) struct Place {
    places: Places,
    client: u16,
}

impl Places {
    /// A place for a client, if there is one.
    pub(super) fn take(&self, client: u16) -> Option<Place> {
        let mut taken = self.taken();
        let has = taken.get(&client).copied().unwrap_or_default();
        if has == EACH || taken.values().sum::<usize>() == ALL {
            return None;
        }
        taken.insert(client, has + 1);
        let places = self.clone();
        Some(Place { places, client })
    }

    /// Numbers stay what they are if somebody panics.
    fn taken(&self) -> MutexGuard<'_, BTreeMap<u16, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.client) {
            Some(has) if *has > 1 => *has -= 1,
            _ => drop(taken.remove(&self.client)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_a_few_and_all_together_have_more() {
        let places = Places::default();
        let mut held = Vec::new();
        for client in 0..4 {
            held.extend((0..EACH).map(|_| places.take(client).unwrap()));
            assert!(places.take(client).is_none());
        }
        assert!(places.take(9).is_none());
        drop(held.pop());
        let other = places.take(9);
        assert!(other.is_some() && places.take(3).is_none());
        drop(other);
        held.push(places.take(3).unwrap());
        held.clear();
        assert!(places.taken().is_empty());
    }
}
