//! Which proxy leads to a server: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, as Go's programs
//! read them (`golang.org/x/net/http/httpproxy`).

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::Authority;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use percent_encoding::percent_decode_str;
use tower::util::MapRequest;
use tower::{Service, ServiceExt as _};
use zeroize::Zeroizing;

use crate::address;

/// A way through a proxy.
pub(crate) type Through<W> = MapRequest<W, fn(Uri) -> Uri>;

/// The address of a proxy, if that is what the text is.
pub(crate) fn of_text(text: &str) -> Option<Uri> {
    let known = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https" | "socks5"));
    of_any_scheme(text).filter(known)
}

fn of_any_scheme(text: &str) -> Option<Uri> {
    let (scheme, rest) = text.split_once("://")?;
    let text = format!("{}://{rest}", scheme.to_ascii_lowercase());
    let uri: Uri = text.parse().ok()?;
    let whole = uri.host().is_some_and(|host| !host.is_empty()) && address::has_number(&uri);
    whole.then_some(uri)
}

/// The proxy that variables name for a server. A text that is no address names none. A scheme that nobody knows is
/// taken for that of a proxy of HTTP.
pub(crate) fn of_variables(server: &Uri, variable: impl Fn(&str) -> Option<String>) -> Option<Uri> {
    let either = |upper: &str| {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        set(upper).or_else(|| set(&upper.to_lowercase()))
    };
    let https = server.scheme_str() == Some("https");
    // Whoever sends a request to a CGI program could set this variable.
    if !https && variable("REQUEST_METHOD").is_some() {
        return None;
    }
    let proxy = either(if https { "HTTPS_PROXY" } else { "HTTP_PROXY" })?;
    let proxy = of_any_scheme(&proxy).or_else(|| of_any_scheme(&format!("http://{proxy}")))?;
    let host = server.host()?.trim_matches(['[', ']']).to_lowercase();
    let port = server.port_u16().unwrap_or(if https { 443 } else { 80 });
    let ip: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
        return None;
    }
    let exceptions = either("NO_PROXY").unwrap_or_default();
    let mut exceptions = exceptions.split(',');
    let excepted = exceptions.any(|exception| excepts(exception, &host, ip, port));
    (!excepted).then_some(proxy)
}

/// Whether an entry of `NO_PROXY` is about a server.
fn excepts(exception: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    let exception = exception.trim().to_lowercase();
    if exception == "*" {
        return true;
    }
    if let Some((network, bits)) = exception.split_once('/') {
        let network = network.parse().ok().zip(bits.parse().ok());
        return ip
            .zip(network)
            .is_some_and(|(ip, (network, bits))| within(ip, network, bits));
    }
    let bare: Option<IpAddr> = exception.trim_matches(['[', ']']).parse().ok();
    let (name, only) = match exception.rsplit_once(':') {
        // The colons of an address are no port.
        Some((name, only)) if bare.is_none() => (name, Some(only)),
        _ => (exception.as_str(), None),
    };
    if name.is_empty() || only.is_some_and(|only| only.parse() != Ok(port)) {
        return false;
    }
    if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return ip == Some(address);
    }
    // `.example.com` and `*.example.com` are about what is below, `example.com` about itself, too.
    let name = name.strip_prefix('*').unwrap_or(name);
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => host == name || host.ends_with(&format!(".{name}")),
    }
}

