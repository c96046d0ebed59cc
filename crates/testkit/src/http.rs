//! Plain HTTP to servers on this machine, for code with and without a runtime of its own.
//!
//! Everything runs on one runtime of the test bed, on a thread of its own: a test may wait here
//! inside of its own runtime, and a test that is blocked does not stop our servers.

use std::net::SocketAddr;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, TE, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};

/// The emulators answer in milliseconds, on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// The test bed's own runtime.
pub(crate) fn runtime() -> Result<&'static Handle> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("testkit-http")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    match made {
        Ok(runtime) => Ok(runtime.handle()),
        Err(error) => bail!("could not start a runtime: {error}"),
    }
}

/// Waits for the future, which runs elsewhere.
pub(crate) fn wait<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    runtime()?.spawn(async move {
        // A caller always waits.
        let _ = sender.send(future.await);
    });
    receiver.recv().context("the runtime of the test bed ended")
}

/// Sends one request and returns the whole answer, whatever its status.
///
/// # Errors
/// When nobody listens, the connection breaks before the answer is complete, or it takes longer
/// than a minute.
pub(crate) fn send(request: Request<Bytes>) -> Result<Response<Bytes>> {
    let uri = request.uri().clone();
    let answer = wait(async move { tokio::time::timeout(PATIENCE, exchange(request)).await })?;
    answer
        .with_context(|| format!("{uri} did not answer in {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("{uri} did not answer"))
}

/// One request on a connection of its own, within the runtime. It goes to the authority of its URI.
pub(crate) async fn exchange(mut request: Request<Bytes>) -> Result<Response<Bytes>> {
    let address = authority(request.uri())?;
    if !request.headers().contains_key(HOST) {
        let host = address.to_string().parse()?;
        request.headers_mut().insert(HOST, host);
    }
    // What a server expects, where a proxy would want all of it.
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    *request.uri_mut() = path.parse()?;
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender; what breaks it shows in the answer.
    tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new)).await?;
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

/// Passes a request on to the server at `upstream`, as it came.
pub(crate) async fn forward(
    upstream: &str,
    mut request: Request<Bytes>,
) -> Result<Response<Bytes>> {
    let path = request.uri().path_and_query();
    let uri = format!("{upstream}{}", path.map_or("/", PathAndQuery::as_str));
    *request.uri_mut() = uri.parse()?;
    remove_hops(request.headers_mut());
    let mut answer = exchange(request).await?;
    remove_hops(answer.headers_mut());
    Ok(answer)
}

/// What is about one connection, not about the message (RFC 9110, §7.6.1). The length is that of the
/// body, which is whole here.
fn remove_hops(headers: &mut HeaderMap) {
    for name in [
        CONNECTION,
        CONTENT_LENGTH,
        EXPECT,
        TE,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
}

fn authority(uri: &Uri) -> Result<SocketAddr> {
    let authority = uri
        .authority()
        .with_context(|| format!("{uri} names no server"))?;
    let address = authority.as_str().parse();
    address.with_context(|| format!("{uri} does not name an address and a port"))
}
