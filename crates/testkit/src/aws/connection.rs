//! The proxy's side towards its clients.

use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::fault_proxy::Proxy;

/// How a connection breaks instead of carrying an answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// At once, with RST.
    Reset,
    /// In order, after these bytes, which begin an answer.
    Truncated(Vec<u8>),
}

impl Broken {
    /// After half of the answer's body.
    pub(super) fn truncated(answer: &Response<Bytes>) -> Self {
        let body = answer.body();
        let mut head = format!("HTTP/1.1 {}\r\n", answer.status());
        for (name, value) in answer.headers() {
            if name != CONTENT_LENGTH {
                // A String takes any text.
                let _ = write!(
                    head,
                    "{name}: {}\r\n",
                    String::from_utf8_lossy(value.as_bytes())
                );
            }
        }
        // More than there is even if there is nothing.
        let _ = write!(head, "content-length: {}\r\n\r\n", body.len() + 1);
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&body[..body.len() / 2]);
        Self::Truncated(bytes)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is to break")
    }
}

impl Error for Broken {}

/// Serves every connection until it is aborted, and they with it.
pub(super) async fn accept(listener: TcpListener, proxy: Arc<Proxy>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&proxy)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, proxy: Arc<Proxy>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&proxy)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = (&mut connection).await else {
        return;
    };
    let broken = error.source().and_then(|source| source.downcast_ref());
    let mut stream = connection.into_parts().io.into_inner();
    // What goes wrong while a connection is broken breaks it as well.
    match broken {
        Some(Broken::Reset) => {
            let _ = stream.set_zero_linger();
        }
        Some(Broken::Truncated(bytes)) => {
            let _ = stream.write_all(bytes).await;
        }
        None => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    proxy: Arc<Proxy>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    // A client that breaks off has no use for an answer.
    let body = body.collect().await.map_err(|_| Broken::Reset)?.to_bytes();
    let answer = proxy.answer(Request::from_parts(head, body)).await?;
    Ok(answer.map(Full::new))
}
