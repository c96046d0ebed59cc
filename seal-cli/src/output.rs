//! Writing results: all of them or nothing, files replaced atomically.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Write};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::turn::Turn;
use crate::unfinished::{Readers, Unfinished};

/// Shape of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Objects, one after the other.
    Json,
    /// Documents, each after `---`.
    Yaml,
}

impl Format {
    /// What the name of a file says, in capitals or small letters.
    pub(crate) fn of_name(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// That of a text, by its first object: YAML may begin with a brace, too.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        if text.starts_with('{') && matches!(objects.next(), Some(Ok(_))) {
            Self::Json
        } else {
            Self::Yaml
        }
    }
}

/// Where the result goes.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

impl Destination {
    /// Writes the whole result, given in pieces.
    pub(crate) fn write(&self, pieces: &[impl AsRef<[u8]>]) -> Result<(), CliError> {
        match self {
            Self::Stdout => reveal(pieces),
            Self::File(path) if is_open_file(path) => append(path, pieces),
            Self::File(path) => put(path, pieces, true),
        }
    }

    /// Whether the result would take the place of this input.
    pub(crate) fn replaces(&self, input: &Path) -> bool {
        let Self::File(path) = self else {
            return false;
        };
        let real = |path: &Path| path.canonicalize().ok();
        real(path).is_some_and(|target| real(input) == Some(target))
    }

    /// Writes plaintext: to a file for its owner alone.
    pub(crate) fn reveal(&self, pieces: &[impl AsRef<[u8]>]) -> Result<(), CliError> {
        match self {
            Self::Stdout => reveal(pieces),
            Self::File(path) if is_open_file(path) => append(path, pieces),
            Self::File(path) => replace(path, pieces, Readers::Owner, true),
        }
    }
}

/// Writes to stdout. Of plaintext no buffer keeps a copy, neither one of ours nor that of stdout.
pub(crate) fn reveal(pieces: &[impl AsRef<[u8]>]) -> Result<(), CliError> {
    unbuffered_stdout()
        .and_then(|mut stdout| write_all(&mut stdout, pieces))
        .map_err(|reason| CliError::Output {
            to: "stdout".to_owned(),
            reason,
        })
}

#[cfg(unix)]
fn unbuffered_stdout() -> std::io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn unbuffered_stdout() -> std::io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(std::io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Many pieces at once, without a copy of them.
fn write_all(output: &mut impl Write, pieces: &[impl AsRef<[u8]>]) -> std::io::Result<()> {
    let pieces = pieces.iter().map(AsRef::as_ref);
    let mut pieces: Vec<_> = pieces.map(IoSlice::new).collect();
    let mut rest = pieces.as_mut_slice();
    // Empty ones ahead of the others would look like a write of nothing.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match output.write_vectored(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(interrupted) if interrupted.kind() == ErrorKind::Interrupted => {}
            Err(reason) => return Err(reason),
        }
    }
    output.flush()
}

/// A name for what this process has open already, such as `/dev/stdout`: whoever opened it wants
/// it written to. Behind it may be a file with other content, which must not be replaced.
fn is_open_file(path: &Path) -> bool {
    path == Path::new("/dev/stdout")
        || path == Path::new("/dev/stderr")
        || ["/dev/fd", "/proc/self/fd"]
            .iter()
            .any(|folder| path.parent() == Some(Path::new(folder)))
}

fn append(path: &Path, pieces: &[impl AsRef<[u8]>]) -> Result<(), CliError> {
    std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| write_all(&mut file, pieces))
        .map_err(|reason| CliError::Output {
            to: path.display().to_string(),
            reason,
        })
}

