//! Addresses with a port that is none.

use http::Uri;

/// Nobody can be asked there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} has a port that is none (ports are numbers up to 65535)")]
pub(crate) struct UnknownPort {
    /// Scheme, host, and the port if it is a number: users, passwords and paths are not told.
    pub(crate) address: String,
}

impl UnknownPort {
    /// Refuses a port that the library of addresses takes for none though there is text of it: a client would
    /// ask at the usual port of the scheme, another server.
    pub(crate) fn check(uri: &Uri) -> Result<(), Self> {
        Self::told(uri, |port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && !uri.path().contains('@')
        })
    }

    /// The same of a proxy, whose port is not told: a slash in a password ends the host too early, what stands in the
    /// place of the port is the password then, and of the path, which would tell so, nothing is left here.
    pub(crate) fn check_proxy(uri: &Uri) -> Result<(), Self> {
        Self::told(uri, |_| false)
    }

    fn told(uri: &Uri, shows: impl FnOnce(&str) -> bool) -> Result<(), Self> {
        let Some(authority) = uri.authority() else {
            return Ok(());
        };
        let whole = authority.as_str();
        let server = whole.rsplit_once('@').map_or(whole, |(_, server)| server);
        let port = server.get(authority.host().len()..).unwrap_or_default();
        let port = port.trim_start_matches(':');
        if port.is_empty() || authority.port_u16().is_some() {
            return Ok(());
        }
        let scheme = uri.scheme_str().unwrap_or("http");
        let place = if shows(port) {
            server
        } else {
            authority.host()
        };
        Err(Self {
            address: format!("{scheme}://{place}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers() {
        for (address, refused) in [
            ("https://kms.eu-central-1.amazonaws.com/", None),
            ("http://127.0.0.1:4566/", None),
            ("http://[::1]:65535/", None),
            ("http://127.0.0.1:/", None),
            ("http://u:p@127.0.0.1/", None),
            ("http://127.0.0.1:65536/", Some("http://127.0.0.1:65536")),
            ("https://[::1]:99999/a?b", Some("https://[::1]:99999")),
            ("http://kms.example:x/", Some("http://kms.example")),
            ("http://u:s3cr3t/x@h.example/", Some("http://u")),
            ("http://u:777777/x@h.example/", Some("http://u")),
            (
                "http://u:p@h.example:70000/",
                Some("http://h.example:70000"),
            ),
        ] {
            let checked = UnknownPort::check(&address.parse().unwrap());
            let told = checked.err().map(|unknown| unknown.address);
            assert_eq!(told.as_deref(), refused, "{address}");
        }
    }

    #[test]
    fn of_a_password_with_a_slash_nothing_is_told() {
        let proxy = "http://u:777777/x@h.example/".parse().unwrap();
        let told = UnknownPort::check_proxy(&proxy).unwrap_err().address;
        assert_eq!(told, "http://u");
    }
}
