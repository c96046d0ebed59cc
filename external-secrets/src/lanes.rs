//! Who goes first: what people wait for has places of its own, which routine never takes.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Objects of each lane that are worked on at once. More would only queue at the API server.
const PLACES: usize = 32;

/// Why an object is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Someone made or changed it, or its Secret, just now.
    People,
    /// Its interval has passed, or the process has just started.
    Routine,
}

/// Places in both lanes.
pub(crate) struct Lanes {
    people: Semaphore,
    routine: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            people: Semaphore::new(PLACES),
            routine: Semaphore::new(PLACES),
        }
    }
}

impl Lanes {
    /// Waits for a place.
    pub(crate) async fn enter(&self, lane: Lane) -> Option<SemaphorePermit<'_>> {
        let places = match lane {
            Lane::People => &self.people,
            Lane::Routine => &self.routine,
        };
        // They are never closed.
        places.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn routine_never_holds_up_people() {
        let lanes = Lanes::default();
        let enter = |lane| lanes.enter(lane).now_or_never().flatten();
        let routine: Vec<_> = (0..PLACES).map_while(|_| enter(Lane::Routine)).collect();
        assert_eq!(routine.len(), PLACES);
        assert!(enter(Lane::Routine).is_none());
        assert!(enter(Lane::People).is_some());
    }
}
