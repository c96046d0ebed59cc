//! Whoever interrupts the program leaves no plaintext behind, and the file that was to be replaced whole.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
/// Long enough that writing takes a while, in bytes.
const VALUE: usize = 2 << 20;
/// A run may end before the signal comes.
const TRIES: usize = 50;

fn seal(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

fn unfinished(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".seal-")).collect()
}

/// Interrupts the program while its file is there; `None` if it was too fast.
fn interrupt(mut command: Command, folder: &Path, signal: Signal) -> Option<ExitStatus> {
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        if !unfinished(folder).is_empty() {
            kill_process(Pid::from_child(&child), signal).unwrap();
            let status = child.wait().unwrap();
            return status.signal().is_some().then_some(status);
        }
    }
    None
}

/// By this process, and so by all that it starts; where that cannot be known, it is not.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    mask >> (signal.as_raw() - 1) & 1 == 1
}

#[test]
fn nothing_unfinished_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = format!(
        "kind: Secret\nmetadata: {{name: a, namespace: b}}\nstringData: {{a: {}}}\n",
        "x".repeat(VALUE)
    );
    std::fs::write(folder.join("secret.yaml"), secret).unwrap();
    let certificate = format!("{VECTORS}/certificates/rsa-2048.pem");
    let key = format!("{VECTORS}/keys/rsa-2048.pem");
    let sealing = [
        "seal",
        "--cert",
        &certificate,
        "-f",
        "secret.yaml",
        "-w",
        "sealed.yaml",
    ];
    assert!(seal(folder, &sealing).status().unwrap().success());
    let recovering = [
        "recover",
        "--private-key",
        &key,
        "sealed.yaml",
        "-w",
        "out.yaml",
    ];
    for (args, target, signal) in [
        (&recovering[..], "out.yaml", Signal::INT),
        (&recovering, "out.yaml", Signal::TERM),
        (&recovering, "out.yaml", Signal::HUP),
        (&sealing, "sealed.yaml", Signal::INT),
    ] {
        // Of who runs the tests below `nohup` every process has it so.
        if is_ignored(signal) {
            continue;
        }
        let mut tries = (0..TRIES).map(|_| interrupt(seal(folder, args), folder, signal));
        let status = tries.find_map(|status| status);
        let Some(status) = status else {
            panic!("{target}: {signal:?} always came too late");
        };
        assert_eq!(status.signal(), Some(signal.as_raw()), "{target}");
        assert_eq!(unfinished(folder), [""; 0], "{target} {signal:?}");
        // Runs that were too fast have written it.
        if let Ok(whole) = std::fs::read(folder.join(target)) {
            assert!(whole.ends_with(b"namespace: b\n"), "{target} {signal:?}");
        }
    }
}

/// As `nohup` starts it, and a shell without a terminal what runs beside it.
#[test]
fn a_signal_that_was_ignored_before_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let value = "x".repeat(VALUE);
    let secret =
        format!("kind: Secret\nmetadata: {{name: a, namespace: b}}\nstringData: {{a: {value}}}\n");
    std::fs::write(folder.join("secret.yaml"), secret).unwrap();
    let certificate = format!("{VECTORS}/certificates/rsa-2048.pem");
    let args = ["-f", "secret.yaml", "-w", "sealed.yaml"];
    for _ in 0..TRIES {
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
            .args([env!("CARGO_BIN_EXE_seal"), "seal", "--cert", &certificate])
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut sent = false;
        while child.try_wait().unwrap().is_none() {
            if !sent && !unfinished(folder).is_empty() {
                kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
                sent = true;
            }
        }
        assert!(child.wait().unwrap().success());
        if sent {
            return;
        }
    }
    panic!("it was always too fast");
}
