//! Why a call failed, with the next step.

use http::StatusCode;

use crate::context::Controller;

/// What the controller is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Its certificate, which can be had elsewhere, too.
    Certificate,
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
    pub(super) fn of_error(&self, error: &kube::Error) -> String {
        match error {
            kube::Error::Api(status) => match StatusCode::from_u16(status.code) {
                Ok(code) => self.of_code(code, &status.reason),
                Err(_) => self.unreachable(),
            },
            kube::Error::Auth(_) => {
                "the kubeconfig's credentials cannot be used (does its login helper work?)"
                    .to_owned()
            }
            _ => self.unreachable(),
        }
    }

    /// The API server refuses; `said` is its word for that.
    pub(super) fn of_code(&self, code: StatusCode, said: &str) -> String {
        let Controller { name, namespace } = self.controller;
        match code.as_u16() {
            404 => format!("services {name:?} not found in namespace {namespace:?}"),
            401 => format!(
                "the API server {} does not accept these credentials (log in again, or choose another --context)",
                self.server
            ),
            403 => format!(
                "you may not {} {} {name:?} in namespace {namespace:?}; ask for the Role sealed-secrets-service-proxier{}",
                self.verb,
                self.resource,
                match self.purpose {
                    Purpose::Certificate => {
                        ", or use --cert with a certificate from a file or URL"
                    }
                    Purpose::Keys => "",
                }
            ),
            503 => "the API server cannot reach the controller's pod; is it running?".to_owned(),
            code => format!("the API server answered {code} {said}"),
        }
    }

    pub(super) fn unreachable(&self) -> String {
        let instead = match self.purpose {
            Purpose::Certificate => ", or seal offline with --cert",
            Purpose::Keys => "",
        };
        format!(
            "the API server {} cannot be reached; check the network, --kubeconfig and --context{instead}",
            self.server
        )
    }
}
