//! Which files are sealed, and where the result of each goes.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::folders_error::FoldersError;
use crate::batch::{self, Search};
use crate::error::CliError;

/// What makes a word a pattern.
const WILD: [char; 4] = ['*', '?', '[', '{'];

/// Everything that was found.
#[derive(Default)]
pub(super) struct Inputs {
    pub(super) files: Vec<Found>,
    /// Links in folders, which are not followed.
    pub(super) links: Vec<PathBuf>,
    grounds: Vec<Ground>,
}

/// One file.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Its path below the folder that was named, and that of its result below the folder for results.
    pub(super) below: PathBuf,
    /// Typed, not found.
    pub(super) named: bool,
}

/// Where the next run would look: a result there would be its input.
struct Ground {
    typed: PathBuf,
    /// Without links.
    folder: PathBuf,
    /// `None` is everything.
    pattern: Option<GlobMatcher>,
}

impl Inputs {
    /// Looks for all that was typed, each file once.
    ///
    /// # Errors
    /// [`FoldersError`] of patterns, [`CliError::Folder`].
    pub(super) fn find(typed: &[PathBuf]) -> Result<Self, CliError> {
        let mut inputs = Self::default();
        for typed in typed {
            if typed.is_dir() {
                inputs.folder(typed)?;
            } else if let Some((base, pattern)) = pattern_of(typed) {
                inputs.pattern(typed, &base, &pattern)?;
            } else {
                let name = typed.file_name().unwrap_or(typed.as_os_str());
                inputs.files.push(Found {
                    below: PathBuf::from(name),
                    path: typed.clone(),
                    named: true,
                });
            }
        }
        let mut known = BTreeSet::new();
        inputs.files.retain(|found| known.insert(real(&found.path)));
        Ok(inputs)
    }

    fn folder(&mut self, typed: &Path) -> Result<(), CliError> {
        let walked = batch::walk(typed, Search::All)?;
        self.links.extend(walked.links);
        self.grounds.push(Ground {
            typed: typed.to_owned(),
            folder: real(typed),
            pattern: None,
        });
        let mut files = walked.files;
        files.extend(walked.closed);
        files.sort();
        self.add(typed, files, |_| true);
        Ok(())
    }

    fn pattern(&mut self, typed: &Path, base: &Path, pattern: &str) -> Result<(), CliError> {
        let glob = matcher(pattern).map_err(|error| FoldersError::Pattern {
            pattern: typed.display().to_string(),
            reason: error.kind().to_string(),
        })?;
        let before = self.files.len() + self.links.len();
        if base.is_dir() {
            let walked = batch::walk(base, Search::All)?;
            let folders = folders_of(pattern);
            let mut links = walked.links;
            links.retain(|link| {
                let below = link.strip_prefix(base).unwrap_or(link);
                if link.is_dir() {
                    folders.iter().any(|folder| folder.is_match(below))
                } else {
                    glob.is_match(below)
                }
            });
            self.links.append(&mut links);
            self.add(base, walked.closed, |below| {
                folders.iter().any(|folder| folder.is_match(below))
            });
            self.add(base, walked.files, |below| glob.is_match(below));
        }
        if self.files.len() + self.links.len() == before {
            return Err(FoldersError::NoMatch(typed.display().to_string()).into());
        }
        self.grounds.push(Ground {
            typed: typed.to_owned(),
            folder: real(base),
            pattern: Some(glob),
        });
        Ok(())
    }

    fn add(&mut self, folder: &Path, files: Vec<PathBuf>, admits: impl Fn(&Path) -> bool) {
        let below = |path: &PathBuf| Some(path.strip_prefix(folder).ok()?.to_owned());
        let files = files.into_iter();
        let found = files.filter_map(|path| {
            let below = below(&path).filter(|below| admits(below))?;
            let named = false;
            Some(Found { path, below, named })
        });
        self.files.extend(found);
    }

    /// Whether results may go to `out` at all.
    ///
    /// # Errors
    /// [`FoldersError::Inside`].
    pub(super) fn admit_folder(&self, out: &Path) -> Result<(), FoldersError> {
        let folder = real(out);
        let mut whole = self.grounds.iter().filter(|it| it.pattern.is_none());
        match whole.find(|ground| folder.starts_with(&ground.folder)) {
            Some(ground) => Err(ground.holds(out)),
            None => Ok(()),
        }
    }

