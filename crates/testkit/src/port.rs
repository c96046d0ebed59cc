//! Ports for servers that must be told theirs.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// A loopback port that was free a moment ago.
///
/// Another process may take it before the server binds it, so whoever starts a server on it must
/// be ready to try again on "address already in use" (as [`crate::ControlPlane::start`] does).
///
/// # Errors
/// When no port can be bound.
pub fn free_port() -> Result<u16> {
    free_port_on(Ipv4Addr::LOCALHOST.into())
}

/// [`free_port`] on the given address.
pub(crate) fn free_port_on(address: IpAddr) -> Result<u16> {
    let listener = TcpListener::bind((address, 0))
        .with_context(|| format!("could not bind a port on {address}"))?;
    Ok(listener.local_addr()?.port())
}
