//! Asking the controller through the API server's service proxy (contract §3.2).

mod client;
mod config_map;
mod endpoint;
mod reason;
mod server_certificate;
mod tls_fault;

pub(crate) use client::client;
pub(crate) use config_map::{ConfigMapError, Item};
pub(crate) use endpoint::Endpoints;
pub(crate) use reason::{Failure, Purpose};
pub(crate) use tls_fault::{Authorities, told as tls_fault, told_of as tls_fault_of};

use crate::certificate;
use crate::connection::Connection;
use crate::context::Controller;
use crate::error::CliError;

/// The certificate that the controller serves, byte for byte.
pub(crate) fn certificate(
    connection: &Connection,
    controller: &Controller,
) -> Result<Vec<u8>, CliError> {
    let failed = |reason| CliError::ServiceProxy { reason };
    let endpoints = Endpoints::find(connection, controller, Purpose::Certificate)?;
    let answer = endpoints.get(
        "/v1/cert.pem",
        "application/x-pem-file, */*",
        certificate::LIMIT,
    );
    let answer = answer.map_err(failed)?;
    if answer.is_done() {
        Ok(answer.body)
    } else {
        Err(failed(answer.refusal().into()))
    }
}
