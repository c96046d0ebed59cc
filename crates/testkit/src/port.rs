//! Ports for servers that must be told theirs.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// Below are the ports that people give to their services.
const LOWEST: u16 = 10_000;

/// A loopback port that was free a moment ago.
///
/// It lies below the range from which the system takes ports for outgoing connections (of which
/// servers under test open hundreds), and was not handed out by this process before. Another
/// process may still take it, so whoever starts a server on it must be ready to try again on
/// "address already in use" (as [`crate::ControlPlane::start`] does).
///
/// # Errors
/// When no port can be bound.
pub fn free_port() -> Result<u16> {
    free_port_on(Ipv4Addr::LOCALHOST.into())
}

/// [`free_port`] on the given address.
pub(crate) fn free_port_on(address: IpAddr) -> Result<u16> {
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let range = quiet_ports();
    for _ in 0..1000 {
        let Ok(listener) = TcpListener::bind((address, candidate(&range)?)) else {
            continue;
        };
        let port = listener.local_addr()?.port();
        if TAKEN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(port)
        {
            return Ok(port);
        }
    }
    bail!("could not bind a port on {address}")
}

/// From [`LOWEST`] up to where outgoing connections begin; empty if that is too little.
fn quiet_ports() -> Range<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let outgoing = range
        .split_whitespace()
        .next()
        .and_then(|low| low.parse().ok());
    LOWEST..outgoing.unwrap_or(LOWEST)
}

/// A random port of the range, or 0 (the system chooses) if the range is short.
fn candidate(range: &Range<u16>) -> Result<u16> {
    let count = range.end.saturating_sub(range.start);
    if count < 1000 {
        return Ok(0);
    }
    let mut random = [0; 2];
    aws_lc_rs::rand::fill(&mut random).context("no random bytes")?;
    Ok(range.start + u16::from_ne_bytes(random) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_handed_out_twice() {
        let ports: BTreeSet<_> = (0..200).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 200);
    }

    #[test]
    fn ports_of_outgoing_connections_are_avoided() {
        let range = 10_000..11_000;
        assert!((0..200).all(|_| range.contains(&candidate(&range).unwrap())));
        assert_eq!(candidate(&(10_000..10_999)).unwrap(), 0);
        let (start, end) = (10_000, 1_024);
        assert_eq!(candidate(&Range { start, end }).unwrap(), 0);
    }
}
