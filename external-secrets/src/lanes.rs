//! Who goes first: what people wait for has places of its own, which routine never takes.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Objects of each lane that are worked on at once. More would only queue at the API server.
const PLACES: usize = 32;

/// What takes no longer keeps its place: who left it would wait behind thousands when the controller starts, and
/// hold all that was made so far meanwhile.
const SHORT: Duration = Duration::from_millis(50);

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

    /// The same for what is short as a rule: the place is left only if it takes longer.
    pub(crate) async fn aside_if_long<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        match timeout(SHORT, &mut work).await {
            Ok(answer) => answer,
            Err(_) => self.aside(work).await,
        }
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

    #[tokio::test(start_paused = true)]
    async fn what_is_short_keeps_its_place() {
        let lanes = Lanes::default();
        let enter = || lanes.enter(Lane::Routine).now_or_never();
        let mut places: Vec<_> = (0..PLACES).map_while(|_| enter()).collect();
        let place = &mut places[0];
        let short = place.aside_if_long(async {
            tokio::time::sleep(SHORT / 2).await;
            assert!(enter().is_none());
        });
        short.await;
        let long = place.aside_if_long(async {
            tokio::time::sleep(SHORT * 2).await;
            assert!(enter().is_some());
        });
        long.await;
        assert!(enter().is_none(), "it is back");
    }
}
