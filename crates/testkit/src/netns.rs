//! Network namespaces, for the API server's service proxy.
//!
//! The API server proxies to a service only through an address that is not loopback. A network
//! namespace of one's own can have such an address without touching the machine's network:
//! [`enter`] makes a command run in one whose loopback device also carries [`ADDRESS`]. Control
//! plane, controller and clients must all run in it, so it is the test run that enters it
//! (`cargo xtask test`), and tests ask [`is_inside`].

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

/// What the namespace's loopback device carries besides 127.0.0.1 (RFC 5737: documentation).
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

/// Given to `sh` with the command as arguments.
const SETUP: &str = "ip link set lo up && ip addr add \"$0/32\" dev lo && exec \"$@\"";

/// Whether this process runs where [`ADDRESS`] is local.
pub fn is_inside() -> bool {
    TcpListener::bind((ADDRESS, 0)).is_ok()
}

/// The beginning of a command line that runs the rest of it in a new namespace: append the program
/// and its arguments.
///
/// There is no network in it: `cargo` needs `--offline`.
///
/// # Errors
/// Why namespaces cannot be had here, in words for people.
pub fn enter() -> Result<Command, String> {
    let mut trial = prefix();
    trial.arg("true").stdin(Stdio::null());
    match trial.output() {
        Ok(output) if output.status.success() => Ok(prefix()),
        Ok(output) => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            Err(format!("no network namespaces here: {}", stderr.trim()))
        }
        Err(error) => Err(format!("no network namespaces here: unshare: {error}")),
    }
}

fn prefix() -> Command {
    let mut command = Command::new("unshare");
    command
        .arg(if rustix::process::geteuid().is_root() {
            "-n"
        } else {
            "-Urn"
        })
        .args(["--", "sh", "-c", SETUP])
        .arg(ADDRESS.to_string());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_the_address_and_nothing_else() {
        let mut command = match enter() {
            Ok(command) => command,
            Err(reason) => return crate::skip(&reason),
        };
        let output = command
            .args([
                "sh",
                "-c",
                "ip -oneline -4 address show; echo $0 $1",
                "a b",
                "c",
            ])
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains("192.0.2.10/32"), "{stdout}");
        assert!(stdout.ends_with("a b c\n"), "{stdout}");
        assert_eq!(stdout.lines().count(), 3, "{stdout}");
    }
}
