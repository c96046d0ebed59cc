//! Pages of the web, got as Go's programs get them: through the proxies that variables name, unpacked, and from where
//! they have moved to.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, HOST, LOCATION, PROXY_AUTHORIZATION, USER_AGENT,
};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use percent_encoding::{CONTROLS, percent_encode};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::runtime::Builder;
use tower::{BoxError, Layer as _, Service, ServiceExt as _, service_fn};
use tower_http::decompression::{DecompressionBody, DecompressionLayer};
use url::{ParseError, Url};
use zeroize::Zeroizing;

use crate::address::{self, PortError};
use crate::cluster::{self, Authorities};
use crate::proxy;

const TIMEOUT: Duration = Duration::from_secs(30);
/// Go asks no more often for one page.
const REQUESTS: usize = 10;

/// Why there is no page. No text repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("a URL of a certificate is http:// or https://, and a host")]
    Address,
    #[error("its port is none; ports are numbers up to 65535")]
    Port,
    #[error("the proxy: {0}")]
    Proxy(#[from] PortError),
    #[error("the server {0}")]
    Tls(String),
    #[error("{through}{reason}")]
    Unreachable { through: String, reason: String },
    #[error("no complete answer within {TIMEOUT:?}")]
    Late,
    #[error("{0}")]
    Status(StatusCode),
    #[error("it has moved to what is no address of http:// or https:// with a port up to 65535")]
    Moved,
    #[error("it leads to another page {REQUESTS} times")]
    Circle,
    #[error("it is larger than {} KiB, which no certificate is", .0 / 1024)]
    Large(usize),
    #[error("the system gives no runtime")]
    Runtime,
}

/// Gets a page of at most `limit` bytes.
///
/// # Errors
/// [`PageError`]
pub(crate) fn get(text: &str, limit: usize) -> Result<Vec<u8>, PageError> {
    let url = read(text)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| PageError::Runtime)?;
    let in_time = async { tokio::time::timeout(TIMEOUT, found(url, limit)).await };
    let page = runtime.block_on(in_time);
    // Nobody waits for names that are still looked up.
    runtime.shutdown_background();
    page.unwrap_or(Err(PageError::Late))
}

/// Escapes what may not stand in a request. Where nothing is between the slashes the library would take the next word
/// for the host.
fn read(text: &str) -> Result<Url, PageError> {
    let (_, rest) = text.split_once("://").ok_or(PageError::Address)?;
    if rest.starts_with(['/', '\\']) || text.contains(char::is_control) {
        return Err(PageError::Address);
    }
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::InvalidPort => PageError::Port,
        _ => PageError::Address,
    })?;
    of_web(url)
}

fn of_web(url: Url) -> Result<Url, PageError> {
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host();
    fits.then_some(url).ok_or(PageError::Address)
}

async fn found(mut url: Url, limit: usize) -> Result<Vec<u8>, PageError> {
    for _ in 0..REQUESTS {
        let answer = ask(&url).await?;
        match moved(&url, &answer) {
            Some(next) => url = next?,
            None => return body(answer, limit).await,
        }
    }
    Err(PageError::Circle)
}

fn moved<B>(url: &Url, answer: &Response<B>) -> Option<Result<Url, PageError>> {
    if !matches!(answer.status().as_u16(), 301..=303 | 307 | 308) {
        return None;
    }
    // Servers send letters beyond ASCII as they are.
    let next = percent_encode(answer.headers().get(LOCATION)?.as_bytes(), CONTROLS).to_string();
    let next = url.join(&next).ok().and_then(|url| of_web(url).ok());
    Some(next.ok_or(PageError::Moved))
}

async fn body<B>(answer: Response<B>, limit: usize) -> Result<Vec<u8>, PageError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    if answer.status() != StatusCode::OK {
        return Err(PageError::Status(answer.status()));
    }
    let whole = Limited::new(answer.into_body(), limit).collect().await;
    let whole = whole.map_err(|error| {
        if error.is::<LengthLimitError>() {
            PageError::Large(limit)
        } else {
            unreachable(&*error, None)
        }
    })?;
    Ok(whole.to_bytes().to_vec())
}

async fn ask(url: &Url) -> Result<Response<DecompressionBody<Incoming>>, PageError> {
    let uri = without_user(url).ok_or(PageError::Address)?;
    let proxy = proxy::of_variables(&uri, |name| std::env::var(name).ok());
    if let Some(proxy) = &proxy {
        address::check_port(proxy)?;
    }
    let request = request(url, &uri, proxy.as_ref()).ok_or(PageError::Address)?;
    let send = service_fn(|request| {
        let answer = send(request, uri.clone(), proxy.clone());
        async { answer.await.map(with_plain_gzip) }
    });
    let unpacked = DecompressionLayer::new().layer(send).oneshot(request).await;
    unpacked.map_err(|error: BoxError| unreachable(&*error, proxy.as_ref()))
}

