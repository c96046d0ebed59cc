//! Certificates in ConfigMaps, where some clusters publish them for whoever may not ask the controller.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use seal_keys::Certificate;

use super::endpoint::Endpoints;
use super::reason::{Failure, Purpose};
use crate::connection::Connection;
use crate::context::Controller;
use crate::error::CliError;
use crate::ui::in_line;

/// Where a certificate is looked for first, as in TLS Secrets.
const USUAL: &str = "tls.crt";

/// An item of a ConfigMap: `NAMESPACE/NAME`, or `NAMESPACE/NAME/KEY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    namespace: &'a str,
    name: &'a str,
    key: Option<&'a str>,
}

/// Why a ConfigMap gives no certificate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ConfigMapError {
    #[error("write configmap:NAMESPACE/NAME or configmap:NAMESPACE/NAME/KEY")]
    Spelling,
    #[error("{0}")]
    Call(Failure),
    #[error("it has no key {key:?}; it has {present}")]
    NoKey { key: String, present: String },
    #[error("none of its keys holds a PEM certificate; it has {0}")]
    NoCertificate(String),
    #[error("several of its keys hold a certificate ({0}), and none is called tls.crt; add /KEY")]
    Several(String),
}

impl<'a> Item<'a> {
    /// # Errors
    /// [`ConfigMapError::Spelling`]
    pub(crate) fn of(text: &'a str) -> Result<Self, ConfigMapError> {
        let mut parts = text.split('/');
        let (Some(namespace), Some(name), key, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ConfigMapError::Spelling);
        };
        // They become part of a URL, but for the key.
        let fits = |part: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            !part.is_empty() && !part.contains("..") && part.bytes().all(fits)
        };
        if fits(namespace) && fits(name) && key != Some("") {
            Ok(Self {
                namespace,
                name,
                key,
            })
        } else {
            Err(ConfigMapError::Spelling)
        }
    }

    /// Its bytes. Without a key that is `tls.crt`, else the only item with a certificate.
    ///
    /// # Errors
    /// Those of [`Endpoints`]; [`CliError::CertificateMap`].
    pub(crate) fn read(self, connection: &Connection, from: &str) -> Result<Vec<u8>, CliError> {
        // Messages are about what is asked for.
        let asked = Controller {
            name: self.name.to_owned(),
            namespace: self.namespace.to_owned(),
        };
        let failed = |reason| CliError::CertificateMap {
            from: from.to_owned(),
            reason,
        };
        let server = Endpoints::of_server(connection, &asked, Purpose::ConfigMap)?;
        let map = server.config_map(self.namespace, self.name);
        let map = map.map_err(|failure| failed(ConfigMapError::Call(failure)))?;
        pick(map, self.key).map_err(failed)
    }
}

fn pick(map: ConfigMap, key: Option<&str>) -> Result<Vec<u8>, ConfigMapError> {
    let mut items: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let text = map.data.unwrap_or_default().into_iter();
    items.extend(text.map(|(key, text)| (key, text.into_bytes())));
    let bytes = map.binary_data.unwrap_or_default().into_iter();
    items.extend(bytes.map(|(key, bytes)| (key, bytes.0)));
    if let Some(found) = items.remove(key.unwrap_or(USUAL)) {
        return Ok(found);
    }
    if let Some(key) = key {
        return Err(ConfigMapError::NoKey {
            key: key.to_owned(),
            present: listed(items.keys()),
        });
    }
    let present = listed(items.keys());
    items.retain(|_, item| Certificate::from_pem(item).is_ok());
    if items.len() > 1 {
        return Err(ConfigMapError::Several(listed(items.keys())));
    }
    let only = items.pop_first();
    only.map(|(_, item)| item)
        .ok_or(ConfigMapError::NoCertificate(present))
}

fn listed<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    let keys: Vec<_> = keys.map(|key| in_line(key)).collect();
    if keys.is_empty() {
        return "none".to_owned();
    }
    keys.join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    #[test]
    fn spellings() {
        for (text, expected) in [
            ("infra/sealing", Some(("infra", "sealing", None))),
            (
                "infra/sealing/pub.pem",
                Some(("infra", "sealing", Some("pub.pem"))),
            ),
            ("sealing", None),
            ("/sealing", None),
            ("infra/", None),
            ("infra/sealing/", None),
            ("infra/sealing/a/b", None),
            ("infra/../x", None),
            ("infra/a?b", None),
            ("//infra/sealing", None),
        ] {
            let found = Item::of(text).ok();
            let found = found.map(|item| (item.namespace, item.name, item.key));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_item_with_the_certificate_is_found() {
        let validity = SignedDuration::from_hours(24);
        let issued = seal_keys::issue(2048, "", Timestamp::now(), validity).unwrap();
        let pem = issued.certificate.to_pem();
        let map = |keys: &[&str]| ConfigMap {
            data: Some(
                keys.iter()
                    .map(|key| (*key).to_owned())
                    .map(|key| {
                        let pem = if key == "readme" { "hello" } else { &pem };
                        let text = format!("{key}\n{pem}");
                        (key, text)
                    })
                    .collect(),
            ),
            ..ConfigMap::default()
        };
        for (keys, key, expected) in [
            (&["tls.crt", "a.pem"][..], None, Ok("tls.crt")),
            (&["a.pem", "readme"], None, Ok("a.pem")),
            (&["a.pem", "b.pem"], Some("b.pem"), Ok("b.pem")),
            (&["readme"], Some("readme"), Ok("readme")),
            (&["a.pem", "b.pem"], None, Err("(a.pem, b.pem)")),
            (&["readme"], None, Err("it has readme")),
            (&[], None, Err("it has none")),
            (
                &["tls.crt"],
                Some("a.pem"),
                Err("\"a.pem\"; it has tls.crt"),
            ),
        ] {
            let found = pick(map(keys), key);
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert!(found.starts_with(expected.as_bytes()), "{keys:?}");
                }
                (Err(found), Err(expected)) => {
                    assert!(found.to_string().contains(expected), "{found}");
                }
                (found, _) => unreachable!("{keys:?}: {}", found.is_ok()),
            }
        }
    }
}
