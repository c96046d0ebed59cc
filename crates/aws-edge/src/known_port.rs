//! Requests to ports that are none.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use http::Uri;

/// Stops requests to an endpoint whose port is no number up to 65535, wherever it is configured. The library of
/// addresses takes such a port for none, and the client then asks at the usual port of the scheme: another server.
///
/// Such a call fails as [`CallFault::Misconfigured`](crate::CallFault::Misconfigured).
#[derive(Debug)]
pub struct KnownPort;

/// The endpoint has no port that somebody can be asked at.
#[derive(Debug, thiserror::Error)]
#[error("the port of the endpoint is none; ports are numbers up to 65535")]
pub(crate) struct UnknownPort;

impl Intercept for KnownPort {
    fn name(&self) -> &'static str {
        "KnownPort"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is no address at all is told by the client.
        match context.request().uri().parse() {
            Ok(uri) if !is_known(&uri) => Err(UnknownPort.into()),
            _ => Ok(()),
        }
    }
}

fn is_known(uri: &Uri) -> bool {
    let Some(authority) = uri.authority() else {
        return true;
    };
    let whole = authority.as_str();
    let server = whole.rsplit_once('@').map_or(whole, |(_, server)| server);
    let port = server.get(authority.host().len()..).unwrap_or_default();
    port.trim_start_matches(':').is_empty() || authority.port_u16().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers() {
        for (address, known) in [
            ("https://kms.eu-central-1.amazonaws.com/", true),
            ("http://127.0.0.1:4566/", true),
            ("http://[::1]:65535/", true),
            ("http://127.0.0.1:/", true),
            ("http://127.0.0.1:65536/", false),
            ("http://[::1]:99999/", false),
            ("http://kms.example:x/", false),
        ] {
            assert_eq!(is_known(&address.parse().unwrap()), known, "{address}");
        }
    }
}
