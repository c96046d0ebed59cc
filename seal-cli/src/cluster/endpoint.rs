//! The controller's endpoints.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::client::Body;
use kube::{Api, Client};
use tokio::runtime::{Builder, Runtime};

use super::client::client;
use super::reason::{Failure, Purpose, Reason};
use crate::address;
use crate::connection::Connection;
use crate::context::{Cluster, Controller};
use crate::error::CliError;
use crate::kubeconfig::{self, ConfigError};

/// Largest answer to what is posted, in bytes: as much as an object of Kubernetes may be, twice.
const ANSWER: u64 = 4 << 20;
/// How often something is posted to a controller that says that it is asked too often; kubeseal's
/// client does it as often.
const ATTEMPTS: usize = 11;
/// The longest pause that is made because a server asks for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Set by the endpoints that are posted to, of ours and of Sealed Secrets.
const RATE_LIMIT: &str = "x-ratelimit-limit";
/// Bytes of a sentence that is shown.
const SENTENCE: usize = 400;

/// The way to the endpoints of a controller whose Service was found.
pub(crate) struct Endpoints {
    runtime: Runtime,
    client: Client,
    server: String,
    controller: Controller,
    purpose: Purpose,
    /// Name of the Service's first port; may be empty.
    port: String,
    /// For one answer: a server that sends a byte now and then must not hold a pipeline for ever.
    total: Option<Duration>,
}

/// What the controller said.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    /// Nobody on the way to the controller answers with its rate limit.
    is_controllers: bool,
    /// How long to wait before asking again.
    pause: Option<Duration>,
}

impl Endpoints {
    /// Asks for the controller's Service.
    ///
    /// # Errors
    /// [`CliError::NoCluster`], [`CliError::NoClusterWithKeys`], [`CliError::Service`], those of the
    /// kubeconfig.
    pub(crate) fn find(
        connection: &Connection,
        controller: &Controller,
        purpose: Purpose,
    ) -> Result<Self, CliError> {
        let found = check_names(controller)
            .and_then(|()| Self::of_server(connection, controller, purpose))
            .and_then(Self::with_port);
        found.map_err(|error| match error {
            CliError::NoCluster(reason) if purpose == Purpose::Keys => {
                CliError::NoClusterWithKeys(reason)
            }
            error => error,
        })
    }

