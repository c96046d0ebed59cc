//! What calls to all services of AWS have in common. The SDK logs whole requests, secrets included, and
//! keeps them in its errors: [`answered`] switches the first off, and makes of the second a
//! class that holds no text of AWS or the SDK. All of them go through [`http_client`].

mod classify;
mod fault;
mod http_client;
mod muted;
mod source_fault;
mod unknown_port;

pub use classify::classify;
pub use fault::{CallFault, CredentialsFault};
pub use http_client::http_client;
pub use muted::{answered, muted};
pub use source_fault::SourceFault;

/// A call's error, as the SDK gives it.
pub type SdkError<E> =
    aws_smithy_runtime_api::client::result::SdkError<E, aws_smithy_runtime_api::http::Response>;
