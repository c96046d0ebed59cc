//! Where requests are worked on: one at a time, so that of several cores objects keep all but one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::refusal::Refusal;

/// For others to finish.
const TURN: Duration = Duration::from_secs(10);

/// Room for one.
pub(super) struct Workplace(Arc<Semaphore>);

impl Workplace {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Computes on a thread for blocking work.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if others do not finish; that of the work; [`Refusal::Internal`] if it panics.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = timeout(TURN, self.0.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Refusal::Busy);
        };
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or(Err(Refusal::Internal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a clock that stands still unless everybody waits.
    #[test]
    fn who_waits_for_long_is_told_to_come_later() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let workplace = Workplace::new();
            let other = workplace.0.clone().acquire_owned().await.unwrap();
            assert_eq!(workplace.work(|| Ok(1)).await, Err(Refusal::Busy));
            drop(other);
            assert_eq!(workplace.work(|| Ok(1)).await, Ok(1));
            let panicked = workplace.work::<()>(|| panic!("a defect")).await;
            assert_eq!(panicked, Err(Refusal::Internal));
            assert_eq!(workplace.work(|| Ok(2)).await, Ok(2), "it is free again");
        });
    }
}
