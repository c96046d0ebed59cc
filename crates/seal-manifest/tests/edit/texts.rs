//! Labels and annotations of the template: the lines of the keys that change, and no others.

use crate::model;
use proptest::prelude::*;
use seal_manifest::{Block, Construct, EditError, TextEdit, read, set_texts};
use serde_json::json;
use std::collections::BTreeMap;
use testkit::Dice;

const LABELS: &[&str] = &["template", "metadata", "labels"];

/// `key=text` each, `\n` for a line break.
fn texts(list: &[&str]) -> BTreeMap<String, String> {
    let split = |text: &&str| {
        let (key, value) = text.split_once('=').unwrap();
        (key.to_owned(), value.to_owned())
    };
    list.iter().map(split).collect()
}

fn set(text: &str, document: usize, list: &[&str]) -> Result<String, EditError> {
    let texts = texts(list);
    let edit = TextEdit {
        path: LABELS,
        texts: &texts,
    };
    set_texts(text, document, &[edit])
}

struct Case {
    name: &'static str,
    before: &'static str,
    texts: &'static [&'static str],
    after: &'static str,
}

#[test]
fn only_lines_of_the_keys_change() {
    for case in CASES {
        let edited = set(case.before, 1, case.texts)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(edited, case.after, "{}", case.name);
        let again = set(&edited, 1, case.texts).unwrap();
        assert_eq!(again, edited, "{}, twice", case.name);
    }
}

#[test]
fn line_breaks_and_other_documents_stay() {
    let one = "---\nspec: {template: {metadata: {labels: {a: '1'}}}}\n";
    let two = "--- # two\nspec:\n  template:\n    metadata:\n      labels:\n        a: b";
    let text = format!("{one}{two}").replace('\n', "\r\n");
    let edited = set(&text, 2, &["c=d\ne\n"]).unwrap();
    let added = "\n        c: |\n          d\n          e\n".replace('\n', "\r\n");
    assert!(edited.starts_with(&text), "{edited:?}");
    assert!(edited.starts_with(&format!("{text}{}", added.trim_end())));
    let documents = read(edited.as_bytes()).unwrap();
    let labels = LABELS
        .iter()
        .fold(documents[1].root().get("spec"), |node, key| {
            node.and_then(|node| node.get(key))
        });
    assert_eq!(labels.unwrap().get("c").unwrap().as_str(), Some("d\ne\n"));
}

