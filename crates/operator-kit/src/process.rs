//! A controller as a process: what it runs until it is told to end, and why it could not.

use std::future::{self, Future};
use std::process::ExitCode;

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::connect::ConnectError;
use crate::listen::ListenError;

/// Why the controller cannot start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No client for the API server.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// An address of its endpoints cannot be had.
    #[error("{0}")]
    Listen(#[from] ListenError),
    /// Nobody could tell it to end.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// A part without which the others are of no use.
    #[error("{0} has ended unexpectedly; a new process must take over")]
    Ended(&'static str),
}

/// Runs a controller, logs why it failed, and makes an exit code of it. Threads that still compute at
/// the end are not waited for.
pub fn run(controller: impl Future<Output = Result<(), RunError>>) -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(controller) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    };
    runtime.shutdown_background();
    code
}

/// Goes on until `stop`, and then until what is served and reconciled came to its own end. `others`
/// are what the two need beside them, by name; they are not waited for.
///
/// # Errors
/// [`RunError::Ended`] if one of them ended before: without it the others are of no use.
pub async fn until<S>(
    stop: &CancellationToken,
    served: impl Future<Output = S>,
    reconciled: impl Future<Output = ()>,
    others: impl Future<Output = &'static str>,
) -> Result<(), RunError> {
    tokio::pin!(served, reconciled);
    let ended = tokio::select! {
        _ = &mut served => {
            if stop.is_cancelled() {
                reconciled.await;
            }
            "serving HTTP"
        }
        () = &mut reconciled => {
            if stop.is_cancelled() {
                served.await;
            }
            "reconciling"
        }
        other = others => other,
    };
    if !stop.is_cancelled() {
        return Err(RunError::Ended(ended));
    }
    tracing::info!("stopped");
    Ok(())
}

/// For controllers that need nothing else.
pub fn nothing_else() -> impl Future<Output = &'static str> {
    future::pending()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_end_of_a_part_is_an_error_until_all_are_to_end() {
        let ended = |part: Result<(), RunError>| part.unwrap_err().to_string();
        let stop = CancellationToken::new();
        let forever = future::pending::<()>;
        let served = until(&stop, future::ready(()), forever(), nothing_else());
        assert!(ended(served.await).starts_with("serving HTTP has ended"));
        let reconciled = until(&stop, forever(), future::ready(()), nothing_else());
        assert!(ended(reconciled.await).starts_with("reconciling has ended"));
        let keys = until(&stop, forever(), forever(), future::ready("the keys"));
        assert!(ended(keys.await).starts_with("the keys has ended"));

        stop.cancel();
        let finished = AtomicBool::new(false);
        let reconciled = async {
            tokio::task::yield_now().await;
            finished.store(true, Ordering::Relaxed);
        };
        let stopped = until(&stop, future::ready(()), reconciled, nothing_else()).await;
        assert!(
            stopped.is_ok() && finished.into_inner(),
            "both came to their end"
        );
    }
}