/// Puts `after` in the place of a file that holds `before`. A link keeps pointing where it points.
/// `durable` waits until the disk has it.
///
/// # Errors
/// [`CliError::Changed`] if the file holds something else by now; those of output, for a file that may
/// not be written to as well.
pub(crate) fn exchange(
    path: &Path,
    before: &[u8],
    after: &[u8],
    durable: bool,
) -> Result<(), CliError> {
    let failed = |reason| CliError::Output {
        to: path.display().to_string(),
        reason,
    };
    let target = std::fs::canonicalize(path).map_err(failed)?;
    let present = std::fs::metadata(&target).map_err(failed)?;
    if !present.is_file() {
        return Err(CliError::NoFile(path.to_path_buf()));
    }
    // The folder would allow it, but whoever made a file read-only meant it.
    let writable = std::fs::OpenOptions::new().write(true).open(&target);
    drop(writable.map_err(failed)?);
    let mut unfinished = staged(&target, after, durable).map_err(failed)?;
    let _turn = Turn::take(&target).map_err(|reason| match reason.kind() {
        ErrorKind::WouldBlock => CliError::Changed(path.display().to_string()),
        _ => failed(reason),
    })?;
    // As late as can be: what an editor saved in between must not be lost.
    let found = std::fs::read(&target).map(Zeroizing::new);
    if found.map_err(failed)?.as_slice() != before {
        return Err(CliError::Changed(path.display().to_string()));
    }
    unfinished
        .file()
        .set_permissions(present.permissions())
        .map_err(failed)?;
    unfinished.finish(&target).map_err(failed)
}

/// What is to take the place of a file. Some of them hold keys or tokens: until then it is for its owner alone.
fn staged(target: &Path, content: &[u8], durable: bool) -> std::io::Result<Unfinished> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut unfinished = Unfinished::new(folder, Readers::Owner)?;
    unfinished.file().write_all(content)?;
    if durable {
        unfinished.file().sync_all()?;
    }
    Ok(unfinished)
}

/// Whether writing replaces what is there: no pipe, no device, nothing that is open already.
pub(crate) fn is_replaced(path: &Path) -> bool {
    !is_open_file(path) && path.metadata().is_ok_and(|present| present.is_file())
}

