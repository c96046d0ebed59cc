//! Who works and who waits: objects that wait for a key service must not keep others from work.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Objects worked on at once; unbounded would decrypt a whole cluster at the same time.
const WORKING: usize = 16;
/// Objects besides that may wait for a key service.
const WAITING: usize = 48;

/// Objects under way at once, working or waiting.
pub(crate) const UNDER_WAY: u16 = 64;

/// Places for objects under way.
pub(crate) struct Turns {
    working: Arc<Semaphore>,
    waiting: Semaphore,
}

/// One object's place among those that are worked on.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    place: Option<OwnedSemaphorePermit>,
}

/// So many wait for key services already that one more could keep others from work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Default for Turns {
    fn default() -> Self {
        Self {
            working: Arc::new(Semaphore::new(WORKING)),
            waiting: Semaphore::new(WAITING),
        }
    }
}

impl Turns {
    /// Waits for a place.
    pub(crate) async fn begin(&self) -> Turn<'_> {
        let place = self.place().await;
        Turn { turns: self, place }
    }

    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.working.clone().acquire_owned().await.ok()
    }
}

impl Turn<'_> {
    /// Leaves the place to another object while `service` is asked, and then waits for one again.
    ///
    /// # Errors
    /// At once, when too many wait already; `service` was not asked.
    pub(crate) async fn aside<T>(
        &mut self,
        service: impl Future<Output = T>,
    ) -> Result<T, Crowded> {
        let waiting = self.turns.waiting.try_acquire().map_err(|_| Crowded)?;
        self.place = None;
        let answer = service.await;
        drop(waiting);
        self.place = self.turns.place().await;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn whoever_waits_for_a_service_keeps_nobody_from_work() {
        let turns = Turns::default();
        let asks = async || turns.begin().await.aside(pending::<()>()).await;
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(asks())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        let mut working: Vec<_> = (0..WORKING)
            .map(|_| turns.begin().now_or_never().expect("a place to work"))
            .collect();
        assert!(turns.begin().now_or_never().is_none(), "so many, no more");
        let crowded = working[0].aside(pending::<()>()).now_or_never();
        assert_eq!(crowded, Some(Err(Crowded)));
        // Whoever gives up makes room.
        waiting.pop();
        assert_eq!(working[0].aside(pending::<()>()).now_or_never(), None);
        assert_eq!(usize::from(UNDER_WAY), WORKING + WAITING);
    }
}