/// The library unpacks `gzip` in small letters. All other encodings are no business of ours: a page may be plain whatever
/// its server calls it.
fn with_plain_gzip<B>(mut answer: Response<B>) -> Response<B> {
    if let Some(encoding) = answer.headers_mut().get_mut(CONTENT_ENCODING)
        && encoding.as_bytes().eq_ignore_ascii_case(b"gzip")
    {
        *encoding = HeaderValue::from_static("gzip");
    }
    answer
}

fn unreachable(error: &(dyn Error + 'static), proxy: Option<&Uri>) -> PageError {
    if let Some(told) = cluster::tls_fault_of(error, Authorities::Computer) {
        return PageError::Tls(told);
    }
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    let through = |proxy| format!("through the proxy {}: ", address::of(proxy));
    PageError::Unreachable {
        through: proxy.map_or_else(String::new, through),
        reason: last.to_string(),
    }
}

fn without_user(url: &Url) -> Option<Uri> {
    let mut url = url.clone();
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.as_str().parse().ok()
}

fn request(url: &Url, uri: &Uri, proxy: Option<&Uri>) -> Option<Request<Empty<Bytes>>> {
    let forwards = proxy.is_some_and(|proxy| is_forwarded(uri, proxy));
    let target = if forwards {
        uri.clone()
    } else {
        uri.path_and_query()?.as_str().parse().ok()?
    };
    let mut request = Request::get(target)
        .header(HOST, uri.authority()?.as_str())
        .header(USER_AGENT, concat!("seal/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*");
    if !url.username().is_empty() || url.password().is_some() {
        let user = format!("{}:{}", url.username(), url.password().unwrap_or_default());
        request = request.header(AUTHORIZATION, proxy::basic(&Zeroizing::new(user))?);
    }
    if let Some(user) = proxy.filter(|_| forwards).and_then(proxy::authorization) {
        request = request.header(PROXY_AUTHORIZATION, user);
    }
    request.body(Empty::new()).ok()
}

/// A proxy gets what is not secret whole, to fetch it itself: many let nobody through to ports other than 443.
fn is_forwarded(uri: &Uri, proxy: &Uri) -> bool {
    uri.scheme_str() == Some("http") && !proxy::is_socks(proxy)
}

async fn send(
    request: Request<Empty<Bytes>>,
    uri: Uri,
    proxy: Option<Uri>,
) -> Result<Response<Incoming>, BoxError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let Some(proxy) = proxy else {
        return connect(tcp, uri, request).await;
    };
    if is_forwarded(&uri, &proxy) {
        return connect(tcp, proxy, request).await;
    }
    match proxy.scheme_str() {
        _ if proxy::is_socks(&proxy) => connect(proxy::socks(&proxy, tcp), uri, request).await,
        Some("https") => connect(proxy::tunnel(&proxy, over_tls(tcp)?), uri, request).await,
        _ => connect(proxy::tunnel(&proxy, tcp), uri, request).await,
    }
}

async fn connect<C>(
    connector: C,
    to: Uri,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, BoxError>
where
    C: Service<Uri> + Send,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    if to.scheme_str() == Some("https") {
        exchange(over_tls(connector)?, to, request).await
    } else {
        exchange(connector, to, request).await
    }
}

async fn exchange<C>(
    connector: C,
    to: Uri,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, BoxError>
where
    C: Service<Uri>,
    C::Response: Read + Write + Send + Unpin + 'static,
    C::Error: Into<BoxError>,
{
    let stream = connector.oneshot(to).await.map_err(Into::into)?;
    let (mut sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// With the authorities of this computer, which are read only where they are needed.
fn over_tls<C>(connector: C) -> Result<HttpsConnector<C>, BoxError>
where
    C: Service<Uri>,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http();
    Ok(builder.enable_http1().wrap_connector(connector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_escaped_or_refused() {
        for (text, expected) in [
            ("http://h.example/a b", Ok("http://h.example/a%20b")),
            ("HTTPS://h.example:443/ü", Ok("https://h.example/%C3%BC")),
            ("http://h.example:/a", Ok("http://h.example/a")),
            (
                "http://u:p@h.example:8080/a#b",
                Ok("http://h.example:8080/a"),
            ),
            ("http://127.0.0.1:99999/a", Err("its port is none")),
            ("https://[::1]:65536", Err("its port is none")),
            ("http://h.example:x/a", Err("its port is none")),
            ("ftp://h.example/a", Err("a URL of a certificate")),
            ("http:///h.example/a", Err("a URL of a certificate")),
            ("http://", Err("a URL of a certificate")),
            ("http://h.example/a\nb", Err("a URL of a certificate")),
        ] {
            match (read(text), expected) {
                (Ok(url), Ok(expected)) => {
                    let uri = without_user(&url).map(|uri| uri.to_string());
                    assert_eq!(uri.as_deref(), Some(expected), "{text}");
                }
                (Err(error), Err(told)) => {
                    assert!(error.to_string().starts_with(told), "{text}: {error}");
                }
                (found, _) => unreachable!("{text}: {found:?}"),
            }
        }
    }
}
