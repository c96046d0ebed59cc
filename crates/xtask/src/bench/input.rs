//! What is sealed in the benchmarks: a certificate, and Secrets with random values.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use seal_keys::Issued;

/// The size that both controllers make by default.
const KEY_BITS: u32 = 4096;
/// Bytes in a value.
const VALUE: usize = 24;

/// A key pair, and its certificate in a file.
pub(crate) fn key(folder: &Path) -> Result<(Issued, PathBuf)> {
    let validity = SignedDuration::from_hours(24 * 365);
    let issued = seal_keys::issue(KEY_BITS, "", Timestamp::now(), validity)?;
    let path = folder.join("cert.pem");
    std::fs::write(&path, issued.certificate.to_pem())?;
    Ok((issued, path))
}

/// A file with `count` Secrets of `values` values each in namespace `bench`.
pub(crate) fn secrets(folder: &Path, name: &str, count: usize, values: usize) -> Result<PathBuf> {
    let mut random = std::fs::File::open("/dev/urandom").context("no random bytes")?;
    let mut text = String::new();
    for object in 0..count {
        writeln!(
            text,
            "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}-{object}\n  namespace: bench\nstringData:"
        )?;
        for value in 0..values {
            let mut bytes = [0; VALUE / 2];
            random.read_exact(&mut bytes)?;
            write!(text, "  key-{value}: v")?;
            for byte in bytes {
                write!(text, "{byte:02x}")?;
            }
            text.push('\n');
        }
    }
    let path = folder.join(format!("{name}.yaml"));
    std::fs::write(&path, text)?;
    Ok(path)
}
