//! Owns servers for a test and ends them when the test ends; see `testkit::supervisor`.
//!
//! `testkit-supervisor [--remove FOLDER]`: requests on standard input, answers on standard output.

use std::path::PathBuf;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    let folder = match (args.next(), args.next(), args.next()) {
        (None, None, None) => None,
        (Some(flag), Some(folder), None) if flag == "--remove" => Some(PathBuf::from(folder)),
        _ => bail!("usage: testkit-supervisor [--remove FOLDER]"),
    };
    testkit::supervisor::serve(
        std::io::stdin().lock(),
        std::io::stdout().lock(),
        folder.as_deref(),
    )
}
