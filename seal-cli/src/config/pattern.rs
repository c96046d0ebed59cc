//! Which files a rule is about: a glob in `.seal.yaml`, a regular expression in `.sops.yaml`.

use std::fmt;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use regex::bytes::{Regex, RegexBuilder};

/// Matched against the path from the folder of the configuration to the file.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Glob(GlobMatcher),
    Regex(Regex),
    /// A creation rule without `path_regex`.
    Every,
}

impl Pattern {
    /// `*` and `?` stop at `/`, `**` does not.
    pub(crate) fn glob(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the path is empty (`**` is every file below this one)".to_owned());
        }
        if text.starts_with('/') {
            return Err("the path counts from the folder of this file; take the / away".to_owned());
        }
        if text.ends_with('/') {
            return Err(format!(
                "a path ends in a file; write {text}** for all below"
            ));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err("a path has no empty, `.` or `..` parts".to_owned());
        }
        GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map(|glob| Self::Glob(glob.compile_matcher()))
            .map_err(|error| format!("the path is no pattern: {}", error.kind()))
    }

    /// Go's classes (`\d`, `\w`) are ASCII, and Go matches anywhere in the path.
    pub(crate) fn regex(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Every);
        }
        RegexBuilder::new(text)
            .unicode(false)
            .build()
            .or_else(|_| Regex::new(text))
            .map(Self::Regex)
            .map_err(|_| "path_regex is no regular expression that this program knows".to_owned())
    }

    pub(crate) fn matches(&self, path: &Path) -> bool {
        match self {
            Self::Glob(glob) => glob.is_match(path),
            Self::Regex(regex) => regex.is_match(path.as_os_str().as_encoded_bytes()),
            Self::Every => true,
        }
    }

    /// Whether every path of `other` is surely one of this pattern.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Every, _) => true,
            (Self::Regex(one), Self::Regex(two)) => one.as_str() == two.as_str(),
            (Self::Glob(one), Self::Glob(two)) => glob_covers(one, two.glob().glob()),
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob) => f.write_str(glob.glob().glob()),
            Self::Regex(regex) => f.write_str(regex.as_str()),
            Self::Every => f.write_str("every path"),
        }
    }
}

fn glob_covers(one: &GlobMatcher, other: &str) -> bool {
    let text = one.glob().glob();
    if text == other || matches!(text, "**" | "**/*") {
        return true;
    }
    let literal = |text: &str| !text.contains(['*', '?', '[', '{', '\\']);
    if literal(other) {
        return one.is_match(other);
    }
    let Some(folder) = text.strip_suffix("/**") else {
        return false;
    };
    let below = other.strip_prefix(folder);
    if below.is_some_and(|rest| rest.starts_with('/')) {
        return true;
    }
    // All that `other` matches is below the folder that it spells out.
    let parts: Vec<&str> = other.split('/').collect();
    let spelled = parts.iter().take_while(|part| literal(part)).count();
    let spelled = parts.get(..spelled).unwrap_or_default().join("/");
    Pattern::glob(folder).is_ok_and(|folder| {
        Path::new(&spelled)
            .ancestors()
            .any(|path| !path.as_os_str().is_empty() && folder.matches(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stop_at_folders() {
        for (glob, path, expected) in [
            ("overlays/staging/**", "overlays/staging/a.yaml", true),
            ("overlays/staging/**", "overlays/staging/b/a.yaml", true),
            ("overlays/staging/**", "overlays/staging", false),
            ("overlays/staging/**", "overlays/staging2/a.yaml", false),
            ("overlays/*/db.yaml", "overlays/prod/db.yaml", true),
            ("overlays/*/db.yaml", "overlays/a/b/db.yaml", false),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "b/a.yaml", false),
            ("**/*.yaml", "a.yaml", true),
            ("**/*.yaml", "c/b/a.yaml", true),
            ("{dev,prod}/?.yaml", "prod/a.yaml", true),
            (r"\*.yaml", "*.yaml", true),
            (r"\*.yaml", "a.yaml", false),
        ] {
            let pattern = Pattern::glob(glob).unwrap();
            assert_eq!(pattern.matches(Path::new(path)), expected, "{glob} {path}");
        }
    }

    #[test]
    fn globs_that_can_match_nothing_are_refused() {
        for glob in ["", "/a", "a/", "./a", "a/../b", "a//b", "a[", "a{b"] {
            assert!(Pattern::glob(glob).is_err(), "{glob}");
        }
    }

    #[test]
    fn regular_expressions_are_those_of_go() {
        for (regex, path, expected) in [
            ("", "anything", true),
            ("staging", "overlays/staging/a.yaml", true),
            (r"^\w+/\d\.yaml$", "prod/1.yaml", true),
            (r"^\w+\.yaml$", "é.yaml", false),
            (r"(?i)PROD/.*\.ya?ml\z", "prod/a.yml", true),
            (r"^é", "é.yaml", true),
            ("^[é]", "é.yaml", true),
        ] {
            let pattern = Pattern::regex(regex).unwrap();
            assert_eq!(pattern.matches(Path::new(path)), expected, "{regex} {path}");
        }
        for regex in ["(", "(?!a)", "*"] {
            assert!(Pattern::regex(regex).is_err(), "{regex}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_surely_matches() {
        for (one, other, expected) in [
            ("**", "a/*.yaml", true),
            ("**/*", "a/**", true),
            ("a/**", "a/b/**", true),
            ("a/**", "a/b.yaml", true),
            ("a/**", "a/{b,c}.yaml", true),
            ("*/b/**", "a/b/c/*.yaml", true),
            ("*/b/**", "*/b/c/*.yaml", true),
            ("a/**", "ab/*.yaml", false),
            ("a/b/**", "a/*/c", false),
            ("a/*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("*.yaml", "?.yaml", false),
        ] {
            let (first, second) = (Pattern::glob(one).unwrap(), Pattern::glob(other).unwrap());
            assert_eq!(first.covers(&second), expected, "{one} {other}");
        }
        assert!(Pattern::Every.covers(&Pattern::regex("a").unwrap()));
    }
}