    /// The same where private keys are needed.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) fn of_keys(cluster: &Cluster) -> Result<Self, CliError> {
        Self::find(&cluster.connection, &cluster.controller, Purpose::Keys)
    }

    /// The way to the API server; the controller's Service is not asked for.
    ///
    /// # Errors
    /// [`CliError::NoCluster`], those of the kubeconfig.
    pub(super) fn of_server(
        connection: &Connection,
        controller: &Controller,
        purpose: Purpose,
    ) -> Result<Self, CliError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| CliError::NoCluster("the system gives no runtime"))?;
        // Outside of the limit: a login helper may wait for a person.
        let config = kubeconfig::config(connection)?;
        let total = connection.limits().map_err(ConfigError::from)?.total;
        let server = address::of(&config.cluster_url);
        let client = runtime.block_on(async { client(&config) })?;
        Ok(Self {
            runtime,
            client,
            server,
            controller: controller.clone(),
            purpose,
            port: String::new(),
            total,
        })
    }

    fn with_port(self) -> Result<Self, CliError> {
        let port = self.first_port()?;
        Ok(Self { port, ..self })
    }

    fn first_port(&self) -> Result<String, CliError> {
        let services: Api<Service> =
            Api::namespaced(self.client.clone(), &self.controller.namespace);
        let found = self.in_time(async {
            let service = services.get(&self.controller.name).await;
            service.map_err(|error| self.reason("services", "get").of_error(&error))
        });
        let service = found.map_err(|reason| CliError::Service { reason })?;
        let mut ports = service
            .spec
            .and_then(|spec| spec.ports)
            .into_iter()
            .flatten();
        Ok(ports.next().and_then(|port| port.name).unwrap_or_default())
    }

    /// Gets a ConfigMap.
    pub(super) fn config_map(&self, namespace: &str, name: &str) -> Result<ConfigMap, Failure> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        self.in_time(async {
            let found = maps.get(name).await;
            found.map_err(|error| self.reason("configmaps", "get").of_error(&error))
        })
    }

    /// Gets a page, of at most `limit` bytes.
    ///
    /// # Errors
    /// Why the controller was not reached.
    pub(crate) fn get(&self, path: &str, accept: &str, limit: u64) -> Result<Answer, Failure> {
        let request = Request::get(self.url(path))
            .header(ACCEPT, accept)
            .body(Body::empty())
            .map_err(|_| Failure::from(NO_URL.to_owned()))?;
        self.ask(request, "get", limit)
    }

    /// Posts JSON; again, after the pause that it asks for, if the controller is asked too often.
    ///
    /// # Errors
    /// Why the controller was not reached.
    pub(crate) fn post(&self, path: &str, json: &[u8]) -> Result<Answer, String> {
        for _ in 1..ATTEMPTS {
            let answer = self.post_once(path, json)?;
            match answer.pause.filter(|pause| *pause <= LONGEST_PAUSE) {
                Some(pause) => self
                    .runtime
                    .block_on(async { tokio::time::sleep(pause).await }),
                None => return Ok(answer),
            }
        }
        self.post_once(path, json)
    }

    fn post_once(&self, path: &str, json: &[u8]) -> Result<Answer, String> {
        let request = Request::post(self.url(path))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, */*")
            .body(Body::from(json.to_vec()))
            .map_err(|_| NO_URL.to_owned())?;
        let answer = self.ask(request, "create", ANSWER);
        answer.map_err(|failure| failure.to_string())
    }

    fn url(&self, path: &str) -> String {
        let Controller { name, namespace } = &self.controller;
        let port = &self.port;
        format!("/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy{path}")
    }

    fn ask(&self, request: Request<Body>, verb: &str, limit: u64) -> Result<Answer, Failure> {
        let reason = self.reason("services/proxy", verb);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let answer = self.in_time(async {
            let answer = self.client.send(request).await;
            let (head, body) = answer
                .map_err(|error| reason.of_error(&error))?
                .into_parts();
            let body = Limited::new(body, limit).collect().await.map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() {
                    "the answer is too large".to_owned().into()
                } else {
                    reason.unreachable()
                }
            })?;
            Ok(Answer {
                status: head.status,
                body: body.to_bytes().to_vec(),
                is_controllers: head.headers.contains_key(RATE_LIMIT),
                pause: pause(head.status, &head.headers),
            })
        })?;
        match answer.of_api_server() {
            Some(said) if answer.pause.is_none() => Err(reason.of_code(answer.status, &said)),
            _ => Ok(answer),
        }
    }

    fn reason(&self, resource: &'static str, verb: &str) -> Reason<'_> {
        Reason {
            server: &self.server,
            controller: &self.controller,
            purpose: self.purpose,
            resource,
            verb: verb.to_owned(),
        }
    }

    fn in_time<T>(&self, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let Some(total) = self.total else {
            return self.runtime.block_on(call);
        };
        let limited = async { tokio::time::timeout(total, call).await };
        let late = || {
            let text = format!("no complete answer within {total:?} (--request-timeout)");
            Failure::outage(text)
        };
        self.runtime
            .block_on(limited)
            .unwrap_or_else(|_| Err(late()))
    }
}

const NO_URL: &str = "the controller's name or namespace cannot be part of a URL";

impl Answer {
    /// The controller did what it was asked for.
    pub(crate) fn is_done(&self) -> bool {
        self.status == StatusCode::OK
    }

    /// Its reason, if it gives one: ours does, in one line. Anything else that stands there is not told, as it may be
    /// somebody else's text.
    pub(crate) fn said(&self) -> Option<&str> {
        let text = str::from_utf8(&self.body).ok()?.trim_end_matches('\n');
        let is_sentence = (1..=SENTENCE).contains(&text.len()) && !text.contains(char::is_control);
        (self.is_controllers && is_sentence).then_some(text)
    }

    /// That it did not, for people.
    pub(crate) fn refusal(&self) -> String {
        let code = self.status.as_u16();
        if let Some(said) = self.said().filter(|_| code != 429) {
            return format!("the controller says: {said}");
        }
        match code {
            404 => "the controller does not know this request (is it Sealed Secrets, or ours of the same version?)".to_owned(),
            429 => "the controller is asked too often; try again later".to_owned(),
            500 => "the controller answered 500; its log says why".to_owned(),
            _ => format!("the controller answered {code}"),
        }
    }

    /// What the API server says, if it is its answer and not the controller's.
    fn of_api_server(&self) -> Option<String> {
        if self.status.is_success() || self.is_controllers {
            return None;
        }
        let status = serde_json::from_slice::<Status>(&self.body).ok();
        if let Some(status) = status {
            return Some(status.reason.unwrap_or_default());
        }
        // Without a rate limit the controller never says these.
        let of_gateways = [401, 403, 502, 503, 504];
        let is_gateways = of_gateways.contains(&self.status.as_u16());
        is_gateways.then(|| {
            self.status
                .canonical_reason()
                .unwrap_or_default()
                .to_owned()
        })
    }
}

/// How long a server asks to wait: only where it says that the same may succeed later.
fn pause(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return None;
    }
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// They become part of a URL; what cannot be a name is refused by name, not as a lost server.
fn check_names(controller: &Controller) -> Result<(), CliError> {
    for (flag, name) in [
        ("--controller-name", &controller.name),
        ("--controller-namespace", &controller.namespace),
    ] {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if name.is_empty() || name.contains("..") || !name.bytes().all(fits) {
            return Err(CliError::Service {
                reason: format!("{name:?} ({flag}) is not a name of Kubernetes").into(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_made_only_where_a_server_asks_for_it() {
        for (code, header, seconds) in [
            (429, "2", Some(2)),
            (503, "1", Some(1)),
            (429, "", None),
            (429, "Wed, 21 Oct 2026 07:28:00 GMT", None),
            (409, "2", None),
            (200, "2", None),
        ] {
            let headers = [(RETRY_AFTER, header.parse().unwrap())];
            let pause = pause(
                StatusCode::from_u16(code).unwrap(),
                &headers.into_iter().collect(),
            );
            assert_eq!(pause, seconds.map(Duration::from_secs), "{code} {header}");
        }
    }

    #[test]
    fn the_api_servers_answers_are_told_from_the_controllers() {
        let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#;
        for (code, body, said) in [
            (404, status, Some("NotFound")),
            (404, "404 page not found\n", None),
            (409, "", None),
            (500, "", None),
            (403, "<html>", Some("Forbidden")),
            (200, status, None),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(code).unwrap(),
                body: body.into(),
                is_controllers: false,
                pause: None,
            };
            assert_eq!(answer.of_api_server().as_deref(), said, "{code} {body}");
        }
    }

    #[test]
    fn the_controllers_reason_is_one_short_line_of_its_own() {
        let long = "x".repeat(SENTENCE + 1);
        for (body, is_controllers, code, told) in [
            ("why not\n", true, 500, "the controller says: why not"),
            ("why not", true, 503, "the controller says: why not"),
            (
                "why not\n",
                false,
                500,
                "the controller answered 500; its log says why",
            ),
            (
                "",
                true,
                500,
                "the controller answered 500; its log says why",
            ),
            ("two\nlines\n", true, 413, "the controller answered 413"),
            ("\u{1b}[2J", true, 413, "the controller answered 413"),
            (&long, true, 413, "the controller answered 413"),
            (
                "limit exceeded\n",
                true,
                429,
                "the controller is asked too often; try again later",
            ),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(code).unwrap(),
                body: body.into(),
                is_controllers,
                pause: None,
            };
            assert_eq!(answer.refusal(), told);
            assert!(!is_controllers || answer.of_api_server().is_none());
        }
    }
}
