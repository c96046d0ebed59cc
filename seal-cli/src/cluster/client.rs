//! A client of an API server. The library's own believes no server whose certificate is its own authority, and
//! takes no verifier of ours; the rest is put together as it does it.

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt as _};
use kube::{Client, Config};
use rustls::pki_types::ServerName;
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use super::server_certificate::Verifier;
use crate::error::CliError;
use crate::proxy::{is_socks, socks, tunnel};

/// Wants to be called within a runtime.
///
/// # Errors
/// [`CliError::NoCluster`] where certificates, keys or addresses of the configuration cannot be used.
pub(crate) fn client(config: &Config) -> Result<Client, CliError> {
    // One TLS library for the process; a second call keeps the first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    through_proxy(config).ok_or(CliError::NoCluster(
        "the context's certificates or address are unusable",
    ))
}

fn through_proxy(config: &Config) -> Option<Client> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    // A request follows the end of the handshake at once; held back it would wait 40 ms for the server's system.
    connector.set_nodelay(true);
    let Some(proxy) = &config.proxy_url else {
        return to_server(config, connector);
    };
    match proxy.scheme_str() {
        _ if is_socks(proxy) => to_server(config, socks(proxy, connector)),
        Some("https") => to_server(config, tunnel(proxy, over_tls(config, connector)?)),
        _ => to_server(config, tunnel(proxy, connector)),
    }
}

fn to_server<C>(config: &Config, connector: C) -> Option<Client>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + Send,
{
    let mut connector = TimeoutConnector::new(over_tls(config, connector)?);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    let http: legacy::Client<_, Body> =
        legacy::Client::builder(TokioExecutor::new()).build(connector);
    let unpacked = DecompressionLayer::new().gzip(!config.disable_compression);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(unpacked)
        .option_layer(config.auth_layer().ok()?)
        .layer(config.extra_headers_layer().ok()?)
        .map_err(BoxError::from)
        .service(http);
    Some(Client::new(service, config.default_namespace.clone()))
}

/// `None` where a certificate or key cannot be used, or the name that the server must have is none.
fn over_tls<C>(config: &Config, connector: C) -> Option<HttpsConnector<C>>
where
    C: Service<Uri>,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let mut tls = config.rustls_client_config().ok()?;
    if let Some(roots) = config
        .root_cert
        .as_deref()
        .filter(|_| !config.accept_invalid_certs)
    {
        Verifier::of(roots)?.check_servers_of(&mut tls);
    }
    let mut builder = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = ServerName::try_from(name.clone()).ok()?;
        builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    Some(builder.enable_http1().wrap_connector(connector))
}
