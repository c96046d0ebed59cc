//! A reverse proxy before an emulator: it counts, and it makes the troubles that emulators lack.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::call::Call;
use super::connection::{self, Broken};
use super::fault::Fault;
use super::refusal::{Made, is_same_key};
use super::secrets_refusal::{self, DeniedSecrets};
use crate::http;

/// Stands between a program and an emulator, on a loopback port of its own.
///
/// It passes calls on, keeps what was asked, and makes the faults that it was told to make. Besides, it
/// refuses what AWS refuses and the emulators accept:
///
/// - no signature at all (but in the query protocol);
/// - KMS: texts that are too long, another key than the one that encrypted, an encryption context with
///   an RSA key, a key of another region than the signature's;
/// - Secrets Manager: batches of more than 20 secrets, with ids and filters or with neither, pages that
///   are too long. What moto refuses with a status of its own (404) is refused with 400, as by AWS.
///
/// Operations are named as AWS names them: `Decrypt`, `AssumeRoleWithWebIdentity`. Dropping it
/// breaks its connections.
#[derive(Debug)]
pub struct FaultProxy {
    url: String,
    proxy: Arc<Proxy>,
    server: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts one before `upstream`, such as [`super::Emulator::url`].
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start(upstream: &str) -> Result<Self> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = http::wait(TcpListener::bind(loopback))?.context("no port to listen on")?;
        let url = format!("http://{}", listener.local_addr()?);
        let proxy = Arc::new(Proxy {
            upstream: upstream.trim_end_matches('/').to_owned(),
            state: Mutex::default(),
            cleared: watch::Sender::new(()),
        });
        let server = http::runtime()?.spawn(connection::accept(listener, Arc::clone(&proxy)));
        Ok(Self {
            url,
            proxy,
            server: Some(server),
        })
    }

    /// Where it listens, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How often the operation was called, failed calls and repeated ones included.
    pub fn calls(&self, operation: &str) -> usize {
        self.proxy.state().calls.get(operation).map_or(0, Vec::len)
    }

    /// How often each operation was called.
    pub fn all_calls(&self) -> BTreeMap<String, usize> {
        let state = self.proxy.state();
        let calls = state.calls.iter();
        calls
            .map(|(name, calls)| (name.clone(), calls.len()))
            .collect()
    }

    /// What the operation was called with, in order: AWS's JSON; in the query protocol an object of
    /// texts, such as `RoleArn` and `Tags.member.1.Key`.
    pub fn requests(&self, operation: &str) -> Vec<Value> {
        let state = self.proxy.state();
        state.calls.get(operation).cloned().unwrap_or_default()
    }

    /// Ids of the access keys that signed the operation's calls, in order; calls without signature have
    /// none.
    pub fn access_keys(&self, operation: &str) -> Vec<String> {
        let state = self.proxy.state();
        state.signers.get(operation).cloned().unwrap_or_default()
    }

    /// Session tokens of those of these keys that are temporary, in order.
    pub fn session_tokens(&self, operation: &str) -> Vec<String> {
        let state = self.proxy.state();
        state.tokens.get(operation).cloned().unwrap_or_default()
    }

    /// Counts from nothing again.
    pub fn forget_calls(&self) {
        let mut state = self.proxy.state();
        state.calls.clear();
        state.signers.clear();
        state.tokens.clear();
    }

    /// The next `calls` calls of the operation fail; after those of earlier such orders.
    pub fn fail_next(&self, operation: &str, calls: usize, fault: Fault) {
        self.proxy
            .state()
            .order(operation, Some(fault), Some(calls));
    }

    /// The next `calls` calls of the operation pass, before later such orders: the pages that come before
    /// the one that fails.
    pub fn pass_next(&self, operation: &str, calls: usize) {
        self.proxy.state().order(operation, None, Some(calls));
    }

    /// Every call of the operation fails (after those of [`Self::fail_next`]), until
    /// [`Self::clear`].
    pub fn fail(&self, operation: &str, fault: Fault) {
        self.proxy.state().order(operation, Some(fault), None);
    }

    /// Every call that this access key signed fails, until [`Self::clear`].
    pub fn fail_signer(&self, access_key: &str, fault: Fault) {
        let mut state = self.proxy.state();
        state.failed_signers.insert(access_key.to_owned(), fault);
    }

    /// Every operation with this key is refused with `AccessDeniedException`, however the request names
    /// the key (by its ARN, its id, an alias, not at all), until [`Self::clear`].
    pub fn deny_key(&self, arn: &str) {
        self.proxy.state().denied.insert(arn.to_owned());
    }

    /// Every operation with this secret is refused with `AccessDeniedException`, by whatever name, until
    /// [`Self::clear`]; in a batch it is one of the `Errors`. Lists still have it.
    pub fn deny_secret(&self, arn_or_name: &str) {
        self.proxy.state().denied_secrets.deny(arn_or_name);
    }

    /// No more faults. Calls that are stalled go on.
    pub fn clear(&self) {
        let mut state = self.proxy.state();
        state.faults.clear();
        state.failed_signers.clear();
        state.denied.clear();
        state.denied_secrets.clear();
        drop(state);
        self.proxy.cleared.send_replace(());
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // Afterwards nobody listens and no connection is open.
            let _ = http::wait(server);
        }
    }
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Proxy {
    upstream: String,
    state: Mutex<State>,
    /// Told when faults are cleared.
    cleared: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<String, Vec<Value>>,
    signers: BTreeMap<String, Vec<String>>,
    tokens: BTreeMap<String, Vec<String>>,
    faults: BTreeMap<String, VecDeque<Order>>,
    failed_signers: BTreeMap<String, Fault>,
    denied: BTreeSet<String>,
    denied_secrets: DeniedSecrets,
    made: Made,
}

