//! The few API calls that the benchmarks make, over connections that stay open.

use std::io::{BufRead as _, BufReader};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::ControlPlane;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

/// An administrator's connection.
#[derive(Clone)]
pub(crate) struct Api {
    agent: ureq::Agent,
    server: String,
    authorization: String,
}

impl Api {
    pub(crate) fn new(plane: &ControlPlane) -> Result<Self> {
        let authority = std::fs::read(plane.authority())?;
        let roots: Vec<Certificate<'static>> = ureq::tls::parse_pem(&authority)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            server: plane.server().to_owned(),
            authorization: format!("Bearer {}", token(plane)?),
        })
    }

    /// `None` when it is not there.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Value>> {
        let mut response = self
            .agent
            .get(format!("{}{path}", self.server))
            .header("authorization", &self.authorization)
            .call()?;
        if response.status() == 404 {
            return Ok(None);
        }
        ensure!(
            response.status() == 200,
            "GET {path}: {}",
            response.status()
        );
        Ok(Some(serde_json::from_slice(
            &response.body_mut().read_to_vec()?,
        )?))
    }

    pub(crate) fn create(&self, path: &str, object: &Value) -> Result<()> {
        let response = self
            .agent
            .post(format!("{}{path}", self.server))
            .header("authorization", &self.authorization)
            .header("content-type", "application/json")
            .send(serde_json::to_vec(object)?)?;
        ensure!(
            response.status() == 201,
            "POST {path}: {}",
            response.status()
        );
        Ok(())
    }

    /// What happens to the objects of a collection from now on; what is there comes first. Ends after ten minutes.
    pub(crate) fn watch(&self, path: &str) -> Result<Watch> {
        let query = "watch=1&resourceVersion=0&timeoutSeconds=600";
        let response = self
            .agent
            .get(format!("{}{path}?{query}", self.server))
            .header("authorization", &self.authorization)
            .call()?;
        ensure!(
            response.status() == 200,
            "watch {path}: {}",
            response.status()
        );
        Ok(Watch(BufReader::new(response.into_body().into_reader())))
    }

    /// Number of objects in a collection, without listing them.
    pub(crate) fn count(&self, path: &str) -> Result<usize> {
        let page = self.get(&format!("{path}?limit=1"))?.context("no page")?;
        let first = page["items"].as_array().map_or(0, Vec::len);
        let rest = page["metadata"]["remainingItemCount"]
            .as_u64()
            .unwrap_or_default();
        Ok(first + usize::try_from(rest)?)
    }
}

/// A watch that is under way.
pub(crate) struct Watch(BufReader<ureq::BodyReader<'static>>);

impl Watch {
    /// Waits until an object of this name is there.
    pub(crate) fn wait_for(&mut self, name: &str) -> Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(
                self.0.read_line(&mut line)? > 0,
                "the watch ended: no {name}"
            );
            let event: Value = serde_json::from_str(&line)?;
            if event["object"]["metadata"]["name"] == name {
                return Ok(());
            }
        }
    }
}

/// The administrator's token, as kubectl sees it.
fn token(plane: &ControlPlane) -> Result<String> {
    let output = plane
        .kubectl()
        .args(["config", "view", "--raw"])
        .args(["-o", "jsonpath={.users[0].user.token}"])
        .output()?;
    Ok(String::from_utf8(output.stdout)?)
}
