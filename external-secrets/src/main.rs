//! `external-secrets`: AWS Secrets Manager → Secrets.

use std::process::ExitCode;

fn main() -> ExitCode {
    external_secrets::main()
}
