//! The process that owns servers on behalf of a test.
//!
//! A test can end in ways that run no destructor: SIGKILL, abort, a time limit of CI. Its servers
//! must end all the same. So they are not children of the test but of `testkit-supervisor`, a small
//! program whose standard input is a pipe held by the test: whatever happens to the test, the pipe
//! closes, and the supervisor stops its children in the reverse order of their start (SIGTERM,
//! then SIGKILL after a grace period) and removes their folder. (A parent-death signal would not
//! do: it fires when the *thread* that spawned the child ends, and needs unsafe code.)
//!
//! The supervisor takes one JSON request per line and answers each with one line. It runs in a
//! process group of its own, so that Ctrl-C in a terminal reaches the test only, and the servers
//! still end in order.
//!
//! Which binary: the variable `SEAL_SUPERVISOR` (set by `cargo xtask test`), else the one that
//! `cargo build -p testkit --bin testkit-supervisor` gives, asked once per process.

mod owner;
mod serve;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use owner::{Supervisor, binary};
pub use serve::serve;

/// Time between SIGTERM and SIGKILL where the caller has no other wish, in milliseconds.
pub(crate) const GRACE_MS: u64 = 5_000;

/// The folder, if it is to go with the servers: `TESTKIT_KEEP` keeps logs and state, to look
/// into after a failure.
pub(crate) fn removal(folder: &Path) -> Option<&Path> {
    if std::env::var_os("TESTKIT_KEEP").is_none() {
        return Some(folder);
    }
    // Past the harness's capture, which shows nothing of tests that hang.
    let _ = writeln!(std::io::stderr(), "keeping {}", folder.display());
    None
}

/// A child to start: the wire form of [`crate::Program`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Child {
    /// What later requests call it.
    pub name: String,
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the supervisor's own environment; null removes one.
    pub env: BTreeMap<String, Option<String>>,
    /// Standard output and standard error are appended to this file.
    pub log: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
enum Request {
    Start(Child),
    /// SIGTERM, then SIGKILL when the grace is over; no grace is SIGKILL at once.
    Stop {
        name: String,
        grace_ms: u64,
    },
    Status {
        name: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Running {
        pid: u32,
    },
    /// How it ended, in words.
    Ended {
        how: String,
    },
    Failed {
        message: String,
    },
}
