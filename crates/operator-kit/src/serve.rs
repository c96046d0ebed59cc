//! Serving HTTP to whoever may reach a pod: half-sent requests, answers that nobody reads and crowds of
//! connections cost little, probes are answered whatever the crowd, and an orderly end does not wait for them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use hyper::server::conn::http1::{self, Connection};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

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
            let service = TowerToHyperService::new(crowded.clone());
            let connection = once.serve_connection(stream, service);
            let handle = open.spawn(async move { hold(connection, limits, &stop).await });
            waiting.enter(handle, limits.waiting);
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
async fn hold(
    connection: Connection<Stream, TowerToHyperService<Router>>,
    limits: Limits,
    stop: &CancellationToken,
) {
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = sleep(limits.life) => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.last, connection).await;
}

/// Connections beyond those that are served, the oldest first.
#[derive(Default)]
struct Waiting(VecDeque<AbortHandle>);

impl Waiting {
    /// One more. Of too many the oldest goes: a probe is answered as soon as it is sent, whatever the others do.
    fn enter(&mut self, connection: AbortHandle, most: usize) {
        self.0.retain(|waiting| !waiting.is_finished());
        self.0.push_back(connection);
        while self.0.len() > most.max(1) {
            if let Some(oldest) = self.0.pop_front() {
                oldest.abort();
            }
        }
    }
}

/// Probes are answered; other requests wait for a place.
async fn probes_first(
    State(places): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    if PROBES.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    match places.acquire().await {
        Ok(_place) => next.run(request).await,
        // They are never closed.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
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
        stop: CancellationToken,
        serving: JoinHandle<()>,
    }

    impl Bed {
        async fn start(limits: Limits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let router = Router::new()
                .route("/", get(|| async { "here" }))
                .route("/healthz", get(|| async { "ok" }))
                .route("/large", get(|| async { "x".repeat(64 << 20) }));
            let stop = CancellationToken::new();
            let serving = tokio::spawn(serve(listener, router, limits, stop.clone()));
            Self {
                address,
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