    /// The same for each result, as links may lead anywhere; no two have one place.
    ///
    /// # Errors
    /// [`FoldersError::Own`], [`FoldersError::Inside`], [`FoldersError::OneOutput`].
    pub(super) fn admit_results(&self, pairs: &[(&Found, PathBuf)]) -> Result<(), FoldersError> {
        let inputs: BTreeSet<_> = self.files.iter().map(|found| real(&found.path)).collect();
        let mut results = std::collections::BTreeMap::new();
        for (found, output) in pairs {
            let result = real(output);
            if inputs.contains(&result) {
                return Err(FoldersError::Own(output.clone()));
            }
            if let Some(ground) = self.grounds.iter().find(|ground| ground.has(&result)) {
                return Err(ground.holds(output));
            }
            if let Some(first) = results.insert(result, found) {
                return Err(FoldersError::OneOutput {
                    first: first.path.clone(),
                    second: found.path.clone(),
                    output: output.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Ground {
    fn has(&self, path: &Path) -> bool {
        path.strip_prefix(&self.folder).is_ok_and(|below| {
            let pattern = self.pattern.as_ref();
            pattern.is_none_or(|pattern| pattern.is_match(below))
        })
    }

    fn holds(&self, output: &Path) -> FoldersError {
        FoldersError::Inside {
            output: output.to_owned(),
            input: self.typed.clone(),
        }
    }
}

/// Whether a word is a pattern that no shell has expanded.
pub(super) fn is_pattern(typed: &Path) -> bool {
    pattern_of(typed).is_some()
}

/// The folder in front of the first part with a wildcard, and the pattern from there.
fn pattern_of(typed: &Path) -> Option<(PathBuf, String)> {
    let text = typed.to_str()?;
    if !text.contains(WILD) || typed.symlink_metadata().is_ok() {
        return None;
    }
    let wild = text.find(WILD)?;
    let start = text.get(..wild)?.rfind('/').map_or(0, |slash| slash + 1);
    let (base, pattern) = text.split_at(start);
    let base = if base.is_empty() { "." } else { base };
    Some((PathBuf::from(base), pattern.to_owned()))
}

fn matcher(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()?;
    Ok(glob.compile_matcher())
}

/// Patterns for the folders in which a pattern looks.
fn folders_of(pattern: &str) -> Vec<GlobMatcher> {
    let ends = pattern.match_indices('/').map(|(end, _)| end);
    let ends = ends.chain(pattern.ends_with("**").then_some(pattern.len()));
    let above = ends.filter_map(|end| pattern.get(..end));
    // Between brackets and braces a slash ends no folder's name: rather one link too many is told.
    let above = above.map(|above| matcher(above).or_else(|_| matcher("**")));
    above.filter_map(Result::ok).collect()
}

/// A path without links, also of what is not there yet.
pub(super) fn real(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut there = path;
    loop {
        let from = if there.as_os_str().is_empty() {
            Path::new(".")
        } else {
            there
        };
        if let Ok(mut real) = from.canonicalize() {
            for part in missing.iter().rev() {
                match part {
                    Component::ParentDir => drop(real.pop()),
                    Component::Normal(name) => real.push(name),
                    _ => {}
                }
            }
            return real;
        }
        let Some(last) = there.components().next_back() else {
            return path.to_owned();
        };
        missing.push(last);
        there = there.parent().unwrap_or(Path::new(""));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn found(folder: &Path, typed: &[&str]) -> Result<Vec<String>, String> {
        let typed: Vec<_> = typed.iter().map(|typed| folder.join(typed)).collect();
        let inputs = Inputs::find(&typed).map_err(|error| error.to_string())?;
        let below = inputs.files.iter().map(|found| &found.below);
        Ok(below.map(|below| below.display().to_string()).collect())
    }

    #[test]
    fn folders_keep_paths_and_files_their_names() {
        let folder = tree(&[
            "in/a/x.yaml",
            "in/.b/y.json",
            "in/z.txt",
            "in/.git/q.yaml",
            "in/.gitignore",
            "one.yaml",
        ]);
        fs::write(folder.path().join("in/.gitignore"), "*\n").unwrap();
        for (typed, expected) in [
            (&["in"][..], &[".b/y.json", "a/x.yaml"][..]),
            (&["in/"], &[".b/y.json", "a/x.yaml"]),
            (&["one.yaml", "in/a/x.yaml"], &["one.yaml", "x.yaml"]),
            (&["in", "in/a/x.yaml"], &[".b/y.json", "a/x.yaml"]),
            (&["in/**/*.yaml"], &["a/x.yaml"]),
            (&["in/*/*.{yaml,json}"], &[".b/y.json", "a/x.yaml"]),
            (&["*.yaml"], &["one.yaml"]),
        ] {
            let found = found(folder.path(), typed).unwrap();
            assert_eq!(found, expected, "{typed:?}");
        }
        assert!(found(folder.path(), &["in/*.yml"]).is_err(), "none");
        assert!(found(folder.path(), &["in/[*"]).is_err(), "no pattern");
    }

    #[test]
    fn results_never_land_where_input_is_looked_for() {
        let folder = tree(&["in/a/x.yaml", "in/b/x.yaml", "other/y.yaml", "out/z.yaml"]);
        let at = |path: &str| folder.path().join(path);
        std::os::unix::fs::symlink(at("in"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("in"), at("out/a")).unwrap();
        for (typed, out, admitted) in [
            (&["in"][..], "out2", true),
            (&["in"], "out2/../out3/new", true),
            (&["in"], "in", false),
            (&["in"], "in/sealed", false),
            (&["in"], "new/../in/sealed", false),
            (&["in"], "link/sealed", false),
            (&["in"], "out", false),
            (&["in"], ".", true),
            (&["in/a/x.yaml", "other/y.yaml"], "in/a", false),
            (&["in/a/x.yaml", "other/y.yaml"], "in", true),
            (&["in/a/x.yaml", "in/b/x.yaml"], "new", false),
            (&["in/*/*.yaml"], "new", true),
            (&["in/*/*.yaml"], "in", false),
            (&["in/a/*.yaml"], "in/sealed", true),
            (&["**/x.yaml"], "new", false),
        ] {
            let typed: Vec<_> = typed.iter().map(|typed| at(typed)).collect();
            let inputs = Inputs::find(&typed).unwrap();
            let pairs = inputs.files.iter();
            let pairs: Vec<_> = pairs
                .map(|found| (found, at(out).join(&found.below)))
                .collect();
            let result = inputs.admit_folder(&at(out));
            let result = result.and_then(|()| inputs.admit_results(&pairs));
            assert_eq!(result.is_ok(), admitted, "{typed:?} {out} {result:?}");
        }
    }
}
