//! Valid input that was damaged at random, given to the whole program: an error or a right result, and never a
//! panic, a hang, or more than 256 MiB.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use testkit::Dice;

/// Runs in all. The libraries' own tests do as many in no time, and `cargo xtask fuzz` does millions.
const RUNS: usize = 10_000;
/// In KiB, of memory that is written to.
const MEMORY: usize = 256 * 1024;
/// A run takes milliseconds. On a machine that is very busy a second would accuse the wrong one.
const HANG: Duration = Duration::from_mins(1);
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  namespace: demo\n  labels:\n    \
                      tier: db # comment\nstringData:\n  port: 8080\n  text: |\n    one\n    two\ndata:\n  bytes: \
                      AAECAwQF\n";
const LIST: &str = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret",
"metadata":{"name":"a","namespace":"demo"},"data":{"x":"eA=="}},{"kind":"Secret","metadata":{"name":"b",
"namespace":"demo"},"stringData":{"y":"é\u20ac"}}]}"#;

/// What is damaged, and the command line that reads it as `input`.
struct Case {
    name: &'static str,
    input: Vec<u8>,
    args: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let file = |path: &str| fs::read(format!("{VECTORS}/{path}")).unwrap();
    let sealed = {
        let mut seal = Command::new(env!("CARGO_BIN_EXE_seal"));
        seal.args(["--cert", "certificates/rsa-2048.pem", "-o", "yaml"])
            .current_dir(VECTORS)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = seal.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(SECRET.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap().stdout
    };
    let seal: &[&str] = &["--cert", "cert.pem", "-f", "input", "-o", "yaml"];
    let case = |name, input, args| Case { name, input, args };
    vec![
        case("YAML", SECRET.as_bytes().to_vec(), seal),
        case("JSON", LIST.as_bytes().to_vec(), seal),
        case(
            "certificate",
            file("certificates/rsa-2048.pem"),
            &["--cert", "input", "-f", "secret.yaml", "-o", "json"],
        ),
        case(
            "SealedSecret",
            sealed.clone(),
            &["open", "--private-key", "key.pem", "input"],
        ),
        case(
            "private key",
            file("keys/rsa-2048.pem"),
            &["open", "--private-key", "input", "sealed.yaml"],
        ),
        case("inspected", sealed.clone(), &["inspect", "input"]),
        case("checked", sealed, &["check", "-o", "json", "input"]),
    ]
}

#[test]
fn damaged_input_is_an_error_or_a_right_result() {
    let cases = cases();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap();
                prepare(folder.path(), &cases);
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= RUNS {
                        break;
                    }
                    damaged(&cases[run % cases.len()], run, folder.path());
                }
            });
        }
    });
}

fn prepare(folder: &Path, cases: &[Case]) {
    let copy = |from: &str, to: &str| {
        fs::copy(format!("{VECTORS}/{from}"), folder.join(to)).unwrap();
    };
    copy("certificates/rsa-2048.pem", "cert.pem");
    copy("keys/rsa-2048.pem", "key.pem");
    fs::write(folder.join("secret.yaml"), SECRET).unwrap();
    let sealed = cases.iter().find(|case| case.name == "SealedSecret");
    fs::write(folder.join("sealed.yaml"), &sealed.unwrap().input).unwrap();
}

fn damaged(case: &Case, run: usize, folder: &Path) {
    let mut input = case.input.clone();
    Dice::new(run as u64).damage(&mut input);
    fs::write(folder.join("input"), &input).unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -d {MEMORY}; exec \"$@\""), "sh"])
        .arg(env!("CARGO_BIN_EXE_seal"))
        .args(case.args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (code, stdout, stderr) = finish(command, || accuse(case, run, "hangs", &input));
    if !matches!(code, Some(0..=5)) || stderr.contains("panicked") {
        accuse(case, run, &format!("ends with {code:?}: {stderr}"), &input);
    }
    let right = match code {
        Some(0) => !stdout.is_empty(),
        _ => stderr.contains("error: "),
    };
    if !right {
        accuse(
            case,
            run,
            &format!("says nothing: {code:?} {stderr}"),
            &input,
        );
    }
}

fn finish(mut command: Command, hangs: impl FnOnce()) -> (Option<i32>, String, String) {
    let mut child = command.spawn().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        stdout.read_to_end(&mut out).unwrap();
        stderr.read_to_end(&mut err).unwrap();
        let _ = sender.send(());
        (out, err)
    });
    if receiver.recv_timeout(HANG).is_err() {
        let _ = child.kill();
        hangs();
    }
    let (out, err) = reader.join().unwrap();
    let code = child.wait().unwrap().code();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (code, text(out), text(err))
}

fn accuse(case: &Case, run: usize, what: &str, input: &[u8]) {
    panic!(
        "{}, run {run}: {what}\ninput: {:?}",
        case.name,
        String::from_utf8_lossy(input)
    );
}
