//! One process, measured, for `cargo xtask bench`: `measure INPUT PROGRAM ARGS…` runs it as its only child and prints
//! what it cost, milliseconds and KiB of its largest resident set.
//!
//! A program of its own, and a small one: what a child becomes when it is started is counted for it too, and that is a
//! copy of who starts it.
#![allow(clippy::print_stdout, reason = "its result is for the caller")]

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    let input = words.next().context("no input")?;
    let program = words.next().context("no program")?;
    let input = File::open(input)?;
    let started = Instant::now();
    let status = Command::new(&program)
        .args(words)
        .stdin(input)
        .stdout(Stdio::null())
        .status()?;
    let wall = started.elapsed().as_secs_f64() * 1000.0;
    ensure!(status.success(), "{}: {status}", program.display());
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    println!("{wall} {memory}");
    Ok(())
}
