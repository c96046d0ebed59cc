//! Which keys are away at this moment. Without that, an outage of KMS would hold up every worker, and
//! with them the objects that need no KMS.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seal_kms::{KeyArn, KmsError, KmsFault};
use tokio::time::Instant;

/// Between two looks whether a key is back.
const PAUSE: Duration = Duration::from_secs(2);
/// Longer than one look takes: the others learn how it ended, and hold up nobody meanwhile.
const LOOK: Duration = Duration::from_secs(10);

/// Keys whose last call failed in a way that has nothing to do with the wrap.
#[derive(Default)]
pub(crate) struct Health(Mutex<HashMap<KeyArn, Away>>);

struct Away {
    until: Instant,
    error: KmsError,
}

impl Health {
    /// Whether to call.
    ///
    /// # Errors
    /// Why not: how the last call failed. Once in a while one caller is let through.
    pub(crate) fn verdict(&self, key: &KeyArn) -> Result<(), KmsError> {
        let mut away = self.lock();
        let now = Instant::now();
        match away.get_mut(key) {
            Some(away) if now < away.until => Err(away.error.clone()),
            Some(away) => {
                away.until = now + LOOK;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// How a call ended. True if the key is back after an outage: then those who wait need not wait any
    /// longer. After throttling they had better, or all would call at once.
    pub(crate) fn note(&self, key: &KeyArn, error: Option<&KmsError>) -> bool {
        let mut away = self.lock();
        match error {
            Some(error) if concerns_all(&error.fault) => {
                let until = Instant::now() + PAUSE;
                let error = error.clone();
                away.insert(key.clone(), Away { until, error });
                false
            }
            _ => away
                .remove(key)
                .is_some_and(|away| away.error.fault != KmsFault::Throttled),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<KeyArn, Away>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not what a key policy refuses, which may depend on the object: whoever may write one object must not
/// be able to shut out the others.
fn concerns_all(fault: &KmsFault) -> bool {
    matches!(
        fault,
        KmsFault::Throttled | KmsFault::Unavailable | KmsFault::Credentials(_)
    )
}

#[cfg(test)]
mod tests {
    use seal_kms::Action;

    use super::*;

    #[test]
    fn an_outage_is_met_once_in_a_while_and_a_refusal_by_each() {
        let key: KeyArn = "arn:aws:kms:eu-central-1:111122223333:key/a"
            .parse()
            .unwrap();
        let error = |fault| KmsError {
            action: Action::Decrypt,
            key: key.to_string(),
            fault,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let health = Health::default();
            let down = error(KmsFault::Unavailable);
            health.note(&key, Some(&down));
            assert_eq!(health.verdict(&key), Err(down.clone()));
            tokio::time::advance(PAUSE).await;
            assert_eq!(health.verdict(&key), Ok(()), "one looks");
            assert_eq!(health.verdict(&key), Err(down.clone()), "the others do not");
            tokio::time::advance(PAUSE * 2).await;
            assert_eq!(health.verdict(&key), Err(down.clone()), "while it looks");
            health.note(&key, Some(&down));
            tokio::time::advance(PAUSE).await;
            assert_eq!(health.verdict(&key), Ok(()), "one looks again");
            for fault in [KmsFault::AccessDenied, KmsFault::BadWrap] {
                health.note(&key, Some(&down));
                health.note(&key, Some(&error(fault)));
                assert_eq!(health.verdict(&key), Ok(()));
            }
            for (fault, is_back) in [(KmsFault::Unavailable, true), (KmsFault::Throttled, false)] {
                assert!(!health.note(&key, Some(&error(fault))));
                assert_eq!(health.note(&key, None), is_back);
                assert_eq!(health.verdict(&key), Ok(()));
            }
            assert!(!health.note(&key, None), "it was not away");
        });
    }
}
