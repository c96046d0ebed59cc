//! One request to AWS, as far as a proxy needs to understand it.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use serde_json::{Value, json};

/// That of the STS API, the only one.
const STS_VERSION: &str = "2011-06-15";

/// What is called, with what.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Such as `Decrypt` or `AssumeRoleWithWebIdentity`; empty if the request names none.
    pub(super) operation: String,
    pub(super) service: Service,
    pub(super) protocol: Protocol,
    /// The body, in the query protocol as an object of texts.
    pub(super) body: Value,
    /// Of the signature: none for a request without one.
    pub(super) region: Option<String>,
    /// Id of the access key that signed it.
    pub(super) access_key: Option<String>,
    /// The session token of that key, if it is a temporary one.
    pub(super) session_token: Option<String>,
}

/// Whom it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Kms,
    SecretsManager,
    Sts,
    Other,
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
        let session_token = request.headers().get("x-amz-security-token");
        let session_token = session_token.and_then(|token| token.to_str().ok());
        let session_token = session_token.map(ToOwned::to_owned);
        let target = request.headers().get("x-amz-target");
        if let Some(target) = target.and_then(|target| target.to_str().ok()) {
            let (api, operation) = target.rsplit_once('.').unwrap_or(("", target));
            return Self {
                operation: operation.to_owned(),
                service: Service::of_target(api),
                protocol: Protocol::Json,
                body: serde_json::from_slice(request.body()).unwrap_or_default(),
                region,
                access_key,
                session_token,
            };
        }
        let query = request.uri().query().unwrap_or_default();
        let fields = form_urlencoded::parse(query.as_bytes())
            .chain(form_urlencoded::parse(request.body()))
            .map(|(name, value)| (name.into_owned(), Value::from(value)));
        let body = Value::Object(fields.collect());
        Self {
            operation: body["Action"].as_str().unwrap_or_default().to_owned(),
            service: match body["Version"].as_str() {
                Some(STS_VERSION) => Service::Sts,
                _ => Service::Other,
            },
            protocol: Protocol::Query,
            body,
            region,
            access_key,
            session_token,
        }
    }

    /// A text of the body.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }

    /// What IAM says of an operation that the caller has no right to.
    pub(super) fn denial(&self, operation: &str, resource: Option<&str>) -> String {
        let service = self.service.name();
        let resource = resource.map_or(String::new(), |it| format!(" on resource: {it}"));
        format!("User is not authorized to perform: {service}:{operation}{resource}")
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

impl Service {
    /// By what stands before the operation in `X-Amz-Target`.
    fn of_target(api: &str) -> Self {
        match api {
            "TrentService" => Self::Kms,
            "secretsmanager" => Self::SecretsManager,
            _ => Self::Other,
        }
    }

    /// As IAM names it.
    fn name(self) -> &'static str {
        match self {
            Self::Kms => "kms",
            Self::SecretsManager => "secretsmanager",
            Self::Sts => "sts",
            Self::Other => "service",
        }
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
        assert_eq!(call.service, Service::Kms);
        assert_eq!(call.text("KeyId"), Some("k"));
        let body = call.refuse(400, "ThrottlingException", "slow").into_body();
        assert!(body.starts_with(b"{"), "{body:?}");

        let form = "Version=2011-06-15&RoleArn=arn%3Aaws&Action=AssumeRole";
        for (path, body) in [("/", form), (&*format!("/?{form}"), "")] {
            let request = Request::post(path).body(Bytes::from(body.to_owned()));
            let call = Call::of(&request.unwrap());
            assert_eq!(call.service, Service::Sts);
            assert_eq!(call.text("RoleArn"), Some("arn:aws"));
            assert_eq!(
                call.denial("AssumeRole", None),
                "User is not authorized to perform: sts:AssumeRole"
            );
            assert_eq!(
                (call.operation.as_str(), call.region.as_deref()),
                ("AssumeRole", None)
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
