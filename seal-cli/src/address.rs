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
    let port = uri.port().map_or(String::new(), |port| format!(":{port}"));
    // A slash in a password ends the host too early: the rest of the password is in the path then.
    let path = if uri.path().contains('@') {
        "/…"
    } else {
        uri.path()
    };
    format!("{scheme}://{host}{port}{path}")
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
        ] {
            let found = of_text(url);
            assert!(!found.contains("cr3t"), "{url}: {found}");
            assert_eq!(found, shown, "{url}");
        }
    }
}
