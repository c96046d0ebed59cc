//! Listening addresses, written as Go programs write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Not `host:port` or `:port`.
    #[error("{0:?} is not an address to listen on: use :port or ip:port")]
    Address(String),
    /// The system refuses.
    #[error("cannot listen on {address}: {reason}")]
    Bind {
        /// The address as it was given.
        address: String,
        /// What the system says.
        reason: std::io::Error,
    },
}

/// Binds `:port` (every interface, both families where there are two) or `ip:port`.
pub async fn bind(address: &str) -> Result<TcpListener, ListenError> {
    let candidates = candidates(address)?;
    TcpListener::bind(candidates.as_slice())
        .await
        .map_err(|reason| ListenError::Bind {
            address: address.to_owned(),
            reason,
        })
}

fn candidates(address: &str) -> Result<Vec<SocketAddr>, ListenError> {
    if let Some(port) = address.strip_prefix(':') {
        let port: u16 = port
            .parse()
            .map_err(|_| ListenError::Address(address.to_owned()))?;
        return Ok([
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        ]
        .map(|ip| SocketAddr::new(ip, port))
        .to_vec());
    }
    address
        .parse()
        .map(|address| vec![address])
        .map_err(|_| ListenError::Address(address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_go_writes_them() {
        for (text, count) in [(":8080", Some(2)), ("127.0.0.1:0", Some(1)), ("8080", None)] {
            assert_eq!(
                candidates(text).ok().map(|list| list.len()),
                count,
                "{text}"
            );
        }
    }
}
