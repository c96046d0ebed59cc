//! Every template of the corpus renders as Go renders it, or fails where Go fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "runs the Go program and reads the corpus"
)]

mod go;

use template::{Dialect, GoTemplate, Limits, Support};

const ITS_MODULE: &str = "go-template";
const FOLDERS: &[&str] = &["corpus"];

const REFUSED: &str = "refused by name";

/// Where only this dialect differs from Go on purpose: the template, and why.
const OWN: &[(&str, &str)] = &[
    (
        "{{ dateInZone \"15:04\" 0 \"Europe/Berlin\" }}",
        "the zone database is not there",
    ),
    ("{{ now | kindOf }}", REFUSED),
    ("{{ randAlpha 3 | len }}", REFUSED),
    ("{{ htpasswd \"a\" \"b\" | len }}", REFUSED),
];

#[test]
fn the_corpus_renders_as_go_renders_it() {
    let Some(oracle) = go::build_oracle(ITS_MODULE, "corpus") else {
        return;
    };
    let corpus = go::corpus(FOLDERS);
    assert!(corpus.len() >= 250, "only {} templates", corpus.len());
    let answers = go::ask(&oracle, &corpus);
    let engine = GoTemplate::new(Limits::default());
    go::compare(&engine, &corpus, &answers, OWN);
}

#[test]
fn the_table_has_every_function_of_sprig() {
    let Some(oracle) = go::build_oracle(ITS_MODULE, "names") else {
        return;
    };
    let supported = template::supported(Dialect::SealedSecrets);
    let known: Vec<&str> = supported.map(|(name, _)| name).collect();
    for name in go::functions(&oracle) {
        assert!(known.contains(&name.as_str()), "{name} is not in the table");
    }
    assert!(known.len() > 220, "only {} functions", known.len());
}

#[test]
fn every_function_is_in_the_corpus() {
    let corpus = go::corpus(FOLDERS).join("\n");
    let words: std::collections::BTreeSet<&str> = corpus
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    for (name, support) in template::supported(Dialect::SealedSecrets) {
        if support == Support::Yes {
            assert!(
                words.contains(name),
                "{name} is in no template of the corpus"
            );
        }
    }
}
