//! Where the certificate comes from: a file, a URL, a ConfigMap, or the cluster's controller (contract §3.1–§3.3).

mod cache;

use std::borrow::Cow;
use std::io::Read as _;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;

use crate::address;
use crate::cluster::{self, Item};
use crate::context::Cluster;
use crate::error::CliError;
use crate::page;
pub(crate) use cache::{CacheArgs, CacheTime};

/// No chain of certificates is longer.
pub(crate) const LIMIT: u64 = 1024 * 1024;

/// So long before its end people are told.
pub(crate) const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What to tell of a certificate that is still good, but not for long.
pub(crate) fn warning(from: &str, until: Timestamp, now: Timestamp) -> Option<String> {
    let left = until.duration_since(now);
    (left < SOON && !left.is_negative()).then(|| {
        format!(
            "the certificate from {from} expires on {}; fetch the newest one, and seal for that",
            until.strftime("%Y-%m-%d")
        )
    })
}

/// A certificate as it was served, unchecked.
pub(crate) struct Fetched {
    /// How messages call the place.
    pub(crate) from: String,
    pub(crate) bytes: Vec<u8>,
}

/// Gets the certificate that the controller serves, or served not long ago where those are kept.
pub(crate) fn of_cluster(cluster: &Cluster) -> Result<Fetched, CliError> {
    match cluster.cache {
        Some(time) => cache::of_cluster(cluster, time, || served(cluster)),
        None => served(cluster),
    }
}

/// Gets the certificate that the controller serves now.
pub(crate) fn served(cluster: &Cluster) -> Result<Fetched, CliError> {
    let bytes = cluster::certificate(&cluster.connection, &cluster.controller)?;
    let from = "the cluster".to_owned();
    Ok(Fetched { from, bytes })
}

/// The same; what is kept of this cluster is made new.
pub(crate) fn renewed(cluster: &Cluster) -> Result<Fetched, CliError> {
    cache::renewed(cluster, || served(cluster))
}

/// Gets the certificate in a file, behind a URL, or in a ConfigMap of the cluster.
pub(crate) fn read(cert: &str, cluster: &Cluster) -> Result<Fetched, CliError> {
    let (from, bytes) = match place(cert) {
        Place::File(path) => (cert.to_owned(), file(&path)?),
        Place::ConfigMap(item) => (cert.to_owned(), config_map(item, cert, cluster)?),
        Place::Url => (address::of_text(cert), url(cert)?),
    };
    Ok(Fetched { from, bytes })
}

#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    File(Cow<'a, str>),
    Url,
    ConfigMap(&'a str),
}

/// A single letter before the colon is a Windows drive, not a scheme. kubeseal takes `configmap:` for the scheme of
/// a URL that it does not know, never for a file.
fn place(cert: &str) -> Place<'_> {
    if let Some(item) = cert.strip_prefix("configmap:") {
        return Place::ConfigMap(item);
    }
    if let Some((scheme, rest)) = cert.split_once(':')
        && scheme.eq_ignore_ascii_case("file")
        && rest.starts_with('/')
    {
        return Place::File(path_of_url(rest));
    }
    match cert.split_once("://") {
        Some((scheme, _)) if scheme.len() > 1 => Place::Url,
        _ => Place::File(cert.into()),
    }
}

/// What stands behind `file:` (RFC 8089), relative paths behind two slashes, too.
fn path_of_url(rest: &str) -> Cow<'_, str> {
    let path = match rest.strip_prefix("//") {
        Some(whole) => match whole.split_once('/') {
            Some((host, _)) if host.eq_ignore_ascii_case("localhost") => &whole[host.len()..],
            _ => whole,
        },
        None => rest,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    percent_decode_str(path).decode_utf8_lossy()
}

fn config_map(item: &str, from: &str, cluster: &Cluster) -> Result<Vec<u8>, CliError> {
    let item = Item::of(item).map_err(|reason| CliError::CertificateMap {
        from: from.to_owned(),
        reason,
    })?;
    item.read(&cluster.connection, from)
}

fn file(path: &str) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| CliError::CertificateFile {
        path: path.to_owned(),
        reason: match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            _ => error.to_string(),
        },
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIMIT).read_to_end(&mut bytes))
        .map_err(failed)?;
    Ok(bytes)
}

fn url(url: &str) -> Result<Vec<u8>, CliError> {
    let limit = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    page::get(url, limit).map_err(|reason| CliError::CertificateUrl {
        url: address::of_text(url),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told_in_time() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (days, told) in [(31, false), (29, true), (0, true), (-1, false)] {
            let until = now + SignedDuration::from_hours(days * 24);
            let warning = warning("pub.pem", until, now);
            assert_eq!(warning.is_some(), told, "{days}");
        }
    }

    #[test]
    fn files_and_urls_are_told_apart() {
        let file = |path| Place::File(Cow::Borrowed(path));
        for (cert, expected) in [
            ("pub.pem", file("pub.pem")),
            ("./a:b/pub.pem", file("./a:b/pub.pem")),
            ("./a%20b.pem", file("./a%20b.pem")),
            ("file:///etc/pub.pem", file("/etc/pub.pem")),
            ("FILE:///etc/pub.pem", file("/etc/pub.pem")),
            ("file:/etc/pub.pem", file("/etc/pub.pem")),
            ("file://localhost/etc/pub.pem", file("/etc/pub.pem")),
            ("file:///My%20Certs/p%2epem?a#b", file("/My Certs/p.pem")),
            ("file://certs/pub.pem", file("certs/pub.pem")),
            ("file:pub.pem", file("file:pub.pem")),
            (r"C:\pub.pem", file(r"C:\pub.pem")),
            ("https://sealed.example/v1/cert.pem", Place::Url),
            ("configmap:infra/sealing", Place::ConfigMap("infra/sealing")),
            ("./configmap:infra", file("./configmap:infra")),
            ("configmap", file("configmap")),
        ] {
            assert_eq!(place(cert), expected, "{cert}");
        }
    }
}