/// Whether a file holds this already.
pub(crate) fn holds(path: &Path, pieces: &[impl AsRef<[u8]>]) -> bool {
    if !path.metadata().is_ok_and(|present| present.is_file()) {
        return false;
    }
    let Ok(present) = std::fs::read(path) else {
        return false;
    };
    let mut rest = present.as_slice();
    for piece in pieces {
        match rest.strip_prefix(piece.as_ref()) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Writes a file where none was when somebody looked. `durable` waits until the disk has it.
///
/// # Errors
/// [`CliError::Changed`] if something is there by now.
pub(crate) fn create(
    path: &Path,
    pieces: &[impl AsRef<[u8]>],
    durable: bool,
) -> Result<(), CliError> {
    let failed = |reason: std::io::Error| match reason.kind() {
        ErrorKind::AlreadyExists => CliError::Changed(path.display().to_string()),
        _ => CliError::Output {
            to: path.display().to_string(),
            reason,
        },
    };
    if path.symlink_metadata().is_ok_and(|it| it.is_symlink()) {
        // A link to nowhere has an error of its own, and one that leads somewhere is new.
        if path.exists() {
            return Err(CliError::Changed(path.display().to_string()));
        }
        return put(path, pieces, durable);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut unfinished = Unfinished::new(folder, Readers::Anybody).map_err(failed)?;
    write_all(unfinished.file(), pieces).map_err(failed)?;
    if durable {
        unfinished.file().sync_all().map_err(failed)?;
    }
    unfinished.finish_new(path).map_err(failed)
}

/// Writes a file whole, in place of the one before. `durable` waits until the disk has it.
pub(crate) fn put(path: &Path, pieces: &[impl AsRef<[u8]>], durable: bool) -> Result<(), CliError> {
    replace(path, pieces, Readers::Anybody, durable)
}

/// Whoever could read the file before can read it then, unless it is for its owner alone.
fn replace(
    path: &Path,
    pieces: &[impl AsRef<[u8]>],
    readers: Readers,
    durable: bool,
) -> Result<(), CliError> {
    let failed = |reason| CliError::Output {
        to: path.display().to_string(),
        reason,
    };
    // A link keeps pointing where it points: the file behind it is replaced.
    let target = match std::fs::canonicalize(path) {
        Ok(target) => target,
        Err(_) if path.is_symlink() => {
            let reason = "it is a link to a file that is not there; make that file first";
            return Err(failed(std::io::Error::new(ErrorKind::NotFound, reason)));
        }
        Err(_) => path.to_path_buf(),
    };
    let present = std::fs::metadata(&target).ok();
    if present.as_ref().is_some_and(|present| !present.is_file()) {
        // A pipe or device cannot be renamed over; a folder says so itself.
        let mut output = std::fs::OpenOptions::new()
            .write(true)
            .open(&target)
            .map_err(failed)?;
        return write_all(&mut output, pieces).map_err(failed);
    }
    let folder = match target.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(CliError::OutputFolder(path.to_path_buf()));
    }
    let mut unfinished = Unfinished::new(folder, readers).map_err(failed)?;
    let file = unfinished.file();
    write_all(file, pieces).map_err(failed)?;
    if let (Readers::Anybody, Some(present)) = (readers, present) {
        file.set_permissions(present.permissions())
            .map_err(failed)?;
    }
    if durable {
        // The rename must not overtake the content.
        file.sync_all().map_err(failed)?;
    }
    unfinished.finish(&target).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_in_braces_is_no_json() {
        for (text, format) in [
            ("\u{feff} \n{\"a\": 1}\n---\n{}", Format::Json),
            ("{\"a\": 1}{", Format::Json),
            ("{ # why\n  \"a\": 1}", Format::Yaml),
            ("{a: 1}", Format::Yaml),
            ("{\"a\": 1,}", Format::Yaml),
            ("a: 1", Format::Yaml),
            ("[]", Format::Yaml),
            ("", Format::Yaml),
        ] {
            assert_eq!(Format::of(text), format, "{text}");
        }
    }

    #[test]
    fn files_are_replaced_whole_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        Destination::File(file.clone()).write(&[b"one"]).unwrap();
        let link = folder.path().join("link.yaml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Destination::File(link.clone()).write(&["t", "wo"]).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "no temporary file is left");
    }

    /// Neither the link nor what it names was meant to be replaced unseen.
    #[test]
    fn a_link_to_nowhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.yaml");
        std::os::unix::fs::symlink("nowhere.yaml", &link).unwrap();
        let error = Destination::File(link.clone()).write(&["x"]).unwrap_err();
        assert!(error.to_string().contains("a link to a file"), "{error}");
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert!(names == 1 && link.is_symlink(), "nothing was written");
    }

    #[test]
    fn what_is_open_already_is_written_to_and_not_replaced() {
        for (path, open) in [
            ("/dev/stdout", true),
            ("/dev/fd/3", true),
            ("/proc/self/fd/1", true),
            ("/dev/shm/a.yaml", false),
            ("fd/a.yaml", false),
        ] {
            assert_eq!(is_open_file(Path::new(path)), open, "{path}");
        }
        let mut log = tempfile::NamedTempFile::new().unwrap();
        log.write_all(b"before\n").unwrap();
        append(log.path(), &["sealed\n"]).unwrap();
        assert_eq!(std::fs::read(log.path()).unwrap(), b"before\nsealed\n");
    }

    #[test]
    fn what_somebody_changed_meanwhile_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, "read").unwrap();
        let link = folder.path().join("link.yaml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        exchange(&link, b"read", b"new", false).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        let error = exchange(&file, b"read", b"newer", true).unwrap_err();
        assert!(matches!(error, CliError::Changed(_)), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "no temporary file is left");
        let error = exchange(folder.path(), b"", b"x", false).unwrap_err();
        assert!(matches!(error, CliError::NoFile(_)), "{error}");
    }

    #[test]
    fn what_takes_a_files_place_is_its_owners_until_then() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kube.yaml");
        for before in [0o600, 0o644] {
            std::fs::write(&file, "old").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(before)).unwrap();
            let mut written = staged(&file, b"new", true).unwrap();
            let metadata = written.file().metadata().unwrap();
            assert_eq!(metadata.len(), 3);
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{before:o}");
            exchange(&file, b"old", b"new", true).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), b"new");
            assert_eq!(mode(&file), before);
        }
    }

    #[test]
    fn plaintext_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        for before in [None, Some(0o644)] {
            if let Some(mode) = before {
                let mode = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(&file, mode).unwrap();
            }
            let destination = Destination::File(file.clone());
            destination.reveal(&["on", "e"]).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), b"one");
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{before:?}");
        }
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/such/a.yaml");
        let error = Destination::File(path).write(&[b"x"]).unwrap_err();
        assert!(matches!(error, CliError::OutputFolder(_)), "{error}");
    }
}
