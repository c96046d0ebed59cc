//! The tables of functions in the README and in the reference are the tables of the code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![allow(clippy::disallowed_methods, reason = "reads the README")]

use std::collections::BTreeMap;
use std::path::Path;

use template::{Dialect, Support};

#[test]
fn every_function_of_sealed_secrets_is_documented() {
    let readme = read("README.md");
    let mut documented = table(&readme, "### Both dialects");
    documented.extend(table(&readme, "### SealedSecrets only"));
    assert_eq!(documented, known(Dialect::SealedSecrets));
}

#[test]
fn every_function_of_external_secrets_is_documented() {
    let reference = read("../../docs/reference/template-functions.md");
    let mut documented = BTreeMap::new();
    for (heading, column, refused) in [
        ("## Served", 1, false),
        ("## Served with a difference", 0, false),
        ("## Refused", 0, true),
    ] {
        for row in rows(&reference, heading) {
            for name in names(row.get(column).copied().unwrap_or_default()) {
                let earlier = documented.insert(name.to_owned(), refused);
                assert_eq!(earlier, None, "{name} is listed twice");
            }
        }
    }
    assert_eq!(documented, known(Dialect::ExternalSecrets));
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The functions of a dialect, and whether each is refused.
fn known(dialect: Dialect) -> BTreeMap<String, bool> {
    template::supported(dialect)
        .map(|(name, support)| (name.to_owned(), support != Support::Yes))
        .collect()
}

/// The functions of the README's table under a heading, and whether each is refused.
fn table(readme: &str, heading: &str) -> BTreeMap<String, bool> {
    let mut documented = BTreeMap::new();
    for row in rows(readme, heading) {
        let refused = row[0].starts_with("refused");
        let names = names(row.get(1).copied().unwrap_or_default());
        documented.extend(names.map(|name| (name.to_owned(), refused)));
    }
    documented
}

/// The cells of the table under a heading.
fn rows<'t>(text: &'t str, heading: &str) -> Vec<Vec<&'t str>> {
    let (_, section) = text.split_once(&format!("{heading}\n")).unwrap();
    let section = section.split("\n#").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| "));
    lines
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What stands between backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}
