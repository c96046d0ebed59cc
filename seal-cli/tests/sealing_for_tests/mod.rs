//! SealedSecrets for the test key of 2,048 bits.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::reveal::VECTORS;

/// A Secret with two items.
pub(crate) const SECRET: &str = "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {password: hunter2, user: me}\n";

/// What `seal` makes of a Secret, as YAML; nothing if it refuses.
pub(crate) fn try_seal(secret: &str, args: &[&str]) -> Option<String> {
    let certificate = format!("{VECTORS}/certificates/rsa-2048.pem");
    let mut child = Command::new(env!("CARGO_BIN_EXE_seal"))
        .args(["--cert", &certificate, "-o", "yaml"])
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(secret.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let sealed = String::from_utf8(output.stdout).unwrap();
    output.status.success().then_some(sealed)
}

/// The same of one that is not refused.
pub(crate) fn seal(secret: &str, args: &[&str]) -> String {
    try_seal(secret, args).unwrap()
}
