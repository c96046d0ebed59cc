//! Two branches that each seal another, non-adjacent item merge in plain git.
#![allow(
    clippy::disallowed_methods,
    reason = "git is a program, and merges files; the fence is for the crate itself"
)]

use crate::model;
use crate::sealed::{data_key_of, sealed, set};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::Dice;

const PAIRS: u64 = 240;
const NAMES: [&str; 12] = [
    "API_TOKEN",
    "DB_HOST",
    "DB_PASSWORD",
    "DB_USER",
    "a2",
    "a10",
    "ca.crt",
    "redis-url",
    "smtp",
    "tls.crt",
    "tls.key",
    "zz",
];

#[test]
fn two_branches_that_set_other_items_merge_cleanly() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("merging");
    std::fs::create_dir_all(&folder).unwrap();
    for seed in 0..PAIRS {
        let mut dice = Dice::new(seed);
        let (base, [our_item, their_item]) = base_and_items(&mut dice);
        let ours = set(&base, &our_item, &mut dice);
        let theirs = set(&base, &their_item, &mut dice);
        let merged = merge(&folder, [&ours, &base, &theirs])
            .unwrap_or_else(|text| panic!("pair {seed}, {our_item} and {their_item}:\n{text}"));
        let (ours, theirs) = (model::document(&ours, 1), model::document(&theirs, 1));
        let merged = model::document(&merged, 1);
        let values = |item: &str| &merged["spec"]["encryptedData"][item];
        for (item, value) in ours["spec"]["encryptedData"].as_object().unwrap() {
            if *item != their_item {
                assert_eq!(values(item), value, "pair {seed}");
            }
        }
        let their_value = &theirs["spec"]["encryptedData"][&their_item];
        assert_eq!(values(&their_item), their_value, "pair {seed}");
        for (item, value) in merged["spec"]["encryptedData"].as_object().unwrap() {
            let id = data_key_of(value).unwrap();
            let branch = if *item == their_item { &theirs } else { &ours };
            let entry = &merged["spec"]["dataKeys"][id];
            assert!(entry.is_object(), "pair {seed}: {item} lost its data key");
            assert_eq!(*entry, branch["spec"]["dataKeys"][id], "pair {seed}");
        }
    }
}

/// A file with a history, and two items that are not neighbours; each may be new.
fn base_and_items(dice: &mut Dice) -> (String, [String; 2]) {
    let mut names = NAMES.map(str::to_owned).to_vec();
    while names.len() > 3 + dice.below(8) {
        names.remove(dice.below(names.len()));
    }
    let (ours, theirs) = loop {
        let pair = (dice.below(names.len()), dice.below(names.len()));
        if pair.0.abs_diff(pair.1) > 1 {
            break pair;
        }
    };
    let items = [names[ours].clone(), names[theirs].clone()];
    let new = items.clone().map(|item| (item, dice.is_one_in(4)));
    names.retain(|name| !new.contains(&(name.clone(), true)));
    let mut base = sealed(&names, dice);
    for _ in 0..dice.below(4) {
        let item = names[dice.below(names.len())].clone();
        base = set(&base, &item, dice);
    }
    (base, items)
}

/// As `git merge` does it for one file.
fn merge(folder: &Path, [ours, base, theirs]: [&str; 3]) -> Result<String, String> {
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let output = Command::new("git")
        .args(["merge-file", "-p"])
        .arg(write("ours", ours))
        .arg(write("base", base))
        .arg(write("theirs", theirs))
        .output()
        .expect("git runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

/// The seeds must not all be of one kind.
#[test]
fn pairs_are_of_many_kinds() {
    let kinds: BTreeSet<(bool, bool, usize)> = (0..PAIRS)
        .map(|seed| {
            let (base, items) = base_and_items(&mut Dice::new(seed));
            let document = model::document(&base, 1);
            let is_new = |item: &String| document["spec"]["encryptedData"].get(item).is_none();
            let data_keys = document["spec"]["dataKeys"].as_object().unwrap().len();
            (is_new(&items[0]), is_new(&items[1]), data_keys)
        })
        .collect();
    assert!(kinds.len() > 15, "{kinds:?}");
}
