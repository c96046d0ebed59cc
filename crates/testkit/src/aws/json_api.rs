//! A service of AWS without an SDK: JSON in, JSON out.

use anyhow::{Context, Result, bail};
use hyper::Request;
use hyper::body::Bytes;
use serde_json::Value;

use super::REGION;
use super::error::AwsError;
use crate::http;

/// One service in one region, at an emulator or a proxy.
#[derive(Clone, Debug)]
pub(super) struct JsonApi {
    url: String,
    region: String,
    /// As IAM and signatures name it.
    service: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    target: &'static str,
}

impl JsonApi {
    pub(super) fn at(url: &str, service: &'static str, target: &'static str) -> Self {
        Self {
            url: url.to_owned(),
            region: REGION.to_owned(),
            service,
            target,
        }
    }

    pub(super) fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }

    /// # Errors
    /// An [`AwsError`] when the service refuses; another one when there is no whole answer.
    pub(super) fn call(&self, operation: &str, request: &Value) -> Result<Value> {
        let (service, target) = (self.service, self.target);
        // Nobody checks the signature, but moto finds the service in what it covers.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=testing/20260101/{}/{service}/aws4_request, \
             SignedHeaders=host, Signature=0",
            self.region
        );
        let request = Request::post(&self.url)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", format!("{target}.{operation}"))
            .header("Authorization", scope)
            .body(Bytes::from(request.to_string()))?;
        let answer = http::send(request)?;
        if answer.status().is_success() {
            return serde_json::from_slice(answer.body())
                .with_context(|| format!("{service} answered {operation} with something else"));
        }
        let status = answer.status().as_u16();
        bail!(AwsError::of(service, status, answer.body()))
    }
}

/// A field that every such answer has.
pub(super) fn text(value: &Value) -> Result<String> {
    let text = value.as_str().context("the answer of AWS lacks a field")?;
    Ok(text.to_owned())
}
