//! What an attacker, or anybody, may do to rules and files.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::*;
use crate::config::{Found, Warnings};

const NAMES: &str = "recipients: {a: age1a, b: age1b, m: age1m}\nrules:\n";

/// A repository, and what is remembered of it.
struct Stage {
    folder: tempfile::TempDir,
    memory: Memory,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Quiet,
    First,
    /// Stopped for these.
    Stopped(Vec<String>),
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for path in [".git", "prod", "dev/x"] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        let memory = Memory::default();
        Self { folder, memory }
    }

    /// Each rule is `path: names` or `path: names; scope`; no rules at all is no file.
    fn write(&self, config: &str, rules: &[&str]) {
        let path = self.folder.path().join(config);
        let mut text = NAMES.to_owned();
        for rule in rules {
            let (glob, names) = rule.split_once(": ").unwrap();
            let (names, scope) = names.split_once("; ").unwrap_or((names, "strict"));
            let _ = writeln!(
                text,
                "- {{path: \"{glob}\", recipients: [{names}], scope: {scope}}}"
            );
        }
        if rules.is_empty() {
            fs::remove_file(path).unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
    }

    fn matched(&self, file: &str) -> Matched {
        let file = self.folder.path().join(file);
        let found = Found::look(&file, None).unwrap();
        found.matched(&Warnings::default()).unwrap().unwrap()
    }

    fn seal(&mut self, file: &str, accept: bool) -> Outcome {
        let matched = self.matched(file);
        let to: Vec<_> = matched.recipients.iter().map(offline).collect();
        let readers = readers(&matched, &to);
        let store = Store::of(Some(Path::new("known.json"))).unwrap();
        let outcome = match compare(&self.memory, &matched, &readers) {
            Known::All => Outcome::Quiet,
            Known::First => Outcome::First,
            Known::Grown(added) => {
                Outcome::Stopped(added.into_iter().map(|added| added.what).collect())
            }
        };
        let done = remember(&mut self.memory, &matched, &readers, accept, &store);
        let stopped = matches!(outcome, Outcome::Stopped(_)) && !accept;
        assert_eq!(done.is_err(), stopped, "{file}: {outcome:?}");
        outcome
    }
}

fn stopped(names: &[&str]) -> Outcome {
    Outcome::Stopped(names.iter().map(|name| (*name).to_owned()).collect())
}

/// What an attacker, or anybody, may do to the rules after they were first used.
#[test]
fn whoever_could_not_read_before_is_told() {
    let before = &["prod/**: a", "dev/**: a, b"];
    for (about, config, rules, file, expected) in [
        (
            "nothing",
            ".seal.yaml",
            &before[..],
            "prod/f",
            Outcome::Quiet,
        ),
        (
            "another rule's first use",
            ".seal.yaml",
            before,
            "dev/f",
            Outcome::Quiet,
        ),
        (
            "a name more",
            ".seal.yaml",
            &["prod/**: a, m"],
            "prod/f",
            stopped(&["m"]),
        ),
        (
            "a name less",
            ".seal.yaml",
            &["dev/**: a"],
            "dev/f",
            Outcome::Quiet,
        ),
        (
            "a rule in front",
            ".seal.yaml",
            &["prod/f: m", "prod/**: a"],
            "prod/f",
            stopped(&["m"]),
        ),
        (
            "a rule taken away",
            ".seal.yaml",
            &["**: a, b"],
            "prod/f",
            stopped(&["b"]),
        ),
        (
            "rules in another order",
            ".seal.yaml",
            &["**: b", "prod/**: a"],
            "prod/f",
            stopped(&["b"]),
        ),
        (
            "another pattern, the same readers",
            ".seal.yaml",
            &["prod/*: a"],
            "prod/f",
            Outcome::Quiet,
        ),
        (
            "a path that had no rule",
            ".seal.yaml",
            &["**: a"],
            "f",
            stopped(&["a"]),
        ),
        (
            "a nearer configuration",
            "prod/.seal.yaml",
            &["**: m"],
            "prod/f",
            stopped(&["m"]),
        ),
        (
            "a nearer one that changes nothing",
            "prod/.seal.yaml",
            &["**: a"],
            "prod/f",
            Outcome::Quiet,
        ),
        (
            "a nearer one for other files",
            "dev/x/.seal.yaml",
            &["**: m"],
            "prod/f",
            Outcome::Quiet,
        ),
    ] {
        let mut stage = Stage::new();
        stage.write(".seal.yaml", before);
        assert_eq!(stage.seal("prod/f", false), Outcome::First, "{about}");
        stage.write(config, rules);
        assert_eq!(stage.seal(file, false), expected, "{about}");
        assert_eq!(stage.seal(file, false), expected, "{about}: it stays so");
        if expected != Outcome::Quiet {
            assert_eq!(stage.seal(file, true), expected, "{about}");
            assert_eq!(
                stage.seal(file, false),
                Outcome::Quiet,
                "{about}: confirmed"
            );
        }
    }
}

