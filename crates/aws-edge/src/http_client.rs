//! What requests to AWS go through.

use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::unknown_port::UnknownPort;

/// The SDK's own HTTP client with proxies as the environment says, and one thing more: no address is asked whose
/// port is no number up to 65535, wherever it is configured. The library of addresses takes such a port for none,
/// and the client would then ask at the usual port of the scheme: another server.
///
/// It belongs into everything that loads a configuration of AWS: the sources of credentials and regions make
/// clients of their own from it, and send tokens. Such a call fails as
/// [`CallFault::UnknownPort`](crate::CallFault::UnknownPort), or as the fault of a source of credentials.
pub fn http_client() -> SharedHttpClient {
    let client = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector =
            Connector::builder().tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.proxy_config(ProxyConfig::from_env()).build()
    });
    SharedHttpClient::new(Checked {
        inner: client,
        proxies: Arc::new(Matcher::from_env()),
    })
}

/// A client, or one of its connectors, that looks at addresses first.
#[derive(Debug)]
struct Checked<T> {
    inner: T,
    /// As the inner one chooses them.
    proxies: Arc<Matcher>,
}

impl HttpClient for Checked<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Checked {
            inner: self.inner.http_connector(settings, components),
            proxies: Arc::clone(&self.proxies),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

impl HttpConnector for Checked<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match check(request.uri(), &self.proxies) {
            Ok(()) => self.inner.call(request),
            // Its user's fault, not the network's: not tried again.
            Err(unknown) => HttpConnectorFuture::ready(Err(ConnectorError::user(unknown.into()))),
        }
    }
}

fn check(address: &str, proxies: &Matcher) -> Result<(), UnknownPort> {
    // What is no address at all is told by the client.
    let Ok(uri) = address.parse::<Uri>() else {
        return Ok(());
    };
    UnknownPort::check(&uri)?;
    proxies
        .intercept(&uri)
        .map_or(Ok(()), |proxy| UnknownPort::check_proxy(proxy.uri()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_have_ports_too() {
        let proxies = Matcher::builder()
            .http("http://u:p@127.0.0.1:99999")
            .https("http://127.0.0.1:3128")
            .no("near.example")
            .build();
        for (address, refused) in [
            ("http://h.example/", Some("http://127.0.0.1")),
            ("http://near.example/", None),
            ("https://h.example/", None),
            ("https://h.example:65536/", Some("https://h.example:65536")),
            ("no address", None),
        ] {
            let told = check(address, &proxies)
                .err()
                .map(|unknown| unknown.address);
            assert_eq!(told.as_deref(), refused, "{address}");
        }
    }
}