fn within(ip: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (ip, network, width) = match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            (u128::from(ip.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => (ip.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    // A network of all addresses leaves no bit to compare.
    bits <= width && (ip ^ network).checked_shr(width - bits).unwrap_or_default() == 0
}

/// Whether a proxy speaks SOCKS. It looks names up itself under both of the schemes.
pub(crate) fn is_socks(proxy: &Uri) -> bool {
    matches!(proxy.scheme_str(), Some("socks5" | "socks5h"))
}

/// The way through a proxy of SOCKS.
pub(crate) fn socks<C>(proxy: &Uri, connector: C) -> Through<SocksV5<C>>
where
    SocksV5<C>: Service<Uri>,
{
    let mut socks = SocksV5::new(with_port(proxy, 1080), connector);
    if let Some(user) = user(proxy) {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        socks = socks.with_auth(plain(name), plain(password));
    }
    to_usual_ports(socks)
}

/// The library takes each server without a port for one of HTTPS.
fn to_usual_ports<W: Service<Uri>>(way: W) -> Through<W> {
    let with_usual_port: fn(Uri) -> Uri = with_usual_port;
    way.map_request(with_usual_port)
}

fn with_usual_port(server: Uri) -> Uri {
    match server.scheme_str() {
        Some("http") => with_port(&server, 80),
        _ => server,
    }
}

fn with_port(uri: &Uri, usual: u16) -> Uri {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(usual);
    let built = Uri::builder()
        .scheme(uri.scheme_str().unwrap_or_default())
        .authority(format!("{host}:{port}"))
        .path_and_query("/");
    built.build().unwrap_or_else(|_| uri.clone())
}

/// The way through a proxy of HTTP.
pub(crate) fn tunnel<C>(proxy: &Uri, connector: C) -> Through<Tunnel<C>>
where
    Tunnel<C>: Service<Uri>,
{
    let tunnel = Tunnel::new(proxy.clone(), connector);
    to_usual_ports(match authorization(proxy) {
        Some(header) => tunnel.with_auth(header),
        None => tunnel,
    })
}

/// What a proxy is told of its user, if its address names one.
pub(crate) fn authorization(proxy: &Uri) -> Option<HeaderValue> {
    basic(user(proxy)?)
}

fn user(proxy: &Uri) -> Option<&str> {
    let (user, _) = proxy.authority().map(Authority::as_str)?.rsplit_once('@')?;
    Some(user)
}

/// A header for basic authentication. `user` is a name, and a password behind a colon, escaped as in URLs.
pub(crate) fn basic(user: &str) -> Option<HeaderValue> {
    let user = Zeroizing::new(percent_decode_str(user).collect::<Vec<u8>>());
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(&*user)));
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(server: &str, variables: &[(&str, &str)]) -> Option<String> {
        let proxy = of_variables(&server.parse().unwrap(), |asked| {
            let (_, value) = variables.iter().find(|(name, _)| *name == asked)?;
            Some((*value).to_owned())
        });
        proxy.map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_scheme_decides_on_the_variable() {
        let (tls, plain) = ("https://k.example", "http://k.example");
        let proxy = Some("http://p:1/".to_owned());
        for (server, variables, expected) in [
            (tls, &[("HTTPS_PROXY", "http://p:1")][..], &proxy),
            (tls, &[("https_proxy", "p:1")], &proxy),
            (tls, &[("HTTPS_PROXY", ""), ("https_proxy", "p:1")], &proxy),
            (tls, &[("HTTPS_PROXY", "HTTP://p:1")], &proxy),
            (tls, &[("HTTP_PROXY", "p:1")], &None),
            (tls, &[("ALL_PROXY", "p:1")], &None),
            (plain, &[("HTTP_PROXY", "p:1")], &proxy),
            (plain, &[("HTTPS_PROXY", "p:1")], &None),
            (
                plain,
                &[("HTTP_PROXY", "p:1"), ("REQUEST_METHOD", "GET")],
                &None,
            ),
            ("https://localhost:6443", &[("HTTPS_PROXY", "p:1")], &None),
            ("https://127.1.2.3", &[("HTTPS_PROXY", "p:1")], &None),
            ("https://[::1]:6443", &[("HTTPS_PROXY", "p:1")], &None),
        ] {
            assert_eq!(
                &found(server, variables),
                expected,
                "{server} {variables:?}"
            );
        }
    }

    #[test]
    fn exceptions() {
        for (server, exceptions, excepted) in [
            ("https://k.example", "*", true),
            ("https://k.example", "k.example", true),
            ("https://k.example", " x , K.example ", true),
            ("https://a.k.example", "k.example", true),
            ("https://ak.example", "k.example", false),
            ("https://k.example", ".k.example", false),
            ("https://a.k.example", ".k.example", true),
            ("https://a.k.example", "*.k.example", true),
            ("https://k.example:6443", "k.example:6443", true),
            ("https://k.example", "k.example:443", true),
            ("https://k.example", "k.example:6443", false),
            ("https://10.1.2.3", "10.0.0.0/8", true),
            ("https://11.1.2.3", "10.0.0.0/8", false),
            ("https://11.1.2.3", "0.0.0.0/0", true),
            ("https://10.1.2.3", "10.1.2.3", true),
            ("https://10.1.2.3:1", "10.1.2.3:2", false),
            ("https://[2001:db8::1]", "2001:db8::/32", true),
            ("https://[2001:db8::1]", "2001:db8::1", true),
            ("https://[2001:db8::1]:6443", "[2001:db8::1]:6443", true),
            ("https://k.example", "10.0.0.0/8,,:443,/", false),
        ] {
            let variables = [("HTTPS_PROXY", "p:1"), ("NO_PROXY", exceptions)];
            let found = found(server, &variables);
            assert_eq!(found.is_none(), excepted, "{server} {exceptions}");
        }
    }

    #[test]
    fn schemes_in_variables() {
        for proxy in ["socks5://p:1/", "socks5h://u:p@p:1/", "other://p:1/"] {
            let found = found("https://k.example", &[("HTTPS_PROXY", proxy)]);
            assert_eq!(found.as_deref(), Some(proxy));
        }
    }

    #[test]
    fn usual_ports() {
        for (text, expected) in [
            ("socks5://p", "socks5://p:1080/"),
            ("socks5h://u:p@p:", "socks5h://p:1080/"),
            ("socks5://[::1]:1", "socks5://[::1]:1/"),
        ] {
            let found = with_port(&text.parse().unwrap(), 1080);
            assert_eq!(found.to_string(), expected);
        }
    }

    #[test]
    fn addresses_of_proxies() {
        for (text, usable) in [
            ("http://p:3128", true),
            ("https://u:p@p", true),
            ("socks5://p:1080", true),
            ("SOCKS5://p", true),
            // Of the entries of a kubeconfig; variables may have it.
            ("socks5h://p:1080", false),
            ("ftp://p", false),
            // Nobody is asked there, but that is told.
            ("http://p:99999", true),
            ("http://p:x", false),
            ("p:3128", false),
            ("http://", false),
        ] {
            assert_eq!(of_text(text).is_some(), usable, "{text}");
        }
    }
}