#[test]
fn a_configuration_that_is_gone_still_counts() {
    let mut stage = Stage::new();
    stage.write(".seal.yaml", &["**: a, b"]);
    stage.write("prod/.seal.yaml", &["**: a"]);
    assert_eq!(stage.seal("prod/f", false), Outcome::First);
    assert_eq!(stage.seal("dev/f", false), Outcome::First);
    stage.write("prod/.seal.yaml", &[]);
    assert_eq!(stage.seal("prod/f", false), stopped(&["b"]));
    assert_eq!(stage.seal("prod/f", true), stopped(&["b"]));
    assert_eq!(stage.seal("prod/f", false), Outcome::Quiet);
}

#[test]
fn who_was_removed_is_new_when_he_comes_back() {
    let mut stage = Stage::new();
    for (rules, expected) in [
        (&["**: a, b"], Outcome::First),
        (&["**: a"], Outcome::Quiet),
        (&["**: a, b"], stopped(&["b"])),
        (&["**: a"], Outcome::Quiet),
    ] {
        stage.write(".seal.yaml", rules);
        assert_eq!(stage.seal("f", false), expected, "{rules:?}");
    }
}

#[test]
fn a_scope_that_was_narrowed_is_new_when_it_is_widened() {
    let mut stage = Stage::new();
    for (rules, expected) in [
        (&["**: a; cluster-wide"], Outcome::First),
        (&["**: a; namespace-wide"], Outcome::Quiet),
        (
            &["**: a; cluster-wide"],
            stopped(&["scope cluster-wide, which was namespace-wide"]),
        ),
    ] {
        stage.write(".seal.yaml", rules);
        assert_eq!(stage.seal("f", false), expected, "{rules:?}");
    }
}

/// Sealing one file must not confirm what the rules for another now say.
#[test]
fn only_what_was_shown_is_confirmed() {
    let mut stage = Stage::new();
    stage.write(".seal.yaml", &["prod/**: a", "dev/**: a"]);
    assert_eq!(stage.seal("prod/f", false), Outcome::First);
    stage.write(".seal.yaml", &["prod/**: a, m", "dev/**: a"]);
    assert_eq!(stage.seal("dev/f", false), Outcome::Quiet);
    assert_eq!(stage.seal("prod/f", false), stopped(&["m"]));
    stage.write(".seal.yaml", &["prod/**: a, m", "dev/**: a, b"]);
    let matched = stage.matched("dev/f");
    let now = readers(
        &matched,
        &[Some("age1a".to_owned()), Some("age1b".to_owned())],
    );
    let rules = snapshot(&stage.memory, &matched, &now);
    let others = elsewhere(&stage.memory, &matched, &rules);
    let shown: Vec<_> = others.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["m (line 3, prod/**): age1m"]);
    let Known::Grown(added) = compare(&stage.memory, &matched, &now) else {
        panic!("b is new");
    };
    let folder = stage.folder.path().canonicalize().unwrap();
    let text = text(&matched, &added, &others).replace(folder.to_str().unwrap(), "");
    assert_eq!(
        text,
        "/.seal.yaml has more readers for /dev/f, a wider scope or another place than its rules had when you last used them:\n  \
         b (line 4, dev/**): age1b\n\
         find out who changed it (git log -p -- /.seal.yaml), then confirm with \
         --accept-new-recipients, which confirms these, too:\n  \
         m (line 3, prod/**): age1m"
    );
}

/// The name and the place stay, the key is another one.
#[test]
fn a_changed_key_is_a_new_reader() {
    let mut stage = Stage::new();
    stage.write(".seal.yaml", &["**: a"]);
    let matched = stage.matched("f");
    let store = Store::of(Some(Path::new("known.json"))).unwrap();
    for (to, expected) in [
        (None, Known::First),
        (Some("rsa:1"), Known::All),
        (None, Known::All),
        (Some("rsa:1"), Known::All),
    ] {
        let now = readers(&matched, &[to.map(str::to_owned)]);
        assert_eq!(compare(&stage.memory, &matched, &now), expected, "{to:?}");
        remember(&mut stage.memory, &matched, &now, false, &store).unwrap();
    }
    let now = readers(&matched, &[Some("rsa:2".to_owned())]);
    let found = compare(&stage.memory, &matched, &now);
    assert!(matches!(found, Known::Grown(_)), "{found:?}");
}

/// As JSON has them, or YAML in flow style: a line is no name for a rule.
#[test]
fn rules_on_one_line_are_not_taken_for_each_other() {
    let mut stage = Stage::new();
    let config = "{recipients: {a: age1a, b: age1b}, rules: [{path: \"prod/**\", recipients: [a]}, {path: \"dev/**\", recipients: [b]}]}\n";
    fs::write(stage.folder.path().join(".seal.yaml"), config).unwrap();
    assert_eq!(stage.seal("prod/f", false), Outcome::First);
    assert_eq!(stage.seal("dev/f", false), Outcome::Quiet);
    assert_eq!(stage.seal("prod/f", false), Outcome::Quiet);
    // Confirming one shows what is new in the other.
    let config = config.replace("[a]", "[a, b]").replace("[b]}]", "[b, a]}]");
    fs::write(stage.folder.path().join(".seal.yaml"), config).unwrap();
    assert_eq!(stage.seal("prod/f", false), stopped(&["b"]));
    assert_eq!(stage.seal("dev/f", true), stopped(&["a"]));
    assert_eq!(stage.seal("prod/f", false), Outcome::Quiet);
}
