//! Formats against readers that share no code with ours: the vectors of `vectors/se1`, and
//! `oracles/se1`, a reader and writer in Python that was written from `docs/format.md` alone. And what
//! the program does with files in them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod cli;
mod desk;
mod identity;
mod kms_verbs;
mod limits;
mod oracle;
mod planted;
mod rage;
#[cfg(unix)]
mod read_only;
mod reader;
mod se1;
mod writer;