#[derive(Debug)]
struct Order {
    /// None lets calls pass.
    fault: Option<Fault>,
    /// None is without end.
    calls: Option<usize>,
}

impl Proxy {
    /// Answers one request.
    ///
    /// # Errors
    /// When the connection is to break.
    pub(super) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let call = Call::of(&request);
        // Before the look at the faults: one that is cleared right after it does not stall.
        let mut cleared = self.cleared.subscribe();
        let fault = self.state().begin(&call);
        match fault {
            Some(Fault::Reset) => return Err(Broken::Reset),
            Some(Fault::Stall) => {
                // The proxy lives as long as its connections.
                let _ = cleared.changed().await;
            }
            _ => {}
        }
        if let Some(answer) = fault.and_then(|fault| fault.answer(&call)) {
            return Ok(answer);
        }
        if let Some(answer) = self.state().refusal(&call, &call.body) {
            return Ok(answer);
        }
        let mut answer = match http::forward(&self.upstream, request).await {
            Ok(answer) => answer,
            Err(error) => return Ok(bad_gateway(&error)),
        };
        secrets_refusal::set_status(&call, &mut answer);
        let mut said = serde_json::from_slice(answer.body()).unwrap_or_default();
        let mut state = self.state();
        if let Some(denied) = state.denial(&call, &said) {
            return Ok(denied);
        }
        state.made.learn(&call, &said);
        if state.denied_secrets.strike(&call, &mut said) {
            *answer.body_mut() = Bytes::from(said.to_string());
        }
        match fault {
            Some(Fault::Truncated) => Err(Broken::truncated(&answer)),
            _ => Ok(answer),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn order(&mut self, operation: &str, fault: Option<Fault>, calls: Option<usize>) {
        let orders = self.faults.entry(operation.to_owned()).or_default();
        orders.push_back(Order { fault, calls });
    }

    /// Notes the call and says what is to go wrong with it.
    fn begin(&mut self, call: &Call) -> Option<Fault> {
        let calls = self.calls.entry(call.operation.clone()).or_default();
        calls.push(call.body.clone());
        let signers = self.signers.entry(call.operation.clone()).or_default();
        signers.extend(call.access_key.clone());
        let tokens = self.tokens.entry(call.operation.clone()).or_default();
        tokens.extend(call.session_token.clone());
        let signer = call.access_key.as_ref();
        if let Some(fault) = signer.and_then(|key| self.failed_signers.get(key)) {
            return Some(*fault);
        }
        let orders = self.faults.get_mut(&call.operation)?;
        while let Some(order) = orders.front_mut() {
            match &mut order.calls {
                None => return order.fault,
                Some(0) => {
                    orders.pop_front();
                }
                Some(calls) => {
                    *calls -= 1;
                    return order.fault;
                }
            }
        }
        None
    }

    fn refusal(&self, call: &Call, body: &Value) -> Option<Response<Bytes>> {
        self.denial(call, body)
            .or_else(|| self.made.refusal(call))
            .or_else(|| secrets_refusal::refusal(call))
    }

    /// `named` is a request or an answer that names a key or a secret.
    fn denial(&self, call: &Call, named: &Value) -> Option<Response<Bytes>> {
        self.key_denial(call, named)
            .or_else(|| self.denied_secrets.refusal(call, named))
    }

    fn key_denial(&self, call: &Call, named: &Value) -> Option<Response<Bytes>> {
        let key = named["KeyId"].as_str()?;
        let arn = self.denied.iter().find(|arn| is_same_key(arn, key))?;
        let message = call.denial(&call.operation, Some(arn));
        Some(call.refuse(400, "AccessDeniedException", &message))
    }
}

fn bad_gateway(error: &anyhow::Error) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(format!("the emulator: {error:#}")));
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer
}
