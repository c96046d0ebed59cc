//! A certificate that is kept, and of which cluster it is.

use aws_lc_rs::digest::{Context, SHA256};
use jiff::{SignedDuration, Timestamp};
use seal_keys::Certificate;
use serde::{Deserialize, Serialize};

use super::Fetched;
use super::time::in_words;
use crate::address;
use crate::context::{Cluster, Controller};
use crate::error::CliError;
use crate::kubeconfig::{self, Server};

/// Clocks of file servers and virtual machines differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Which controller of which cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Subject {
    /// As people may see it.
    server: String,
    context: Option<String>,
    namespace: String,
    controller: String,
    /// Of all that tells the server from others: its whole address, name and authorities.
    server_digest: String,
}

/// A certificate, with what people want to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    subject: Subject,
    fetched: Timestamp,
    pub(super) until: Timestamp,
    pub(super) fingerprint: String,
    certificate: String,
}

/// The same in a file, with what people may want to know.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Stored {
    version: u32,
    cluster: Subject,
    fetched: String,
    not_after: String,
    key_sha256: String,
    certificate: String,
}

/// Of the file's content.
const VERSION: u32 = 1;

impl Subject {
    /// `None` where there is no cluster.
    pub(super) fn of(cluster: &Cluster) -> Result<Option<Self>, CliError> {
        let Controller { name, namespace } = cluster.controller.clone();
        let server = kubeconfig::server_of(&cluster.connection)?;
        Ok(server.map(|server| Self {
            server: address::of(&server.config.cluster_url),
            server_digest: digest_of(&server),
            context: server.context,
            namespace,
            controller: name,
        }))
    }

    pub(super) fn file_name(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let mut name = digest(&[&text]);
        name.truncate(32);
        name
    }
}

fn digest_of(server: &Server) -> String {
    let config = &server.config;
    let address = config.cluster_url.to_string();
    let name = config.tls_server_name.as_deref().unwrap_or_default();
    let checked: &[u8] = if config.accept_invalid_certs {
        b"unchecked"
    } else {
        b"checked"
    };
    let mut parts = vec![address.as_bytes(), name.as_bytes(), checked];
    let authorities = config.root_cert.iter().flatten();
    parts.extend(authorities.map(Vec::as_slice));
    digest(&parts)
}

/// The length of each part is told, so that no two lists look alike.
fn digest(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let bytes = context.finish();
    bytes.as_ref().iter().fold(String::new(), |mut hex, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl Entry {
    /// What was fetched now; `None` if nothing can be sealed for it.
    pub(super) fn new(subject: &Subject, fetched: &Fetched, now: Timestamp) -> Option<Self> {
        let certificate = String::from_utf8(fetched.bytes.clone()).ok()?;
        let parsed = Certificate::from_pem(&fetched.bytes).ok()?;
        parsed.recipient(now).ok()?;
        Some(Self {
            subject: subject.clone(),
            fetched: now,
            until: parsed.not_after(),
            fingerprint: parsed.fingerprint(),
            certificate,
        })
    }

    /// What a file holds, if it is what it says, of this cluster, and not expired.
    pub(super) fn read(text: &[u8], subject: &Subject, now: Timestamp) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(text).ok()?;
        let fetched: Timestamp = stored.fetched.parse().ok()?;
        let parsed = Certificate::from_pem(stored.certificate.as_bytes()).ok()?;
        parsed.recipient(now).ok()?;
        let sound = stored.version == VERSION
            && stored.cluster == *subject
            && stored.key_sha256 == parsed.fingerprint()
            && fetched.duration_since(now) <= SKEW;
        sound.then(|| Self {
            subject: stored.cluster,
            fetched,
            until: parsed.not_after(),
            fingerprint: stored.key_sha256,
            certificate: stored.certificate,
        })
    }

    pub(super) fn text(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(&Stored {
            version: VERSION,
            cluster: self.subject.clone(),
            fetched: self.fetched.to_string(),
            not_after: self.until.to_string(),
            key_sha256: self.fingerprint.clone(),
            certificate: self.certificate.clone(),
        })?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.fetched).max(SignedDuration::ZERO)
    }

    pub(super) fn fetched(&self, now: Timestamp) -> Fetched {
        Fetched {
            from: format!("the cluster ({} ago)", in_words(self.age(now))),
            bytes: self.certificate.clone().into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(context: &str) -> Subject {
        Subject {
            server: "https://127.0.0.1:6443/".to_owned(),
            context: Some(context.to_owned()),
            namespace: "kube-system".to_owned(),
            controller: "sealed-secrets-controller".to_owned(),
            server_digest: digest(&[b"a", b"b"]),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let issued = seal_keys::issue(2048, "", now, days(30)).unwrap();
        let fetched = Fetched {
            from: "the cluster".to_owned(),
            bytes: issued.certificate.to_pem().into_bytes(),
        };
        let dev = subject("dev");
        let entry = Entry::new(&dev, &fetched, now).unwrap();
        let text = String::from_utf8(entry.text().unwrap()).unwrap();
        let other = seal_keys::issue(2048, "", now, days(30)).unwrap();
        let lied = text.replace(&entry.fingerprint, &other.certificate.fingerprint());
        for (what, text, subject, now, kept) in [
            ("itself", text.as_str(), &dev, now + days(1), true),
            ("expired", &text, &dev, now + days(31), false),
            (
                "a clock that is a little off",
                &text,
                &dev,
                now - SKEW,
                true,
            ),
            ("from the future", &text, &dev, now - days(1), false),
            ("another context", &text, &subject("prod"), now, false),
            ("cut off", &text[..text.len() / 2], &dev, now, false),
            ("another key than it says", &lied, &dev, now, false),
            ("empty", "", &dev, now, false),
            (
                "of another version",
                &text.replace("\"version\": 1", "\"version\": 2"),
                &dev,
                now,
                false,
            ),
        ] {
            let found = Entry::read(text.as_bytes(), subject, now);
            assert_eq!(found.is_some(), kept, "{what}");
            if let Some(found) = found {
                assert_eq!(found.certificate.as_bytes(), fetched.bytes, "{what}");
            }
        }
        let page = Fetched {
            from: "the cluster".to_owned(),
            bytes: b"<html>Log in</html>".to_vec(),
        };
        assert_eq!(Entry::new(&dev, &page, now), None);
        assert_eq!(Entry::new(&dev, &fetched, now + days(31)), None, "expired");
    }

    #[test]
    fn clusters_have_files_of_their_own() {
        assert_ne!(subject("dev").file_name(), subject("prod").file_name());
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
