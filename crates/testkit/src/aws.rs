//! AWS without AWS: two emulators, KMS and Secrets Manager in plain HTTP, and a proxy that makes trouble
//! and counts.
//!
//! Neither emulator is faithful alone. What to test where:
//!
//! | | [`Kind::Moto`] | [`Kind::Ministack`] |
//! | --- | --- | --- |
//! | KMS, symmetric keys | encryption context enforced, tampering refused | tampering is **accepted**, so is another key id |
//! | KMS, states of keys | disabled keys still decrypt | disabled and pending deletion are refused |
//! | KMS, RSA keys | **not real** | real: seal with the public key, `Decrypt` opens |
//! | Secrets Manager | versions, stages, filters, batches, deletion; without a stage, `GetSecretValue` may answer an **old** version: always send one | filters by substring, batches ignore `MaxResults`, secrets without value have an empty one |
//! | STS | roles of any account, web identities; nothing is checked | |
//!
//! Faults (throttling, stalls, broken connections, expired credentials, one forbidden key or secret)
//! come from a [`FaultProxy`] in front of either, which also counts the calls: they are what AWS bills.

mod call;
mod connection;
mod emulator;
mod error;
mod fault;
mod fault_proxy;
mod json_api;
mod kms;
mod refusal;
mod secrets_manager;
mod secrets_refusal;

pub use emulator::{Emulator, Kind};
pub use error::AwsError;
pub use fault::Fault;
pub use fault_proxy::FaultProxy;
pub use kms::Kms;
pub use secrets_manager::{Deletion, SecretPayload, SecretsManager};

/// The region that emulated keys live in, unless a client asks for another.
pub const REGION: &str = "us-east-1";

/// What a program of ours needs in its environment to talk to the emulator or proxy at `url`, and
/// to nothing else: no files of the user, no metadata service.
pub fn environment(url: &str) -> [(&'static str, String); 8] {
    let nothing = || "/dev/null".to_owned();
    [
        ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        // What boto3 reads.
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ENDPOINT_URL", url.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_CONFIG_FILE", nothing()),
        ("AWS_SHARED_CREDENTIALS_FILE", nothing()),
    ]
}
