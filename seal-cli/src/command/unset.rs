//! `seal unset`: takes values out of a file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::CliError;
use crate::sealed_edit::SealedEdit;
use crate::sealed_file::SealedFile;
use crate::ui;
use crate::which::WhichArgs;

/// Remove values from a file, without opening the others
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// File with the SealedSecret; replaced in one step
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Names of the items
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,

    #[command(flatten)]
    which: WhichArgs,
}

/// Removes all of them, or none.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let file = SealedFile::read_to_edit(&args.file)?;
    let mut edit = SealedEdit::new(&file, args.which.of(&file)?)?;
    // Named twice, it is still one.
    let keys: BTreeSet<_> = args.keys.iter().collect();
    for key in keys {
        edit.remove(key)?;
    }
    let title = edit.title().clone();
    edit.write()?;
    ui::hint(&format!("removed {} from {title}", args.keys.join(", ")));
    Ok(())
}
