//! Formats against readers that share no code with ours: the vectors of `vectors/se1`, and
//! `oracles/se1`, a reader and writer in Python that was written from `docs/format.md` alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod cli;
mod identity;
mod oracle;
mod reader;
mod se1;
mod writer;
