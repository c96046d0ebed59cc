//! The cache of unwrapped data keys, on a clock that the tests hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

use std::future::{Future, pending, ready};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seal_kms::{Action, CacheOptions, KmsError, KmsFault, UnwrapCache};
use tokio::sync::Notify;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, advance};
use zeroize::Zeroizing;

type Unwrapped = Result<Zeroizing<Vec<u8>>, KmsError>;

/// Counts the unwraps that were started.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// An unwrap that gives `answer` when `go` says so.
    fn when<F: Future<Output = ()>>(
        &self,
        go: F,
        answer: Unwrapped,
    ) -> impl Future<Output = Unwrapped> + use<F> {
        let calls = Arc::clone(&self.0);
        async move {
            calls.fetch_add(1, Ordering::SeqCst);
            go.await;
            answer
        }
    }

    fn at_once(&self, answer: Unwrapped) -> impl Future<Output = Unwrapped> + use<> {
        self.when(ready(()), answer)
    }
}

fn secret(byte: u8) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![byte; 40])
}

fn down() -> KmsError {
    KmsError {
        action: Action::Decrypt,
        key: "k".into(),
        fault: KmsFault::Unavailable,
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_asked_for_again() {
    let (cache, calls) = (UnwrapCache::new(options()), Calls::default());
    for byte in [1, 2] {
        let answer = calls.at_once(Ok(secret(byte)));
        cache.get_or_unwrap([byte; 32], answer).await.unwrap();
    }
    for _ in 0..2 {
        cache.forget(&[1; 32]);
    }
    assert_eq!((cache.entries(), calls.count()), (1, 2));
    assert!(cache.known(&[2; 32]).is_some());
    let answer = calls.at_once(Ok(secret(3)));
    let answer = cache.get_or_unwrap([1; 32], answer).await.unwrap();
    assert_eq!((**answer).as_slice(), secret(3).as_slice());
    advance(CacheOptions::default().ttl).await;
    assert_eq!(cache.entries(), 0);
}

/// Generous where the test is about something else.
fn options() -> CacheOptions {
    CacheOptions {
        burst: NonZeroU32::new(10_000).unwrap(),
        ..CacheOptions::default()
    }
}

/// Starts `callers` that want the same; they all wait when this returns.
async fn crowd(
    cache: &Arc<UnwrapCache>,
    callers: usize,
    unwrap: impl Fn() -> Unwrap,
) -> JoinSet<Result<Arc<Zeroizing<Vec<u8>>>, KmsError>> {
    let mut crowd = JoinSet::new();
    for _ in 0..callers {
        let (cache, unwrap) = (Arc::clone(cache), unwrap());
        crowd.spawn(async move { cache.get_or_unwrap([1; 32], unwrap).await });
    }
    settle().await;
    crowd
}

type Unwrap = std::pin::Pin<Box<dyn Future<Output = Unwrapped> + Send>>;

/// Lets every task go as far as it can.
async fn settle() {
    for _ in 0..1_000 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_together_cost_one_call() {
    let (cache, calls) = (Arc::new(UnwrapCache::new(options())), Calls::default());
    let go = Arc::new(Notify::new());
    let waiting = crowd(&cache, 100, || {
        let go = Arc::clone(&go);
        Box::pin(calls.when(async move { go.notified().await }, Ok(secret(7))))
    })
    .await;
    assert_eq!(calls.count(), 1);
    go.notify_one();
    for answer in waiting.join_all().await {
        assert_eq!(answer.unwrap().as_slice(), [7; 40]);
    }
    let again = cache
        .get_or_unwrap([1; 32], calls.at_once(Ok(secret(9))))
        .await;
    assert_eq!(again.unwrap().as_slice(), [7; 40]);
    let other = cache
        .get_or_unwrap([2; 32], calls.at_once(Ok(secret(9))))
        .await;
    assert_eq!(other.unwrap().as_slice(), [9; 40]);
    assert_eq!((calls.count(), cache.entries()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_but_not_kept() {
    let (cache, calls) = (Arc::new(UnwrapCache::new(options())), Calls::default());
    let go = Arc::new(Notify::new());
    let waiting = crowd(&cache, 50, || {
        let go = Arc::clone(&go);
        Box::pin(calls.when(async move { go.notified().await }, Err(down())))
    })
    .await;
    go.notify_one();
    for answer in waiting.join_all().await {
        assert_eq!(answer.unwrap_err(), down());
    }
    assert_eq!((calls.count(), cache.entries()), (1, 0));
    let later = cache
        .get_or_unwrap([1; 32], calls.at_once(Ok(secret(7))))
        .await;
    assert!(later.is_ok());
    assert_eq!((calls.count(), cache.entries()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_unwraps_gives_up_another_goes_on() {
    let (cache, calls) = (Arc::new(UnwrapCache::new(options())), Calls::default());
    let mut first = crowd(&cache, 1, || Box::pin(calls.when(pending(), Ok(secret(1))))).await;
    let waiting = crowd(&cache, 20, || Box::pin(calls.at_once(Ok(secret(7))))).await;
    assert_eq!(calls.count(), 1);
    first.shutdown().await;
    for answer in waiting.join_all().await {
        assert_eq!(answer.unwrap().as_slice(), [7; 40]);
    }
    assert_eq!(calls.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_expires_leaves_memory_though_nobody_looks() {
    let (cache, calls) = (UnwrapCache::new(options()), Calls::default());
    let kept = cache
        .get_or_unwrap([1; 32], calls.at_once(Ok(secret(7))))
        .await;
    let left = Arc::downgrade(&kept.unwrap());
    advance(Duration::from_secs(15 * 60 - 1)).await;
    settle().await;
    assert!(left.upgrade().is_some());
    advance(Duration::from_secs(2)).await;
    settle().await;
    assert!(left.upgrade().is_none());
    assert_eq!(cache.entries(), 0);
    let again = cache
        .get_or_unwrap([1; 32], calls.at_once(Ok(secret(8))))
        .await;
    assert_eq!((again.unwrap()[0], calls.count()), (8, 2));
}

#[tokio::test(start_paused = true)]
async fn use_does_not_prolong_a_life() {
    let (cache, calls) = (UnwrapCache::new(options()), Calls::default());
    for minute in 0..20 {
        let answer = cache
            .get_or_unwrap([1; 32], calls.at_once(Ok(secret(7))))
            .await;
        assert!(answer.is_ok());
        assert_eq!(calls.count(), if minute < 15 { 1 } else { 2 }, "{minute}");
        advance(Duration::from_mins(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_oldest_makes_room() {
    let options = CacheOptions {
        capacity: 3,
        ..options()
    };
    let (cache, calls) = (UnwrapCache::new(options), Calls::default());
    let mut left = Vec::new();
    for byte in 0..5 {
        let kept = cache
            .get_or_unwrap([byte; 32], calls.at_once(Ok(secret(byte))))
            .await;
        left.push(Arc::downgrade(&kept.unwrap()));
    }
    let alive: Vec<_> = left.iter().map(|left| left.upgrade().is_some()).collect();
    assert_eq!(alive, [false, false, true, true, true]);
    assert_eq!(cache.entries(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_capacity_nothing_is_kept() {
    let options = CacheOptions {
        capacity: 0,
        ..options()
    };
    let (cache, calls) = (UnwrapCache::new(options), Calls::default());
    for _ in 0..3 {
        let answer = cache
            .get_or_unwrap([1; 32], calls.at_once(Ok(secret(7))))
            .await;
        assert_eq!(answer.unwrap().as_slice(), [7; 40]);
    }
    assert_eq!((calls.count(), cache.entries()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_wait() {
    let options = CacheOptions {
        waiting: 10,
        ..options()
    };
    let (cache, calls) = (Arc::new(UnwrapCache::new(options)), Calls::default());
    let known = cache
        .get_or_unwrap([2; 32], calls.at_once(Ok(secret(2))))
        .await;
    assert!(known.is_ok());
    let mut waiting = crowd(&cache, 10, || {
        Box::pin(calls.when(pending(), Ok(secret(1))))
    })
    .await;

    let refused = cache
        .get_or_unwrap([3; 32], calls.at_once(Ok(secret(3))))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.fault, KmsFault::Busy);
    assert!(refused.is_transient());
    assert_eq!(calls.count(), 2);
    // What is known needs no waiting.
    let known = cache
        .get_or_unwrap([2; 32], calls.at_once(Ok(secret(9))))
        .await;
    assert_eq!(known.unwrap().as_slice(), [2; 40]);

    waiting.shutdown().await;
    assert!(
        cache
            .get_or_unwrap([3; 32], calls.at_once(Ok(secret(3))))
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn unwraps_are_limited_per_second_and_hits_are_not() {
    let options = CacheOptions {
        per_second: NonZeroU32::new(10).unwrap(),
        burst: NonZeroU32::new(5).unwrap(),
        ..options()
    };
    let (cache, calls) = (UnwrapCache::new(options), Calls::default());
    let start = Instant::now();
    for round in 0..3 {
        for byte in 0..25 {
            let answer = cache
                .get_or_unwrap([byte; 32], calls.at_once(Ok(secret(byte))))
                .await;
            assert_eq!(answer.unwrap().as_slice(), [byte; 40], "{round}");
        }
    }
    assert_eq!(calls.count(), 25);
    // Five at once, twenty at ten a second.
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_secret_is_printed() {
    let cache = UnwrapCache::new(options());
    let text = b"correct horse battery staple".to_vec();
    let answer = Ok(Zeroizing::new(text));
    assert!(cache.get_or_unwrap([1; 32], async { answer }).await.is_ok());
    let printed = format!("{cache:?} {cache:#?}");
    assert!(
        !printed.contains("correct") && !printed.contains("99, 111"),
        "{printed}"
    );
}
