//! `.seal.yaml`: who shall be able to read which file.

mod fault;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use seal_manifest::Node;

pub(crate) use fault::{Fault, Faults};

/// No such file is larger, in bytes.
const LIMIT: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {reason}", .path.display())]
    Read {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{}", .faults.of(.path))]
    Faults { path: PathBuf, faults: Faults },
}

/// Reads a configuration with everything that is wrong with it.
pub(crate) fn check(path: &Path) -> Result<(), ConfigError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIMIT).read_to_end(&mut bytes))
        .map_err(|reason| ConfigError::Read {
            path: path.to_owned(),
            reason,
        })?;
    let mut faults = Faults::default();
    if let Some(root) = root(&bytes, &mut faults) {
        for (field, value) in root.entries() {
            if !["recipients", "rules"].contains(&field) {
                let text = format!("unknown field {field:?} (use recipients and rules)");
                faults.add(Fault::new(value.line(), text));
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(ConfigError::Faults {
        path: path.to_owned(),
        faults,
    })
}

/// The one document of the file.
fn root(bytes: &[u8], faults: &mut Faults) -> Option<Node> {
    let documents = match seal_manifest::read(bytes) {
        Ok(documents) => documents,
        Err(reason) => {
            faults.add(Fault::of_file(reason.to_string()));
            return None;
        }
    };
    let mut documents = documents.into_iter();
    let first = documents.next();
    if let Some(second) = documents.next() {
        faults.add(Fault::new(second.line(), "a second document; there is one"));
    }
    if first.is_none() {
        faults.add(Fault::of_file("the file is empty"));
    }
    first.map(seal_manifest::Document::into_root)
}
