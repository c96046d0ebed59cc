//! Which configuration a file has: the nearest one above it, but never from a place where somebody
//! else could have left it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::trust::User;

/// Our configuration.
pub(crate) const SEAL_YAML: &str = ".seal.yaml";
/// That of SOPS, for repositories without one of ours.
pub(crate) const SOPS_YAML: &str = ".sops.yaml";
/// No such file is larger, in bytes.
const LIMIT: u64 = 1024 * 1024;
/// As far as SOPS goes upwards.
const SOPS_LEVELS: usize = 100;

/// The folders whose configurations count for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Territory {
    /// From the file's own upwards.
    folders: Vec<PathBuf>,
    /// The root of the git work tree, when there is one.
    work_tree: Option<PathBuf>,
}

impl Territory {
    /// In a git work tree all folders up to its root; elsewhere the folder itself, and those above
    /// that belong to the user, up to the home folder.
    pub(crate) fn of(folder: &Path, home: Option<&Path>, user: User) -> Self {
        let work_tree = folder
            .ancestors()
            .find(|above| above.join(".git").symlink_metadata().is_ok());
        if let Some(root) = work_tree {
            return Self {
                folders: up_to(folder, root).collect(),
                work_tree: Some(root.to_owned()),
            };
        }
        let own = |folder: &Path| folder.metadata().is_ok_and(|folder| user.owns(&folder));
        let mut folders = vec![folder.to_owned()];
        if let Some(home) = home.filter(|home| folder.starts_with(home) && own(folder)) {
            folders = up_to(folder, home).take_while(|above| own(above)).collect();
        }
        Self {
            folders,
            work_tree: None,
        }
    }

    /// What is remembered about recipients is remembered for this folder and all below.
    pub(crate) fn top(&self) -> &Path {
        let top = self.folders.last();
        top.map_or(Path::new("/"), PathBuf::as_path)
    }

    /// The path of `file` as the patterns of a configuration in `folder` want it: from there, or
    /// from the root of the work tree if the configuration is elsewhere.
    pub(crate) fn path_from<'a>(&self, folder: &Path, file: &'a Path) -> Option<&'a Path> {
        let below = file.strip_prefix(folder).ok();
        below.or_else(|| file.strip_prefix(self.work_tree.as_deref()?).ok())
    }

    /// The nearest file of that name.
    pub(crate) fn nearest(&self, name: &str) -> Option<PathBuf> {
        self.folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.symlink_metadata().is_ok())
    }
}

fn up_to<'a>(folder: &'a Path, top: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    folder
        .ancestors()
        .take_while(move |above| above.starts_with(top))
        .map(Path::to_owned)
}

/// A path as messages show it: from the current folder, if it is below.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize);
    let below = here.ok().and_then(|here| path.strip_prefix(here).ok());
    match below {
        Some(below) if below.as_os_str().is_empty() => ".".to_owned(),
        below => below.unwrap_or(path).display().to_string(),
    }
}

/// The home folder without links.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::home_dir()?.canonicalize().ok()
}

/// The file that would be written: links are followed, and it need not be there yet.
pub(crate) fn target(file: &Path) -> Result<PathBuf, ConfigError> {
    let failed = |reason| ConfigError::Target {
        path: file.to_owned(),
        reason,
    };
    match file.canonicalize() {
        Ok(found) => Ok(found),
        // A link to nowhere is something else than nothing.
        Err(reason) if file.symlink_metadata().is_ok() => Err(failed(reason)),
        Err(reason) => {
            let Some(name) = file.file_name() else {
                return Err(failed(reason));
            };
            let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize();
            folder.map(|folder| folder.join(name)).map_err(failed)
        }
    }
}

/// Reads a configuration that was found, not named: its owner must be trusted.
pub(crate) fn read_found(path: &Path, user: User) -> Result<Vec<u8>, ConfigError> {
    let failed = |reason| ConfigError::Read {
        path: path.to_owned(),
        reason,
    };
    let file = open(path)?;
    let metadata = file.metadata().map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    if let Some(reason) = user.doubts(&metadata, folder) {
        return Err(ConfigError::Untrusted {
            path: path.to_owned(),
            reason,
        });
    }
    whole(file, path)
}

