//! Serving HTTP to whoever may reach a pod: half-sent requests, answers that nobody reads and crowds of
//! connections cost little, probes are answered whatever the crowd, and an orderly end does not wait for them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, Connection};
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

/// What kubelets ask for: they restart a pod that does not answer.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What one client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time for the head of a request, from the moment the connection waits for one.
    pub head: Duration,
    /// Time until a client takes more of an answer.
    pub write: Duration,
    /// Life of a connection; it gets no further request then.
    pub life: Duration,
    /// Time for the request that is under way when the life of its connection is over.
    pub last: Duration,
    /// Connections that are served at the same time.
    pub connections: usize,
    /// Connections beyond these: probes are answered, other requests wait for the end of a connection. If one more
    /// comes, the oldest of them goes.
    pub waiting: usize,
    /// Time for open requests at the end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            write: Duration::from_secs(10),
            life: Duration::from_secs(90),
            last: Duration::from_secs(30),
            connections: 256,
            waiting: 256,
            drain: Duration::from_secs(3),
        }
    }
}

/// Serves until `stop` is cancelled and open requests are answered, or their time is up.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let waits = middleware::from_fn_with_state(places.clone(), probes_first);
    let crowded = router.clone().layer(waits);
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head);
    let mut once = protocol.clone();
    once.keep_alive(false);
    let mut open = JoinSet::new();
    let mut waiting = Waiting::default();
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            () = stop.cancelled() => break,
        };
        while open.try_join_next().is_some() {}
        let stream = in_time(stream, limits.write);
        let stop = stop.clone();
        if let Ok(place) = places.clone().try_acquire_owned() {
            let service = TowerToHyperService::new(router.clone());
            let connection = protocol.serve_connection(stream, service);
            open.spawn(async move {
                hold(connection, limits, &stop).await;
                drop(place);
            });
        } else {
            let guest = Arc::new(Guest::default());
            let seen = Arc::downgrade(&guest);
            let service = TowerToHyperService::new(Extension(guest).layer(crowded.clone()));
            let connection = once.serve_connection(stream, service);
            let handle = open.spawn(async move { hold(connection, limits, &stop).await });
            waiting.enter(seen, handle, limits.waiting);
        }
    }
    drop(listener);
    // Whoever has not finished by then is left.
    let ended = async { while open.join_next().await.is_some() {} };
    let _ = timeout(limits.drain, ended).await;
}

type Stream = TokioIo<Pin<Box<TimeoutStream<TcpStream>>>>;

/// A client that does not read its answer holds nothing for long.
fn in_time(stream: TcpStream, write: Duration) -> Stream {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write));
    TokioIo::new(Box::pin(stream))
}

/// Serves a connection to its end. A client that goes away in the middle is nobody's error.
async fn hold<S>(connection: Connection<Stream, S>, limits: Limits, stop: &CancellationToken)
where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
{
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = sleep(limits.life) => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.last, connection).await;
}

/// A connection beyond those that are served. It has one request.
#[derive(Default)]
struct Guest {
    /// It gave way, or its request has a place: it cannot be both.
    decided: AtomicBool,
    /// Held until the connection ends: its answer is written by then.
    place: OnceLock<OwnedSemaphorePermit>,
}

impl Guest {
    /// Whether nobody decided before.
    fn decide(&self) -> bool {
        !self.decided.swap(true, Ordering::AcqRel)
    }

    fn is_waiting(&self) -> bool {
        !self.decided.load(Ordering::Acquire)
    }
}

/// Those that wait for a place, the oldest first. They are gone when their connections end.
#[derive(Default)]
struct Waiting(VecDeque<(Weak<Guest>, AbortHandle)>);

impl Waiting {
    /// One more. Of too many the oldest goes: a probe is answered as soon as it is sent, whatever the others do. Whoever
    /// is served stays.
    fn enter(&mut self, guest: Weak<Guest>, connection: AbortHandle, most: usize) {
        self.0
            .retain(|(guest, _)| guest.upgrade().is_some_and(|guest| guest.is_waiting()));
        self.0.push_back((guest, connection));
        while self.0.len() > most.max(1) {
            if let Some((guest, connection)) = self.0.pop_front()
                && guest.upgrade().is_some_and(|guest| guest.decide())
            {
                connection.abort();
            }
        }
    }
}

