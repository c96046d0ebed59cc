//! Why folders are not sealed. Nothing was written.

use std::path::{Path, PathBuf};

/// Files and folders are named, values never.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FoldersError {
    #[error("several files are sealed into a folder: name it with --sealed-secret-file (-w)")]
    NoFolder,
    #[error(
        "stdin has no name that its result could have; name files and folders, or seal stdin by itself"
    )]
    Stdin,
    #[error(
        "--name {0} would be the name of many Secrets; write metadata.name into each, or seal the one by itself"
    )]
    Name(String),
    #[error(
        "--format json and a result that gets its name from its input, {}, contradict each other; leave --format out",
        .0.display()
    )]
    Json(PathBuf),
    #[error("{} is a file, and several files are sealed into a folder; name one with -w", .0.display())]
    NotAFolder(PathBuf),
    #[error(
        "{} would be a folder, as several files are sealed into one; name it otherwise, or make it first if that is meant",
        .0.display()
    )]
    CalledAsFile(PathBuf),
    #[error(
        "{} is in {}, where the input is: the next run would find its own results there; name a folder outside of it with -w",
        .output.display(), .input.display()
    )]
    Inside { output: PathBuf, input: PathBuf },
    #[error(
        "{} would be overwritten by its own result; name another folder with -w",
        .0.display()
    )]
    Own(PathBuf),
    #[error(
        "{} and {} would both be written to {}; name the folder above them with -f, or quote the pattern (-f 'apps/*/secret.yaml'), so that each keeps its path",
        .first.display(), .second.display(), .output.display()
    )]
    OneOutput {
        first: PathBuf,
        second: PathBuf,
        output: PathBuf,
    },
    #[error("{}", reuse(.path, *.folder))]
    Reuse { path: PathBuf, folder: bool },
    #[error("no manifest matches {0}")]
    NoMatch(String),
    #[error("{pattern} is no pattern: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error(
        "{} holds something else than SealedSecrets, and is not overwritten; move it away, name another place with -w, or change values in it with seal merge",
        .0.display()
    )]
    Occupied(PathBuf),
    #[error(
        "{} holds the SealedSecret {name}, too, which would be gone: the input has it not, or not as often; remove it from the file if that is meant, name another place with -w, or use seal merge, which leaves it",
        .path.display()
    )]
    Lost { path: PathBuf, name: String },
    #[error(
        "{} leads by a link to {real}, outside of {}, and is not written; take the link away, or seal into that place by its own name",
        .output.display(), .folder.display()
    )]
    Elsewhere {
        output: PathBuf,
        real: String,
        folder: PathBuf,
    },
    #[error(
        "{0} names what opens old values, and there are none without --reuse; name the file or folder that has them"
    )]
    KeysAlone(&'static str),
}

fn reuse(path: &Path, folder: bool) -> String {
    let path = path.display();
    if folder {
        format!("--reuse {path} is a file; for many inputs name the folder that has their results")
    } else {
        format!("--reuse {path} is a folder; for one input name the file that has its result")
    }
}

impl FoldersError {
    /// Whether flags contradict each other.
    pub(crate) fn is_usage(&self) -> bool {
        !matches!(
            self,
            Self::Own(_)
                | Self::OneOutput { .. }
                | Self::NoMatch(_)
                | Self::Occupied(_)
                | Self::Lost { .. }
                | Self::Elsewhere { .. }
        )
    }
}
