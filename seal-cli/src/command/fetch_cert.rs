//! `--fetch-cert`: the certificate as it is served, and nothing else.

use crate::certificate;
use crate::context::Context;
use crate::error::CliError;

/// Prints the certificate.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let fetched = match &context.cert {
        Some(cert) => certificate::read(cert)?,
        None => certificate::of_cluster(&context.cluster)?,
    };
    context.destination.write(&[fetched.bytes])
}