#[test]
fn json_keeps_its_notation() {
    let text = r#"{"spec":{"template":{"metadata":{"name":"x"},"type":"Opaque"},"encryptedData":{}},"kind":"K"}"#;
    let edited = set(text, 1, &["b=<2>", "a=1"]).unwrap();
    let labels = r#"{"name":"x","labels":{"a":"1","b":"\u003c2\u003e"}}"#;
    assert_eq!(edited, text.replacen(r#"{"name":"x"}"#, labels, 1));
}

#[test]
fn what_could_change_more_is_refused_with_its_line() {
    let refused = |line, construct| {
        let (document, block) = (1, Block::Template);
        EditError::Refused {
            document,
            line,
            block,
            construct,
        }
    };
    for (text, expected) in [
        (
            "x: &x {a: b}\nspec:\n  template:\n    metadata:\n      labels: *x\n",
            refused(5, Construct::Alias),
        ),
        (
            "spec:\n  template:\n    metadata:\n      labels: &x\n        a: b\n",
            refused(5, Construct::Anchor),
        ),
        (
            "spec:\n  template:\n    metadata: {labels: &x {}}\n",
            refused(3, Construct::Anchor),
        ),
        (
            "x: &x {a: b}\nspec:\n  template:\n    metadata:\n      labels:\n        <<: *x\n",
            refused(6, Construct::MergeKey),
        ),
        (
            "spec:\n  template:\n    metadata:\n      ? labels\n      : a: b\n",
            refused(4, Construct::ComplexKey),
        ),
        (
            "spec:\n  template: [a]\n",
            EditError::NotAMapping {
                document: 1,
                line: 2,
                block: Block::Template,
            },
        ),
        (
            "kind: K\n",
            EditError::NoSpec {
                document: 1,
                line: 1,
            },
        ),
    ] {
        let found = set(text, 1, &["a=c"]).unwrap_err();
        assert_eq!(found, expected, "{text}");
    }
    let found = set("spec: {}\n", 2, &["a=c"]).unwrap_err();
    let (document, documents) = (2, 1);
    assert_eq!(
        found,
        EditError::NoSuchDocument {
            document,
            documents
        }
    );
}

/// A file in lines, each with the label that it belongs to.
fn random_file(dice: &mut Dice) -> Vec<(Option<&'static str>, String)> {
    let step = 2 + 2 * dice.below(2);
    let mut lines: Vec<(Option<&'static str>, String)> = Vec::new();
    let indent = |depth: usize| " ".repeat(depth * step);
    if dice.below(2) == 0 {
        lines.push((None, "kind: Other # before\n---".to_owned()));
    }
    lines.push((None, "# of the file\nspec: # s".to_owned()));
    lines.push((None, format!("{}template:", indent(1))));
    lines.push((None, format!("{}metadata:", indent(2))));
    if dice.below(2) == 0 {
        lines.push((None, format!("{}annotations: {{a: b}}", indent(3))));
    }
    lines.push((None, format!("{}labels: # l", indent(3))));
    for label in KEYS {
        if dice.is_one_in(3) {
            continue;
        }
        if dice.is_one_in(3) {
            lines.push((None, format!("\n{}# remark", indent(4))));
        }
        let (first, further) = FORMS[dice.below(FORMS.len())];
        lines.push((Some(label), format!("{}{label}: {first}", indent(4))));
        for line in further {
            lines.push((Some(label), format!("{}  {line}", indent(4))));
        }
    }
    if lines.last().is_some_and(|(label, _)| label.is_none()) {
        lines.push((Some("z"), format!("{}z: last", indent(4))));
    }
    lines.push((None, format!("{}name: x # n", indent(3))));
    if dice.below(2) == 0 {
        lines.push((None, "---\n# behind\nkind: Other".to_owned()));
    }
    lines
}

const KEYS: &[&str] = &["b", "a/x", "k10", "k9", "\"true\"", "'q'"];
const FORMS: &[(&str, &[&str])] = &[
    ("plain", &[]),
    ("'quoted' # why", &[]),
    ("\"two", &["lines\""]),
    ("words", &["that go on"]),
    ("|", &["one", "  two", ""]),
    (">-", &["one", "two"]),
    ("8080", &[]),
    ("", &[]),
    ("~ # nothing", &[]),
];
const VALUES: &[&str] = &[
    "new",
    "",
    "yes",
    "a: b # c",
    " one\ntwo\n\n",
    "words that go on and on until the line is longer than eighty columns, and then some",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn lines_of_other_keys_stay(seed: u64) {
        let mut dice = Dice::new(seed);
        let file = random_file(&mut dice);
        let mut texts = BTreeMap::new();
        for key in ["a/x", "b", "k10", "true", "q", "new", "A"] {
            if dice.below(2) == 0 {
                texts.insert(key.to_owned(), VALUES[dice.below(VALUES.len())].to_owned());
            }
        }
        let lines: Vec<&str> = file.iter().map(|(_, line)| line.as_str()).collect();
        let line_break = if dice.below(3) == 0 { "\r\n" } else { "\n" };
        let text = lines.join("\n").replace('\n', line_break);
        let document = if text.starts_with("kind") { 2 } else { 1 };
        let edit = TextEdit { path: LABELS, texts: &texts };
        let edited = set_texts(&text, document, &[edit])
            .unwrap_or_else(|error| panic!("{error}\n{texts:#?}\n{text}"));

        let count = read(text.as_bytes()).unwrap().len();
        for index in 1..=count {
            let mut expected = model::document(&text, index);
            if index == document {
                for (key, value) in &texts {
                    expected["spec"]["template"]["metadata"]["labels"][key] = json!(value);
                }
            }
            assert_eq!(model::document(&edited, index), expected, "{text}\n{edited}");
        }
        let is_kept = |label: Option<&str>| {
            label.is_none_or(|label| !texts.contains_key(label.trim_matches(['"', '\''])))
        };
        let mut found = edited.split(line_break);
        let kept = file.iter().filter(|(label, _)| is_kept(*label));
        for line in kept.flat_map(|(_, line)| line.split('\n')) {
            assert!(found.any(|found| found == line), "{line:?} is lost\n{text}\n{edited}");
        }
    }
}

const CASES: &[Case] = &[
    Case {
        name: "new and changed",
        before: "\
# one
spec:
  template: # two
    metadata:
      labels:
        # three
        b: old # four
        c:   kept
        d: old
      # five
      name: x
",
        texts: &["a=1", "b=new", "d=new: word", "e="],
        after: "\
# one
spec:
  template: # two
    metadata:
      labels:
        a: \"1\"
        # three
        b: \"new\" # four
        c:   kept
        d: 'new: word'
        e: \"\"
      # five
      name: x
",
    },
    Case {
        name: "no labels",
        before: "spec:\n    template:\n        metadata:\n            annotations: {x: y}\n            name: x\n        type: Opaque\n",
        texts: &["b=c"],
        after: "spec:\n    template:\n        metadata:\n            annotations: {x: y}\n            labels:\n                b: c\n            name: x\n        type: Opaque\n",
    },
    Case {
        name: "no template",
        before: "spec:\n  encryptedData:\n    A: x\n",
        texts: &["b=c"],
        after: "spec:\n  encryptedData:\n    A: x\n  template:\n    metadata:\n      labels:\n        b: c\n",
    },
    Case {
        name: "an empty spec",
        before: "kind: K\nspec:\n",
        texts: &["b=c"],
        after: "kind: K\nspec:\n  template:\n    metadata:\n      labels:\n        b: c\n",
    },
    Case {
        name: "null and empty",
        before: "spec:\n  template:\n    metadata:\n      labels: {} # none\n      name: x\n",
        texts: &["b=c"],
        after: "spec:\n  template:\n    metadata:\n      labels: # none\n        b: c\n      name: x\n",
    },
    Case {
        name: "in braces",
        before: "spec:\n  template: {metadata: {name: x, labels: {a: 'b'}}}\n  x: y\n",
        texts: &["b=c"],
        after: "spec:\n  template: {metadata: {name: x, labels: {a: 'b', b: 'c'}}}\n  x: y\n",
    },
    Case {
        name: "a long text, and several lines",
        before: "spec:\n  template:\n    metadata:\n      labels:\n        a: |\n          old\n          text\n        b: x\n",
        texts: &[
            "a=words that go on and on until the line is longer than eighty columns, and then some",
            "b=one\ntwo",
        ],
        after: "spec:\n  template:\n    metadata:\n      labels:\n        a: words that go on and on until the line is longer than eighty columns, and\n          then some\n        b: |-\n          one\n          two\n",
    },
    Case {
        name: "several lines before a comment",
        before: "spec:\n  template:\n    metadata:\n      labels:\n        a: b # why\n",
        texts: &["a=one\n\"two\"\\ é"],
        after: "spec:\n  template:\n    metadata:\n      labels:\n        a: \"one\\n\\\"two\\\"\\\\ é\" # why\n",
    },
    Case {
        name: "a text that ends in a blank line, before one",
        before: "spec:\n  template:\n    metadata:\n      labels:\n        b: c\n\n      name: x\n",
        texts: &["b=d\n\n", "a=e\n\n"],
        after: "spec:\n  template:\n    metadata:\n      labels:\n        a: |+\n          e\n\n        b: \"d\\n\\n\"\n\n      name: x\n",
    },
    Case {
        name: "a number becomes text",
        before: "spec:\n  template:\n    metadata:\n      labels:\n        a: 1\n",
        texts: &["a=1"],
        after: "spec:\n  template:\n    metadata:\n      labels:\n        a: \"1\"\n",
    },
    Case {
        name: "nothing changes",
        before: "spec: {template: {metadata: {labels: {a: !!str b}}}}",
        texts: &["a=b"],
        after: "spec: {template: {metadata: {labels: {a: !!str b}}}}",
    },
];
