//! Questions that go together.

use std::sync::Arc;

use aws_edge::CallFault;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::listing::is_arn_of;
use super::{Answered, BATCH, Inner, State, unanswered};
use crate::error::{Operation, SecretsError, SecretsFault};
use crate::observer::Saved;
use crate::value::{Batch, SecretValue};
use crate::version::Version;

type Waiting = (String, oneshot::Sender<Answered>);

impl Inner {
    /// Waits for company, but not long.
    pub(super) fn gather(
        self: Arc<Self>,
        state: &mut State,
        key: String,
    ) -> BoxFuture<'static, Answered> {
        let (answer, answered) = oneshot::channel();
        state.waiting.push((key.clone(), answer));
        if state.waiting.len() >= BATCH {
            let batch = state.take_waiting();
            tokio::spawn(async move { self.together(batch).await });
        } else if state.waiting.len() == 1 {
            let batches = state.batches;
            tokio::spawn(async move {
                sleep(self.limits.gather).await;
                let batch = {
                    let mut state = self.state();
                    // Those that wait now have not waited as long if these are gone.
                    if state.batches != batches {
                        return;
                    }
                    state.take_waiting()
                };
                self.together(batch).await;
            });
        }
        async move { answered.await.unwrap_or_else(|_| Err(unanswered(&key))) }.boxed()
    }

    /// Asks for all of them: one alone as ever, which needs fewer rights.
    async fn together(self: Arc<Self>, batch: Vec<Waiting>) {
        match batch.len() {
            0 => {}
            1 => self.one_by_one(batch),
            _ => match self.ask_many(&batch).await {
                Ok(answer) => self.hand_out(batch, answer),
                Err(error) if error.is_access_denied() => {
                    let until = Instant::now() + self.limits.forgo;
                    self.state().no_batches = Some(until);
                    self.one_by_one(batch);
                }
                Err(error) if may_be_of_one(&error.fault) => self.one_by_one(batch),
                Err(error) => {
                    for (key, waiting) in batch {
                        // Whoever does not wait any more needs no answer.
                        let key = Some(key);
                        let _ = waiting.send(Err(SecretsError {
                            key,
                            ..error.clone()
                        }));
                    }
                }
            },
        }
    }

    async fn ask_many(&self, batch: &[Waiting]) -> Result<Batch, SecretsError> {
        let keys: Vec<_> = batch.iter().map(|(key, _)| key.clone()).collect();
        let call = self.manager.values(&keys);
        let answer = self.paced(Operation::BatchGetSecretValue, call).await?;
        for _ in 1..keys.len() {
            self.saved(Saved::Batch);
        }
        Ok(answer)
    }

    fn one_by_one(self: &Arc<Self>, batch: Vec<Waiting>) {
        for (key, waiting) in batch {
            let inner = self.clone();
            tokio::spawn(async move {
                let answer = inner.single(&key, &Version::default()).await;
                let _ = waiting.send(answer);
            });
        }
    }

    /// Gives each what is his. What the answer does not name is asked for alone: an answer must not make a
    /// secret look missing that is there.
    fn hand_out(self: &Arc<Self>, batch: Vec<Waiting>, answer: Batch) {
        let values: Vec<_> = answer.values.into_iter().map(Arc::new).collect();
        let mut left = Vec::new();
        for (key, waiting) in batch {
            let value = values.iter().find(|value| is_of(value, &key));
            let fault = answer.errors.iter().find(|(of, _)| *of == key);
            let answered = match (value, fault) {
                (Some(value), _) => Ok(value.clone()),
                (None, Some((_, fault))) => Err(of(&key, fault.clone())),
                (None, None) => {
                    left.push((key, waiting));
                    continue;
                }
            };
            let _ = waiting.send(answered);
        }
        self.one_by_one(left);
    }
}

impl State {
    fn take_waiting(&mut self) -> Vec<Waiting> {
        self.batches += 1;
        std::mem::take(&mut self.waiting)
    }
}

/// Whether AWS may refuse a call for many on account of one of them: whoever it is must not spoil the others'
/// answers.
fn may_be_of_one(fault: &SecretsFault) -> bool {
    match fault {
        SecretsFault::Call(fault) => matches!(fault, CallFault::Refused { .. }),
        _ => true,
    }
}

/// By name, by ARN, or by an ARN without the six characters that AWS adds.
fn is_of(value: &SecretValue, key: &str) -> bool {
    value.name == key || is_arn_of(&value.arn, key)
}

/// One secret of a batch. Its rights are those of a single question (API reference).
fn of(key: &str, fault: SecretsFault) -> SecretsError {
    SecretsError {
        operation: Operation::GetSecretValue,
        key: Some(key.to_owned()),
        fault,
    }
}
