//! What is refused, by name and line.

use crate::step::{set, set_entry, set_key, unset, unset_key};
use seal_manifest::{Block, BlockEdit, Construct, EditError, ReadError, edit};
use serde_json::json;

fn refusal(text: &str, edits: &[BlockEdit]) -> EditError {
    match edit(text, 1, edits) {
        Ok(edited) => panic!("edited {text:?} to {edited:?}"),
        Err(error) => error,
    }
}

/// A file, and where in it stands what is in the way.
type Obstacle = (&'static str, usize, Construct);

const IN_VALUES: &[Obstacle] = &[
    (
        "a: &x 1\nspec:\n  encryptedData:\n    A: *x\n",
        4,
        Construct::Alias,
    ),
    (
        "spec:\n  encryptedData:\n    A: &x y\n",
        3,
        Construct::Anchor,
    ),
    (
        "spec:\n  encryptedData:\n    A: !!str y\n",
        3,
        Construct::Tag,
    ),
    (
        "spec:\n  encryptedData:\n    !!str A: y\n",
        3,
        Construct::Tag,
    ),
    (
        "spec:\n  encryptedData:\n    &x A: y\n",
        3,
        Construct::Anchor,
    ),
    (
        "spec:\n  encryptedData: &x\n    A: y\n",
        3,
        Construct::Anchor,
    ),
    (
        "spec:\n  encryptedData: !!map\n    A: y\n",
        3,
        Construct::Tag,
    ),
    ("spec:\n  encryptedData: !!map {}\n", 2, Construct::Tag),
    (
        "a: &x {A: y}\nspec:\n  encryptedData: *x\n",
        3,
        Construct::Alias,
    ),
    (
        "a: &x {A: y}\nspec:\n  encryptedData:\n    <<: *x\n",
        4,
        Construct::MergeKey,
    ),
    (
        "spec:\n  encryptedData:\n    ? A\n    : y\n",
        3,
        Construct::ComplexKey,
    ),
    (
        "spec:\n  encryptedData:\n    ?\n      A\n    : y\n",
        4,
        Construct::ComplexKey,
    ),
    (
        "spec:\n  ? encryptedData\n  : A: y\n",
        2,
        Construct::ComplexKey,
    ),
    (
        "spec:\n  encryptedData:\n    A: [y]\n",
        3,
        Construct::NotText,
    ),
    (
        "spec:\n  encryptedData: {A: &x y, B: *x}\n",
        2,
        Construct::Anchor,
    ),
    (
        "a: &x {encryptedData: {A: y}}\nspec:\n  <<: *x\n  b: c\n",
        3,
        Construct::MergeKey,
    ),
];

const IN_DATA_KEYS: &[Obstacle] = &[
    (
        "spec:\n  dataKeys:\n    k1:\n      wraps:\n      - to: &x y\n",
        5,
        Construct::Anchor,
    ),
    (
        "a: &x {}\nspec:\n  dataKeys:\n    k1: {<<: *x}\n",
        4,
        Construct::MergeKey,
    ),
];

const IN_SPEC: &[Obstacle] = &[
    ("a: &x {spec: {}}\n<<: *x\n", 2, Construct::MergeKey),
    ("a: &x {}\nspec: *x\n", 2, Construct::Alias),
    (
        "spec: &x\n  encryptedData: {}\nb: *x\n",
        2,
        Construct::Anchor,
    ),
    ("spec: {a: &x 1, b: *x}\n", 1, Construct::Anchor),
];

const IN_THE_DOCUMENT: &[Obstacle] = &[
    ("{a: &x 1, spec: {b: *x}}\n", 1, Construct::Anchor),
    ("--- &x\nspec: {}\n", 2, Construct::Anchor),
];

#[test]
fn constructs_in_the_two_blocks_by_name_and_line() {
    let table = [
        (Block::EncryptedData, IN_VALUES),
        (Block::DataKeys, IN_DATA_KEYS),
        (Block::Spec, IN_SPEC),
        (Block::Document, IN_THE_DOCUMENT),
    ];
    for (block, obstacles) in table {
        for (text, line, construct) in obstacles {
            let expected = EditError::Refused {
                document: 1,
                line: *line,
                block,
                construct: *construct,
            };
            assert_eq!(refusal(text, &[set("A", "v")]), expected, "{text}");
        }
    }
}

#[test]
fn constructs_elsewhere_are_no_matter() {
    let text = "x-common: &common {a: b}\nspec:\n  encryptedData:\n    A: y\n  template:\n    <<: *common\n    ? c\n    : !!str d\n";
    let edited = edit(text, 1, &[set("A", "v"), set_key("k1", "A")]).unwrap();
    assert!(edited.starts_with("x-common: &common {a: b}\nspec:\n  dataKeys:\n    # A\n"));
    assert!(edited.ends_with("    A: v\n  template:\n    <<: *common\n    ? c\n    : !!str d\n"));
}

#[test]
fn what_is_no_sealed_secret() {
    let spec = |block| EditError::NotAMapping {
        document: 1,
        line: 2,
        block,
    };
    let table = [
        (
            "a: b\n",
            EditError::NoSpec {
                document: 1,
                line: 1,
            },
        ),
        (
            "{\"a\": 1}",
            EditError::NoSpec {
                document: 1,
                line: 1,
            },
        ),
        ("a: b\nspec: x\n", spec(Block::Spec)),
        ("spec:\n  encryptedData: [x]\n", spec(Block::EncryptedData)),
        ("spec:\n  dataKeys: x\n", spec(Block::DataKeys)),
        (
            "",
            EditError::NoSuchDocument {
                document: 1,
                documents: 0,
            },
        ),
        (
            "spec:\n  encryptedData:\n    A: x\n    A: x\n",
            EditError::Read(ReadError::DuplicateKey {
                document: 1,
                line: 4,
                first_line: 3,
            }),
        ),
    ];
    for (text, expected) in table {
        assert_eq!(refusal(text, &[set("A", "v")]), expected, "{text}");
    }
    for document in [0, 2, usize::MAX] {
        let error = edit("spec: {}\n", document, &[set("A", "v")]).unwrap_err();
        assert_eq!(
            error,
            EditError::NoSuchDocument {
                document,
                documents: 1
            }
        );
    }
}

#[test]
fn edits_that_make_no_sense() {
    let text = "spec:\n  dataKeys:\n    k1: {}\n  encryptedData:\n    A: x\n";
    let item = |item: &str| EditError::ItemName {
        item: item.to_owned(),
    };
    let value = |item: &str| EditError::Value {
        item: item.to_owned(),
    };
    let no_item = |item: &str| EditError::NoSuchItem {
        document: 1,
        item: item.to_owned(),
    };
    let no_key = |id: &str| EditError::NoSuchDataKey {
        document: 1,
        id: id.to_owned(),
    };
    let id = |id: &str| EditError::DataKeyId { id: id.to_owned() };
    let table = [
        (vec![set("", "v")], item("")),
        (vec![set("a\n# b", "v")], item("a\n# b")),
        (vec![set("a b", "v")], item("a b")),
        (vec![set(&"x".repeat(254), "v")], item(&"x".repeat(253))),
        (vec![set("A", "a b")], value("A")),
        (vec![set("A", "a\nb: c")], value("A")),
        (vec![set("A", "é")], value("A")),
        (vec![unset("B")], no_item("B")),
        (vec![unset("A"), unset("A")], no_item("A")),
        (vec![set("B", "v"), unset("B"), unset("B")], no_item("B")),
        (vec![unset_key("k2")], no_key("k2")),
        (vec![unset_key("k1"), unset_key("k1")], no_key("k1")),
        (vec![set_key("k2", "B")], no_item("B")),
        (vec![unset("A"), set_key("k2", "A")], no_item("A")),
        (vec![set_key("K:", "A")], id("K:")),
        (
            vec![set_entry("k2", "A", json!("x"))],
            EditError::DataKey {
                id: "k2".to_owned(),
            },
        ),
    ];
    for (edits, expected) in table {
        assert_eq!(refusal(text, &edits), expected);
    }
}

/// The check after the edit: `|+` takes the blank lines that come to stand behind it.
#[test]
fn what_would_change_more_than_was_asked() {
    let text = "spec:\n  encryptedData:\n    A: |+\n      x\n    B: y\n\n    C: z\n";
    let error = refusal(text, &[unset("B")]);
    assert_eq!(error, EditError::Unsafe { document: 1 });
    assert!(edit(text, 1, &[unset("A"), unset("B")]).is_ok());
}
