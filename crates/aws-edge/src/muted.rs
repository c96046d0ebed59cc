//! Calls that log nothing.

use std::error::Error;
use std::future::Future;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use crate::SdkError;

/// Runs a call with its logs switched off, as the SDK's trace level shows whole requests and answers.
pub fn muted<T, E>(
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> impl Future<Output = Result<T, SdkError<E>>>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    // Boxed: the SDK's futures take 18 kB, and would make all of ours as large.
    Box::pin(call).with_subscriber(NoSubscriber::new())
}
