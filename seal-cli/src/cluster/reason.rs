//! Why a call failed, with the next step.

use std::fmt;

use http::StatusCode;

use super::tls_fault;
use crate::context::Controller;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    text: String,
    /// Nothing is wrong with what was asked, and whom: nobody answered.
    pub(crate) is_outage: bool,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self {
            text,
            is_outage: false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Failure {
    pub(super) fn outage(text: String) -> Self {
        Self {
            text,
            is_outage: true,
        }
    }
}

/// What the controller is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Its certificate, which can be had elsewhere, too.
    Certificate,
    /// A certificate in a ConfigMap.
    ConfigMap,
    /// What only its private keys can do.
    Keys,
}

/// What was tried, and where.
pub(super) struct Reason<'a> {
    /// Address of the API server, as people may see it.
    pub(super) server: &'a str,
    pub(super) controller: &'a Controller,
    pub(super) purpose: Purpose,
    pub(super) resource: &'static str,
    pub(super) verb: String,
}

impl Reason<'_> {
    pub(super) fn of_error(&self, error: &kube::Error) -> Failure {
        match error {
            kube::Error::Api(status) => match StatusCode::from_u16(status.code) {
                Ok(code) => self.of_code(code, &status.reason),
                Err(_) => self.unreachable(),
            },
            kube::Error::Auth(_) => {
                "the kubeconfig's credentials cannot be used (does its login helper work?)"
                    .to_owned()
                    .into()
            }
            other => match tls_fault::told(other) {
                Some(told) => format!("the API server {} {told}", self.server).into(),
                None => self.unreachable(),
            },
        }
    }

    /// The API server refuses; `said` is its word for that.
    pub(super) fn of_code(&self, code: StatusCode, said: &str) -> Failure {
        let Controller { name, namespace } = self.controller;
        let resource = self.resource;
        let text = match code.as_u16() {
            404 => {
                let kind = resource.split('/').next().unwrap_or_default();
                format!("{kind} {name:?} not found in namespace {namespace:?}")
            }
            401 => format!(
                "the API server {} does not accept these credentials (log in again, or choose another --context)",
                self.server
            ),
            403 => format!(
                "you may not {} {resource} {name:?} in namespace {namespace:?}; {}",
                self.verb,
                match self.purpose {
                    Purpose::Certificate => {
                        "ask for the Role sealed-secrets-service-proxier, or use --cert with a certificate from a file or URL"
                    }
                    Purpose::ConfigMap => "ask for that right (get configmaps), or for the file",
                    Purpose::Keys => "ask for the Role sealed-secrets-service-proxier",
                }
            ),
            503 => "the API server cannot reach the controller's pod; is it running?".to_owned(),
            code => format!("the API server answered {code} {said}"),
        };
        Failure {
            text,
            is_outage: [502, 503, 504].contains(&code.as_u16()),
        }
    }

    pub(super) fn unreachable(&self) -> Failure {
        let instead = match self.purpose {
            Purpose::Certificate => ", or seal offline with --cert",
            Purpose::ConfigMap => ", or seal offline with the certificate in a file",
            Purpose::Keys => "",
        };
        Failure::outage(format!(
            "the API server {} cannot be reached; check the network, --kubeconfig and --context{instead}",
            self.server
        ))
    }
}
