//! Where Secrets are made of values: on threads of their own. Templates cost as much as whoever writes them
//! likes, up to their bounds; watches, health checks and other namespaces do not wait for that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::sync_error::SyncError;

/// Objects at once, of different namespaces.
const BENCHES: usize = 4;

/// Those that are at work.
pub(crate) struct Workshop {
    benches: Arc<Semaphore>,
    /// One of each namespace: one that has much to do does not take all benches.
    turns: Mutex<HashMap<String, Weak<Semaphore>>>,
}

impl Default for Workshop {
    fn default() -> Self {
        Self {
            benches: Arc::new(Semaphore::new(BENCHES)),
            turns: Mutex::default(),
        }
    }
}

impl Workshop {
    /// Works for an object of this namespace, when it is its turn.
    pub(crate) async fn make<T: Send + 'static>(
        &self,
        namespace: &str,
        work: impl FnOnce() -> Result<T, SyncError> + Send + 'static,
    ) -> Result<T, SyncError> {
        // Neither is ever closed. Both go with the work, not with whoever waits for it.
        let turn = self.turn(namespace).acquire_owned().await.ok();
        let bench = self.benches.clone().acquire_owned().await.ok();
        let made = spawn_blocking(move || {
            let made = work();
            drop((bench, turn));
            made
        });
        match made.await {
            Ok(made) => made,
            Err(error) if error.is_panic() => Err(SyncError::Internal),
            Err(_) => Err(SyncError::Stopped),
        }
    }

    fn turn(&self, namespace: &str) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(namespace).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Semaphore::new(1));
        turns.insert(namespace.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn one_namespace_does_not_hold_up_another() {
        let workshop = Workshop::default();
        let (release, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let slow = workshop.make("busy", move || {
            let _ = held.lock().unwrap().recv();
            Ok(())
        });
        let next = workshop.make("busy", || Ok(()));
        let other = async {
            for _ in 0..2 * BENCHES {
                workshop.make("other", || Ok(())).await.unwrap();
            }
            release.send(()).unwrap();
        };
        let (slow, next, ()) = tokio::join!(slow, next, other);
        slow.and(next).unwrap();
        assert!(workshop.turns.lock().unwrap().len() <= 2);
    }

    #[tokio::test]
    async fn what_panics_is_an_error() {
        let workshop = Workshop::default();
        let made = workshop.make("shop", || -> Result<(), _> {
            std::panic::resume_unwind(Box::new("a bug"))
        });
        assert!(matches!(made.await, Err(SyncError::Internal)));
    }
}