/// Reads a configuration that the user named.
pub(crate) fn read_named(path: &Path) -> Result<Vec<u8>, ConfigError> {
    whole(open(path)?, path)
}

fn open(path: &Path) -> Result<File, ConfigError> {
    let failed = |reason| ConfigError::Read {
        path: path.to_owned(),
        reason,
    };
    // Opening a pipe would wait for its writer.
    if path.metadata().map_err(failed)?.is_file() {
        return File::open(path).map_err(failed);
    }
    Err(ConfigError::NoFile(path.to_owned()))
}

fn whole(file: File, path: &Path) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    let read = file.take(LIMIT + 1).read_to_end(&mut bytes);
    match read {
        Ok(length) if length as u64 > LIMIT => Err(ConfigError::TooLarge(path.to_owned())),
        Ok(_) => Ok(bytes),
        Err(reason) => Err(ConfigError::Read {
            path: path.to_owned(),
            reason,
        }),
    }
}

/// The file that SOPS would use when it is run in `folder`: it does not look at the file's place.
pub(crate) fn of_sops(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .take(SOPS_LEVELS)
        .map(|above| above.join(SOPS_YAML))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn of(files: &[&str]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for file in files {
                let path = tree.path(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            tree
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(path)
        }
    }

    #[test]
    fn nothing_above_the_work_tree_counts() {
        for (files, folder, expected) in [
            (&[".seal.yaml", "r/.git/HEAD", "r/a/b/f"][..], "r/a/b", None),
            (
                &[".seal.yaml", "r/.git/HEAD", "r/.seal.yaml", "r/a/b/f"],
                "r/a/b",
                Some("r/.seal.yaml"),
            ),
            (
                &["r/.git/HEAD", "r/.seal.yaml", "r/a/.seal.yaml", "r/a/b/f"],
                "r/a/b",
                Some("r/a/.seal.yaml"),
            ),
            // A submodule or another work tree: `.git` is a file.
            (
                &["r/.git/HEAD", "r/.seal.yaml", "r/a/.git", "r/a/b/f"],
                "r/a/b",
                None,
            ),
            (&["r/.git/HEAD", "r/a/f", "r/b/.seal.yaml"], "r/a", None),
        ] {
            let tree = Tree::of(files);
            let home = tree.path("");
            let territory = Territory::of(&tree.path(folder), Some(&home), User::current());
            let expected = expected.map(|path| tree.path(path));
            assert_eq!(territory.nearest(SEAL_YAML), expected, "{files:?}");
        }
    }

    #[test]
    fn without_a_work_tree_the_home_folder_is_the_end() {
        let tree = Tree::of(&[".seal.yaml", "home/.seal.yaml", "home/a/b/f", "other/a/f"]);
        for (folder, home, expected) in [
            ("home/a/b", Some("home"), Some("home/.seal.yaml")),
            ("home/a", Some("home/a"), None),
            ("other/a", Some("home"), None),
            ("home/a", None, None),
            ("home", None, Some("home/.seal.yaml")),
        ] {
            let home = home.map(|home| tree.path(home));
            let folder = tree.path(folder);
            let territory = Territory::of(&folder, home.as_deref(), User::current());
            let expected = expected.map(|path| tree.path(path));
            assert_eq!(territory.nearest(SEAL_YAML), expected, "{folder:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_what_would_be_written() {
        let tree = Tree::of(&["prod/db.yaml", "staging/x"]);
        let link = tree.path("staging/db.yaml");
        std::os::unix::fs::symlink("../prod/db.yaml", &link).unwrap();
        assert_eq!(target(&link).unwrap(), tree.path("prod/db.yaml"));
        let new = tree.path("staging/new.yaml");
        assert_eq!(target(&new).unwrap(), new);
        let nowhere = tree.path("staging/nowhere.yaml");
        std::os::unix::fs::symlink("../no/where.yaml", &nowhere).unwrap();
        assert!(target(&nowhere).is_err());
        assert!(target(&tree.path("no/such/folder.yaml")).is_err());
    }
}
