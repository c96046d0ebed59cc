//! Who gives tokens: asked where its token endpoint is (OpenID Connect Discovery 1.0, §4), and there for a new token
//! (RFC 6749, §6).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Response, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};
use zeroize::Zeroizing;

use super::{OidcError, given};
use crate::address::{self, PortError};
use crate::cluster::{self, Authorities};
use crate::proxy;

const TIMEOUT: Duration = Duration::from_secs(30);
const LIMIT: u64 = 1024 * 1024;
const NO_HTTPS: &str = "its address does not begin with https://";
/// What stays as it is in a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

pub(super) struct Issuer<'a> {
    url: &'a str,
    client: &'a str,
    secret: &'a str,
    agent: Agent,
}

/// New tokens.
pub(super) struct Renewed {
    pub(super) id_token: Zeroizing<String>,
    /// In place of the one that was shown, if there is one.
    pub(super) refresh_token: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<Zeroizing<String>>,
    refresh_token: Option<Zeroizing<String>>,
}

/// Why there is no token (RFC 6749, §5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Issuers differ in how a program tells its own name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Header,
    Form,
}

impl<'a> Issuer<'a> {
    pub(super) fn of(config: &'a HashMap<String, String>) -> Result<Self, OidcError> {
        let wanted = |field| given(config, field).ok_or(OidcError::Missing(field));
        let tls = TlsConfig::builder()
            .root_certs(authorities(config)?)
            .unversioned_rustls_crypto_provider(Arc::new(
                rustls::crypto::aws_lc_rs::default_provider(),
            ))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            // Its answers are logins.
            .https_only(true)
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self {
            url: wanted("idp-issuer-url")?,
            client: wanted("client-id")?,
            secret: given(config, "client-secret").unwrap_or_default(),
            agent,
        })
    }

    /// Asks for new tokens.
    pub(super) fn renew(&self, refresh_token: &str) -> Result<Renewed, OidcError> {
        let endpoint = self.token_endpoint()?;
        let mut answer = self.ask(&endpoint, refresh_token, Style::Header)?;
        if !answer.status().is_success() {
            answer = self.ask(&endpoint, refresh_token, Style::Form)?;
        }
        let status = answer.status();
        let body = Zeroizing::new(self.body(answer)?);
        if !status.is_success() {
            let refusal: Option<Refusal> = serde_json::from_slice(&body).ok();
            let known = |error: &String| {
                error
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            let why = refusal.map(|refusal| refusal.error).filter(known);
            let why = why.map_or(String::new(), |why| format!(", {why}"));
            return Err(self.failed(format!("it refuses ({status}{why}); log in again")));
        }
        let garbled = |_| self.failed("its answer holds no tokens".to_owned());
        let Tokens {
            id_token,
            refresh_token: next,
        } = serde_json::from_slice(&body).map_err(garbled)?;
        let missing = "its answer holds no id_token; log in with the scope openid, or use a login helper (exec) such as kubelogin";
        Ok(Renewed {
            id_token: id_token.ok_or_else(|| self.failed(missing.to_owned()))?,
            refresh_token: next.filter(|next| !next.is_empty() && **next != refresh_token),
        })
    }

    fn token_endpoint(&self) -> Result<String, OidcError> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.url.trim_end_matches('/')
        );
        let proxy = self.proxy(&url)?;
        let request = self.agent.get(url).config().proxy(proxy);
        let answer = request.build().call();
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        if !answer.status().is_success() {
            let status = answer.status();
            return Err(self.failed(format!("its configuration cannot be had ({status})")));
        }
        let body = self.body(answer)?;
        let metadata: Result<Metadata, _> = serde_json::from_slice(&body);
        let metadata = metadata
            .map_err(|_| self.failed("its configuration names no token_endpoint".to_owned()))?;
        Ok(metadata.token_endpoint)
    }

    fn ask(
        &self,
        endpoint: &str,
        refresh_token: &str,
        style: Style,
    ) -> Result<Response<Body>, OidcError> {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        let proxy = self.proxy(endpoint)?;
        let request = self.agent.post(endpoint).config().proxy(proxy);
        let mut request = request.build();
        match style {
            Style::Header => {
                let pair = format!("{}:{}", escaped(self.client), escaped(self.secret));
                let pair = Zeroizing::new(pair);
                let pair = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
                let header = Zeroizing::new(format!("Basic {}", pair.as_str()));
                request = request.header("authorization", header.as_str());
            }
            Style::Form => {
                form.push(("client_id", self.client));
                if !self.secret.is_empty() {
                    form.push(("client_secret", self.secret));
                }
            }
        }
        let answer = request.send_form(form);
        answer.map_err(|error| self.unreachable(&error))
    }

    /// The one that counts for an API server, too, and not that of the library's own rules.
    fn proxy(&self, url: &str) -> Result<Option<Proxy>, OidcError> {
        let uri: Uri = url.parse().map_err(|_| self.failed(NO_HTTPS.to_owned()))?;
        let of = |error: PortError| self.failed(error.to_string());
        address::check_port(&uri).map_err(of)?;
        let Some(proxy) = proxy::of_variables(&uri, |name| std::env::var(name).ok()) else {
            return Ok(None);
        };
        address::check_port(&proxy).map_err(of)?;
        // The proxy finds the host, as with Go's programs.
        let text = Zeroizing::new(proxy.to_string().replacen("socks5:", "socks5h:", 1));
        let proxy = Proxy::new(&text);
        proxy.map(Some).map_err(|error| self.unreachable(&error))
    }

    fn body(&self, mut answer: Response<Body>) -> Result<Vec<u8>, OidcError> {
        let limited = answer.body_mut().with_config().limit(LIMIT);
        limited
            .read_to_vec()
            .map_err(|error| self.unreachable(&error))
    }

    /// The library's texts may repeat the URL.
    fn unreachable(&self, error: &ureq::Error) -> OidcError {
        self.failed(match cluster::tls_fault_of(error, Authorities::Issuer) {
            Some(told) => format!("it {told}"),
            None => match error {
                ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => NO_HTTPS.to_owned(),
                _ => "it cannot be reached; check the network".to_owned(),
            },
        })
    }

    fn failed(&self, reason: String) -> OidcError {
        OidcError::Issuer {
            issuer: address::of_text(self.url),
            reason,
        }
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, FORM)
        .to_string()
        .replace("%20", "+")
}

fn authorities(config: &HashMap<String, String>) -> Result<RootCerts, OidcError> {
    let pem = match (
        given(config, "idp-certificate-authority-data"),
        given(config, "idp-certificate-authority"),
    ) {
        (Some(data), _) => STANDARD.decode(data).map_err(|_| OidcError::Authority)?,
        (None, Some(path)) => std::fs::read(path).map_err(|_| OidcError::Authority)?,
        (None, None) => return Ok(RootCerts::PlatformVerifier),
    };
    let roots: Vec<Certificate<'static>> = ureq::tls::parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if roots.is_empty() {
        return Err(OidcError::Authority);
    }
    Ok(RootCerts::Specific(Arc::new(roots)))
}
