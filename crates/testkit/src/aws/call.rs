//! One request to AWS, as far as a proxy needs to understand it.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use serde_json::{Value, json};

/// What is called, with what.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Such as `Decrypt` or `AssumeRoleWithWebIdentity`; empty if the request names none.
    pub(super) operation: String,
    pub(super) protocol: Protocol,
    /// The body in the JSON protocol, null in others.
    pub(super) body: Value,
    /// Of the signature: none for a request without one.
    pub(super) region: Option<String>,
    /// Id of the access key that signed it.
    pub(super) access_key: Option<String>,
}

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// KMS, Secrets Manager: JSON, the operation in a header.
    Json,
    /// STS: a form that is answered in XML.
    Query,
}

impl Call {
    pub(super) fn of(request: &Request<Bytes>) -> Self {
        let [access_key, region] = [0, 2].map(|part| credential(request.headers(), part));
        let target = request.headers().get("x-amz-target");
        if let Some(target) = target.and_then(|target| target.to_str().ok()) {
            return Self {
                operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
                protocol: Protocol::Json,
                body: serde_json::from_slice(request.body()).unwrap_or_default(),
                region,
                access_key,
            };
        }
        let form = String::from_utf8_lossy(request.body());
        let query = request.uri().query().unwrap_or_default();
        let action = [query, &form].into_iter().find_map(|fields| {
            fields
                .split('&')
                .find_map(|field| field.strip_prefix("Action="))
        });
        Self {
            operation: action.unwrap_or_default().to_owned(),
            protocol: Protocol::Query,
            body: Value::Null,
            region,
            access_key,
        }
    }

    /// A text of the body.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }

    /// The answer that refuses it, in the service's own manner.
    pub(super) fn refuse(&self, status: u16, kind: &str, message: &str) -> Response<Bytes> {
        let (content_type, body) = match self.protocol {
            Protocol::Json => (
                "application/x-amz-json-1.1",
                json!({"__type": kind, "message": message}).to_string(),
            ),
            Protocol::Query => ("text/xml", xml(status, kind, message)),
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}

/// A part of what signed it: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn credential(headers: &HeaderMap, part: usize) -> Option<String> {
    let signature = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = signature.split_once("Credential=")?;
    credential.split('/').nth(part).map(ToOwned::to_owned)
}

/// Names of exceptions in the query protocol have no such ending.
fn xml(status: u16, kind: &str, message: &str) -> String {
    let code = kind.strip_suffix("Exception").unwrap_or(kind);
    let side = if status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>fault</RequestId></ErrorResponse>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_in_both_protocols() {
        let request = Request::post("/")
            .header("X-Amz-Target", "TrentService.Decrypt")
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/kms/aws4_request, …",
            )
            .body(Bytes::from(r#"{"KeyId":"k"}"#))
            .unwrap();
        let call = Call::of(&request);
        assert_eq!(call.operation, "Decrypt");
        assert_eq!(call.text("KeyId"), Some("k"));
        let body = call.refuse(400, "ThrottlingException", "slow").into_body();
        assert!(body.starts_with(b"{"), "{body:?}");

        let form = "Version=2011-06-15&Action=GetCallerIdentity";
        for (path, body) in [("/", form), (&*format!("/?{form}"), "")] {
            let request = Request::post(path).body(Bytes::from(body.to_owned()));
            let call = Call::of(&request.unwrap());
            assert_eq!(
                (call.operation.as_str(), call.region.as_deref()),
                ("GetCallerIdentity", None)
            );
            let body = call.refuse(400, "ThrottlingException", "slow").into_body();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(body.contains("<Code>Throttling</Code>"), "{body}");
        }
    }

    #[test]
    fn region_and_access_key_are_the_signature_s() {
        let mut headers = HeaderMap::new();
        assert_eq!(credential(&headers, 2), None);
        let scope =
            "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/kms/aws4_request, Signature=0";
        headers.insert(AUTHORIZATION, scope.parse().unwrap());
        assert_eq!(credential(&headers, 0).as_deref(), Some("a"));
        assert_eq!(credential(&headers, 2).as_deref(), Some("eu-west-1"));
    }
}
