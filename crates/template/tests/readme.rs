//! The README's table of functions is the table of the code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![allow(clippy::disallowed_methods, reason = "reads the README")]

use std::collections::BTreeMap;
use std::path::Path;

use template::{Dialect, Support};

#[test]
fn every_function_is_documented() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for (dialect, own) in [
        (Dialect::SealedSecrets, "SealedSecrets only"),
        (Dialect::ExternalSecrets, "ExternalSecrets only"),
    ] {
        let mut documented = table(&readme, "Both dialects");
        documented.extend(table(&readme, own));
        let known: BTreeMap<String, bool> = template::supported(dialect)
            .map(|(name, support)| (name.to_owned(), support != Support::Yes))
            .collect();
        assert_eq!(documented, known, "{dialect:?}");
    }
}

/// The functions of the table under a heading, and whether each is refused.
fn table(readme: &str, heading: &str) -> BTreeMap<String, bool> {
    let (_, section) = readme.split_once(&format!("### {heading}\n")).unwrap();
    let section = section.split("\n#").next().unwrap();
    let mut documented = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names = cells
            .get(1)
            .map(|names| names.split('`').skip(1).step_by(2))
            .into_iter()
            .flatten();
        documented.extend(names.map(|name| (name.to_owned(), cells[0].starts_with("refused"))));
    }
    documented
}