/// Probes are answered; other requests wait for a place.
async fn probes_first(
    State(places): State<Arc<Semaphore>>,
    Extension(guest): Extension<Arc<Guest>>,
    request: Request,
    next: Next,
) -> Response {
    if PROBES.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    // Places are never closed. Who gave way is cut off at once, and takes nobody's place.
    match places.acquire_owned().await {
        Ok(place) if guest.decide() => {
            let _ = guest.place.set(place);
            next.run(request).await
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The next connection. Without file descriptors there is none for a while; others free theirs.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    /// So long that only what a test is about ends anything.
    const LONG: Duration = Duration::from_hours(1);
    /// So short that a test waits for it.
    const SHORT: Duration = Duration::from_millis(50);

    fn limits() -> Limits {
        Limits {
            head: LONG,
            write: LONG,
            life: LONG,
            last: LONG,
            connections: 1,
            waiting: 2,
            drain: SHORT,
        }
    }

    struct Bed {
        address: std::net::SocketAddr,
        /// A request for `/long` is being served; its answer comes when its end is told.
        begun: Arc<Notify>,
        end: Arc<Notify>,
        stop: CancellationToken,
        serving: JoinHandle<()>,
    }

    impl Bed {
        async fn start(limits: Limits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (tell, wait) = (Arc::clone(&begun), Arc::clone(&end));
            let long = || async move {
                tell.notify_one();
                wait.notified().await;
                "at last"
            };
            let router = Router::new()
                .route("/long", get(long))
                .route("/", get(|| async { "here" }))
                .route("/healthz", get(|| async { "ok" }))
                .route("/large", get(|| async { "x".repeat(64 << 20) }));
            let stop = CancellationToken::new();
            let serving = tokio::spawn(serve(listener, router, limits, stop.clone()));
            Self {
                address,
                begun,
                end,
                stop,
                serving,
            }
        }

        /// A connection on which so much was sent.
        async fn send(&self, text: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        }

        async fn end(self) {
            self.stop.cancel();
            self.serving.await.unwrap();
        }
    }

    fn request(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
    }

    /// All that comes until the connection ends.
    async fn rest(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        // A connection that is let go may end in a reset.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn half_sent_requests_give_their_place_to_others() {
        let bed = Bed::start(Limits {
            head: SHORT,
            connections: 2,
            waiting: 8,
            ..limits()
        })
        .await;
        let mut slow = Vec::new();
        for _ in 0..4 {
            slow.push(bed.send("GET / HT").await);
        }
        let answer = rest(bed.send(&request("/")).await).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        bed.end().await;
    }

    #[tokio::test]
    async fn probes_are_answered_whatever_the_crowd() {
        let bed = Bed::start(limits()).await;
        // It has its place as soon as it is answered.
        let mut first = bed.send(&request("/")).await;
        assert_eq!(first.read_u8().await.unwrap(), b'H');
        let oldest = bed.send("GET / HT").await;
        let mut crowd = Vec::new();
        for _ in 0..8 {
            crowd.push(bed.send("GET / HT").await);
            let probe = rest(bed.send(&request("/healthz")).await).await;
            assert!(probe.ends_with("ok"), "{probe}");
        }
        assert_eq!(rest(oldest).await, "", "the oldest gives way");
        // Whoever is not a probe waits for a place.
        let waiting = bed.send(&request("/")).await;
        drop(first);
        assert!(rest(waiting).await.ends_with("here"));
        bed.end().await;
    }

    /// The head of an answer.
    async fn head(stream: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    #[tokio::test]
    async fn who_waited_and_is_served_does_not_give_way_to_others() {
        let bed = Bed::start(limits()).await;
        let mut first = bed.send(&request("/")).await;
        assert_eq!(first.read_u8().await.unwrap(), b'H');
        let served = bed.send(&request("/long")).await;
        drop(first);
        bed.begun.notified().await;
        let mut crowd = Vec::new();
        for _ in 0..4 {
            crowd.push(bed.send("GET / HT").await);
        }
        // Whoever comes after the crowd is answered after it has entered.
        let probe = rest(bed.send(&request("/healthz")).await).await;
        assert!(probe.ends_with("ok"), "{probe}");
        bed.end.notify_one();
        let answer = rest(served).await;
        assert!(answer.ends_with("at last"), "{answer}");
        bed.end().await;
    }

    #[tokio::test]
    async fn who_waited_keeps_its_place_until_its_answer_is_written() {
        let bed = Bed::start(limits()).await;
        let mut first = bed.send(&request("/")).await;
        assert_eq!(first.read_u8().await.unwrap(), b'H');
        let mut slow = bed.send(&request("/large")).await;
        drop(first);
        assert_eq!(slow.read_u8().await.unwrap(), b'H');
        // Only who has no place is let go after one answer.
        let beyond = head(&mut bed.send(&request("/healthz")).await).await;
        assert!(beyond.contains("connection: close"), "{beyond}");
        assert!(rest(slow).await.len() > 64 << 20);
        let mut within = bed.send(&request("/")).await;
        let within = head(&mut within).await;
        assert!(within.starts_with("HTTP/1.1 200 OK"), "{within}");
        bed.end().await;
    }

    #[tokio::test]
    async fn a_connection_does_not_live_for_ever() {
        let life = SHORT;
        let bed = Bed::start(Limits { life, ..limits() }).await;
        let answer = rest(bed.send(&request("/")).await).await;
        assert!(answer.ends_with("here"), "{answer}");
        bed.end().await;
    }

    #[tokio::test]
    async fn who_does_not_read_an_answer_loses_it() {
        let write = SHORT;
        let bed = Bed::start(Limits { write, ..limits() }).await;
        let mut deaf = bed.send(&request("/large")).await;
        assert_eq!(deaf.read_u8().await.unwrap(), b'H');
        // The only place is free again.
        let mut next = bed.send(&request("/")).await;
        assert_eq!(next.read_u8().await.unwrap(), b'H');
        assert!(rest(deaf).await.len() < 64 << 20);
        bed.end().await;
    }
}
