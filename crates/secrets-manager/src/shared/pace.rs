//! How many calls one identity makes, and how fast: below AWS's limits, and slower when AWS says so.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::error::Operation;

/// Pauses after AWS said that it is too much. Jitter at most doubles each.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(Duration::from_secs(15))
    .with_factor(2.0)
    .with_jitter()
    .without_max_times();

/// Calls that may follow each other at once.
const BURST: u32 = 4;

/// Gives turns.
pub(super) struct Pace {
    flow: Mutex<Flow>,
    freed: Notify,
}

/// The right to make one call; ends when dropped.
pub(super) struct Turn<'a> {
    pace: &'a Pace,
    began: Instant,
    end: End,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Answered,
    Throttled,
    /// Neither says anything of the pace.
    Other,
}

impl Pace {
    /// `calls` at a time; of those operations that AWS limits narrowly, `per_second` of each.
    pub(super) fn new(calls: usize, per_second: u32) -> Self {
        Self {
            flow: Mutex::new(Flow::new(calls, per_second)),
            freed: Notify::new(),
        }
    }

    /// Waits until a call may be made.
    pub(super) async fn turn(&self, operation: Operation) -> Turn<'_> {
        loop {
            let freed = self.freed.notified();
            let now = Instant::now();
            let wait = self.flow().begin(operation, now);
            match wait {
                Wait::No => {
                    return Turn {
                        pace: self,
                        began: now,
                        end: End::Other,
                    };
                }
                Wait::Until(then) => {
                    // Others may have less to wait for.
                    self.freed.notify_one();
                    sleep_until(then).await;
                }
                Wait::Freed => freed.await,
            }
        }
    }

    fn flow(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    pub(super) fn end(mut self, end: End) {
        self.end = end;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let free = self.pace.flow().end(self.end, self.began, Instant::now());
        for _ in 0..free {
            self.pace.freed.notify_one();
        }
    }
}

/// What keeps a call waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    No,
    Until(Instant),
    /// Another one must end.
    Freed,
}

/// The arithmetic, without waiting.
struct Flow {
    most: usize,
    /// Calls at a time, now.
    width: usize,
    running: usize,
    /// Answers since the width last changed.
    answers: usize,
    spacing: Duration,
    /// When the next call of an operation is due, if they were evenly spaced.
    next: BTreeMap<Operation, Instant>,
    throttled: Option<Throttled>,
}

struct Throttled {
    at: Instant,
    resume: Instant,
    pauses: ExponentialBackoff,
}

impl Flow {
    fn new(most: usize, per_second: u32) -> Self {
        let most = most.max(1);
        Self {
            most,
            width: most,
            running: 0,
            answers: 0,
            spacing: Duration::from_secs(1) / per_second.max(1),
            next: BTreeMap::new(),
            throttled: None,
        }
    }

    fn begin(&mut self, operation: Operation, now: Instant) -> Wait {
        if self.running >= self.width {
            return Wait::Freed;
        }
        let resume = self.throttled.as_ref().map(|throttled| throttled.resume);
        if let Some(resume) = resume.filter(|resume| *resume > now) {
            return Wait::Until(resume);
        }
        if is_narrow(operation) {
            let next = self.next.entry(operation).or_insert(now);
            let early = self.spacing * (BURST - 1);
            if *next > now + early {
                return Wait::Until(*next - early);
            }
            *next = (*next).max(now) + self.spacing;
        }
        self.running += 1;
        Wait::No
    }

    /// How many calls may begin that could not before.
    fn end(&mut self, end: End, began: Instant, now: Instant) -> usize {
        self.running -= 1;
        match end {
            End::Answered => self.answered(began),
            End::Throttled => self.throttle(began, now),
            End::Other => {}
        }
        self.width.saturating_sub(self.running)
    }

    fn answered(&mut self, began: Instant) {
        // Those of before the pause say nothing of after it.
        if self.throttled.as_ref().is_some_and(|it| began < it.resume) {
            return;
        }
        self.throttled = None;
        self.answers += 1;
        if self.answers >= self.width && self.width < self.most {
            self.width += 1;
            self.answers = 0;
        }
    }

    fn throttle(&mut self, began: Instant, now: Instant) {
        // Those that were under way at the same time are one.
        if self.throttled.as_ref().is_some_and(|it| began <= it.at) {
            return;
        }
        let before = self.throttled.take();
        let mut pauses = before.map_or_else(|| PAUSES.build(), |before| before.pauses);
        let resume = now + pauses.next().unwrap_or_default();
        self.throttled = Some(Throttled {
            at: now,
            resume,
            pauses,
        });
        self.width = (self.width / 2).max(1);
        self.answers = 0;
    }
}

/// Whether AWS answers only a hundred a second of it, for a whole account: everything else has thousands
/// (Secrets Manager quotas).
fn is_narrow(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::BatchGetSecretValue | Operation::ListSecrets
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_pauses_and_is_forgotten_step_by_step() {
        let mut flow = Flow::new(16, 20);
        let (get, start) = (Operation::GetSecretValue, Instant::now());
        for _ in 0..16 {
            assert_eq!(flow.begin(get, start), Wait::No);
        }
        assert_eq!(flow.begin(get, start), Wait::Freed);
        let mut now = start + Duration::from_millis(100);
        for _ in 0..16 {
            flow.end(End::Throttled, start, now);
        }
        assert_eq!(flow.width, 8, "sixteen at the same time are one");
        for width in [4, 2, 1, 1, 1, 1, 1] {
            let Wait::Until(resume) = flow.begin(get, now) else {
                panic!("it pauses");
            };
            assert!(resume > now && resume <= now + Duration::from_secs(30));
            now = resume;
            assert_eq!(flow.begin(get, now), Wait::No);
            flow.end(End::Throttled, now, now + Duration::from_millis(1));
            now += Duration::from_millis(1);
            assert_eq!(flow.width, width);
        }
        now += Duration::from_secs(30);
        for answers in 1..=200 {
            assert_eq!(flow.begin(get, now), Wait::No, "{answers}");
            flow.end(End::Answered, now, now);
        }
        assert_eq!(flow.width, 16);
    }

    #[tokio::test(start_paused = true)]
    async fn narrow_operations_are_spaced() {
        let pace = Pace::new(2, 20);
        let start = Instant::now();
        for _ in 0..100 {
            pace.turn(Operation::ListSecrets).await.end(End::Answered);
        }
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(4_800) && took < Duration::from_secs(5),
            "{took:?}"
        );
        for _ in 0..100 {
            pace.turn(Operation::GetSecretValue)
                .await
                .end(End::Answered);
        }
        assert_eq!(start.elapsed(), took);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_get_their_turn() {
        let pace = std::sync::Arc::new(Pace::new(3, 20));
        let operations = [Operation::ListSecrets, Operation::GetSecretValue];
        let tasks = (0..60).map(|number| {
            let pace = pace.clone();
            tokio::spawn(async move {
                let turn = pace.turn(operations[number % 2]).await;
                tokio::task::yield_now().await;
                turn.end(End::Answered);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(pace.flow().running, 0);
    }
}
