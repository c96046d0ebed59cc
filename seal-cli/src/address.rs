//! Addresses as messages show them: user names, passwords, tokens and signatures left out, because
//! messages end in logs.

use http::Uri;

/// Scheme, host, port and path of what was given as a URL.
pub(crate) fn of_text(url: &str) -> String {
    url.parse().map_or_else(|_| unreadable(url), |uri| of(&uri))
}

/// Scheme, host, port and path.
pub(crate) fn of(uri: &Uri) -> String {
    let Some(host) = uri.host() else {
        return unreadable("");
    };
    let scheme = uri.scheme_str().unwrap_or_default();
    // A slash in a password ends the host too early: the rest of the password is in the path then, and the password
    // may begin where the port stands.
    if uri.path().contains('@') {
        return format!("{scheme}://{host}/…");
    }
    let port = port(uri).filter(|port| is_number(port));
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    format!("{scheme}://{host}{port}{}", uri.path())
}

/// A port beyond the last one. The library takes it for none, and whoever goes on is at another server: that of the
/// scheme's usual port.
#[derive(Debug, thiserror::Error)]
#[error("the address {0} has a port that is none; ports are numbers up to 65535")]
pub(crate) struct PortError(String);

/// Whether somebody can be asked at the port of an address.
///
/// # Errors
/// [`PortError`]
pub(crate) fn check_port(uri: &Uri) -> Result<(), PortError> {
    match port(uri) {
        Some(_) if uri.port_u16().is_none() => Err(PortError(of(uri))),
        _ => Ok(()),
    }
}

/// Whether what stands in the place of the port is a number, large as it may be, or nothing.
pub(crate) fn has_number(uri: &Uri) -> bool {
    port(uri).is_none_or(is_number)
}

fn is_number(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

/// As it is written; `None` where nothing is behind the colon, too, which Go takes for the usual port.
fn port(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?;
    let whole = authority.as_str();
    let server = whole.rsplit_once('@').map_or(whole, |(_, server)| server);
    let port = server.get(authority.host().len()..)?.strip_prefix(':')?;
    (!port.is_empty()).then_some(port)
}

/// Nobody knows where the password ends in a URL that is none.
fn unreadable(url: &str) -> String {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    format!("{scheme}://…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_query_are_left_out() {
        for (url, shown) in [
            (
                "https://h.example/v1/cert.pem",
                "https://h.example/v1/cert.pem",
            ),
            ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
            ("https://[::1]:6443", "https://[::1]:6443/"),
            ("https://user:s3cr3t@h.example/a", "https://h.example/a"),
            ("https://s3cr3t@h.example:1/a", "https://h.example:1/a"),
            ("https://a@s3cr3t@h.example/a", "https://h.example/a"),
            ("https://h.example/a?sig=s3cr3t", "https://h.example/a"),
            ("https://h.example/a#s3cr3t", "https://h.example/a"),
            ("https://user:s3/cr3t@h.example/s3cr3t", "https://user/…"),
            ("https://user:s3cr3t ü@h.example/a", "https://…"),
            ("https://user:s3cr3t@/", "https://…"),
            ("https://user:1234/cr3t@h.example", "https://user/…"),
            ("http://127.0.0.1:99999/a", "http://127.0.0.1:99999/a"),
        ] {
            let found = of_text(url);
            assert!(!found.contains("cr3t"), "{url}: {found}");
            assert_eq!(found, shown, "{url}");
        }
    }

    #[test]
    fn ports_beyond_the_last_are_none() {
        for (address, usable) in [
            ("http://h.example", true),
            ("http://h.example:", true),
            ("http://h.example:65535", true),
            ("http://u:99999@h.example", true),
            ("https://[::1]:6443", true),
            ("http://h.example:65536/a", false),
            ("http://u:p@127.0.0.1:99999", false),
            ("https://[::1]:99999", false),
        ] {
            let checked = check_port(&address.parse().unwrap());
            assert_eq!(checked.is_ok(), usable, "{address}");
        }
    }
}
