//! Calls that log nothing.

use std::error::Error;
use std::future::Future;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use crate::SdkError;
use crate::classify::classify;
use crate::fault::CallFault;

/// Runs a call with its logs switched off, as the SDK's trace level shows whole requests and answers.
pub fn muted<T>(call: impl Future<Output = T>) -> impl Future<Output = T> {
    // Boxed: the SDK's futures take 18 kB, and would make all of ours as large.
    Box::pin(call).with_subscriber(NoSubscriber::new())
}

/// The call's answer, or the class of its fault ([`classify`]). Boxed before anything waits for it.
pub fn answered<T, E, F>(
    call: impl Future<Output = Result<T, SdkError<E>>>,
    of_service: fn(&str, Option<&str>) -> Option<F>,
) -> impl Future<Output = Result<T, F>>
where
    E: ProvideErrorMetadata + Error + 'static,
    F: From<CallFault>,
{
    let call = muted(call);
    async move { call.await.map_err(|error| classify(&error, of_service)) }
}
