//! Who goes first: what people wait for has places of its own, which routine never takes.

use std::future::Future;

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

/// One object's place among those that are worked on.
pub(crate) struct Place<'a> {
    lanes: &'a Lanes,
    lane: Lane,
    permit: Option<SemaphorePermit<'a>>,
}

impl Lanes {
    /// Waits for a place.
    pub(crate) async fn enter(&self, lane: Lane) -> Place<'_> {
        let permit = self.permit(lane).await;
        Place {
            lanes: self,
            lane,
            permit,
        }
    }

    async fn permit(&self, lane: Lane) -> Option<SemaphorePermit<'_>> {
        let places = match lane {
            Lane::People => &self.people,
            Lane::Routine => &self.routine,
        };
        // They are never closed.
        places.acquire().await.ok()
    }
}

impl Place<'_> {
    /// Leaves the place to another object while AWS is asked, which may take its time for one identity and
    /// not for another, and then waits for one again.
    pub(crate) async fn aside<T>(&mut self, aws: impl Future<Output = T>) -> T {
        self.permit = None;
        let answer = aws.await;
        self.permit = self.lanes.permit(self.lane).await;
        answer
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn routine_never_holds_up_people() {
        let lanes = Lanes::default();
        let enter = |lane| lanes.enter(lane).now_or_never();
        let mut routine: Vec<_> = (0..PLACES).map_while(|_| enter(Lane::Routine)).collect();
        assert_eq!(routine.len(), PLACES);
        assert!(enter(Lane::Routine).is_none());
        assert!(enter(Lane::People).is_some());
        // Nor does who waits for AWS hold up anybody.
        let mut waiting = Box::pin(routine[0].aside(std::future::pending::<()>()));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(enter(Lane::Routine).is_some());
    }
}
