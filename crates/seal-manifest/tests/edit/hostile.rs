//! Files made to hurt: each is edited or refused, none panics, and no refusal repeats a value.

use crate::step::{set, set_entry, unset, unset_key};
use proptest::prelude::*;
use seal_manifest::{BlockEdit, TextEdit, edit, read, set_texts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn some_edits() -> Vec<Vec<BlockEdit>> {
    vec![
        vec![
            set("A", "se1.k1.x"),
            set_entry("k1", "A", json!({"boundTo": "x"})),
        ],
        vec![unset("A")],
        vec![unset_key("k1")],
        vec![set("A", "x"), set("B", "x"), unset_key("k1")],
    ]
}

/// Whatever comes out reads as exactly the edit of what went in.
fn try_all(text: &str) {
    for edits in some_edits() {
        for document in 1..=2 {
            match edit(text, document, &edits) {
                Ok(edited) => {
                    let after = read(edited.as_bytes()).expect("reads after the edit");
                    let spec = after[document - 1].root().to_json()["spec"].clone();
                    for edit in &edits {
                        assert!(is_done(edit, &spec), "{text:?} became {edited:?}");
                    }
                }
                Err(error) => assert!(!error.to_string().contains("hunter2"), "{error}"),
            }
        }
    }
    for path in [&["encryptedData"][..], &["template", "labels"]] {
        for document in 1..=2 {
            try_texts(text, document, path);
        }
    }
}

fn try_texts(text: &str, document: usize, path: &[&str]) {
    let texts = BTreeMap::from([("A", "x: y\n"), ("B", "1")].map(|(a, b)| (a.into(), b.into())));
    let edit = TextEdit {
        path,
        texts: &texts,
    };
    match set_texts(text, document, &[edit]) {
        Ok(edited) => {
            let after = read(edited.as_bytes()).expect("reads after the edit");
            let after = after[document - 1].root().to_json();
            let found = path.iter().fold(&after["spec"], |value, key| &value[key]);
            for (key, value) in &texts {
                assert_eq!(found[key], json!(value), "{text:?} became {edited:?}");
            }
        }
        Err(error) => assert!(!error.to_string().contains("hunter2"), "{error}"),
    }
}

fn is_done(edit: &BlockEdit, spec: &Value) -> bool {
    match edit {
        BlockEdit::SetItem { item, value } => spec["encryptedData"][item] == json!(value),
        BlockEdit::RemoveItem { item } => spec["encryptedData"].get(item).is_none(),
        BlockEdit::SetDataKey { id, entry, .. } => spec["dataKeys"][id] == *entry,
        BlockEdit::RemoveDataKey { id } => spec
            .get("dataKeys")
            .is_none_or(|block| block.get(id).is_none()),
    }
}

#[test]
fn strange_files() {
    let deep = format!(
        "spec:\n  encryptedData:\n    A: {}x{}\n",
        "[".repeat(60),
        "]".repeat(60)
    );
    let table = [
        "spec:\n  encryptedData:\n    A: hunter2\r    B: hunter2\r\n",
        "spec:\r  encryptedData:\r    A: hunter2\r",
        "spec:\n  encryptedData:\n    A: hunter2\n  \tB: hunter2\n",
        "spec:\n  encryptedData:\n    A: \u{85}hunter2\n    B: \u{2028}\n",
        "spec:\n  \"encrypted\\\n    Data\":\n    A: hunter2\n",
        "spec:\n  encryptedData:\n    \"A\"   : hunter2\n",
        "spec:\n  encryptedData:\n    A : hunter2\n",
        "spec:\n  encryptedData:\n    A:\n     - hunter2\n    B: hunter2\n",
        "spec:\n  encryptedData:\n    A: |9\n             hunter2\n    B: hunter2\n",
        "spec:\n  encryptedData:\n    A: |\n\n\n# hunter2\n  dataKeys: {k1: }\n",
        "spec:\n  encryptedData:\n    A:\n    # hunter2\n\n    # hunter2\n      hunter2\n",
        "spec:\n  encryptedData:\n    A: >+\n\n  template: hunter2\n",
        "spec:\n  template: |\n    hunter2\n  # over\n  encryptedData:\n    A: x\n",
        "spec:\n  template: |\n    hunter2\n\n\n  dataKeys:\n    k1: {}\n    # remark\n  encryptedData:\n    A: x\n",
        "spec:\n  template: |+\n    hunter2\n",
        "spec:\n  template: {}\n  dataKeys:\n    k1: |\n      hunter2",
        "spec:\n  dataKeys:\n    k1: {}\n",
        "spec:\nspec2: hunter2\n",
        "spec: # hunter2\n  # hunter2\n\nb: c",
        "spec: {}\n---\nspec: { }",
        "spec: {encryptedData: {A: hunter2, B: }, dataKeys: {k1: }}",
        "spec: {\n# hunter2\n}\n",
        "{spec: {encryptedData: {A: hunter2, ? B : x}, dataKeys: {k1: {}}}}\n",
        "{spec: }\n",
        "{spec}\n",
        "--- {spec: {}} # hunter2\n---\nspec: {}\n",
        "%YAML 1.2\n---\nspec:\n  encryptedData:\n    A: hunter2\n...\n%YAML 1.1\n---\nspec: {}\n",
        "{\"spec\": {}}{\"spec\": {\"encryptedData\": {\"A\": \"hunter2\"}}}",
        "{\"spec\": null}",
        "{\"spec\": {\"encryptedData\": {\"A\": \"hunter2\"}}, \"x\": [1e400]}",
        "\u{feff}spec:\n  encryptedData:\n    A: hunter2\n",
        "\u{feff}{\"spec\": {}}",
        "spec:\n  encryptedData:\n    A: \"hunter2\n  x\" # x\n    B: '\n\ty'\n  template: {a: \"b\n c\", d: e}\n",
        "a: b\n---\n# c\n\u{feff}spec:\n  encryptedData:\n    A: hunter2\n\u{feff}---\n{\"spec\": {}}",
        "spec:\n encryptedData:\n  A: é hunter2 é # é\n  B: 'é'\n",
        &deep,
    ];
    for text in table {
        try_all(text);
        try_all(text.trim_end());
        try_all(&text.replace('\n', "\r\n"));
    }
}

#[test]
fn large_files_take_no_longer_than_their_size() {
    let mut text = "spec:\n  encryptedData:\n".to_owned();
    for item in 0..20_000 {
        let _ = write!(text, "    A{item}: x # remark\n\n    # remark\n");
    }
    let edits: Vec<BlockEdit> = (0..20_000)
        .step_by(20)
        .map(|item| set(&format!("A{item}"), "v"))
        .collect();
    let edited = edit(&text, 1, &edits).unwrap();
    assert_eq!(edited.matches(": v # remark").count(), 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_like_a_sealed_secret_is_edited_or_refused(
        parts in proptest::collection::vec(part(), 0..25)
    ) {
        try_all(&parts.concat());
        try_all(&format!("spec:\n  encryptedData:\n    {}", parts.concat()));
        try_all(&format!("spec:\n  dataKeys:\n    {}", parts.concat()));
    }
}

fn part() -> impl Strategy<Value = String> {
    let parts = [
        "spec:",
        "  encryptedData:",
        "  dataKeys:",
        "    A:",
        "    B: x",
        "    k1:",
        "      x: y",
        " x",
        " |",
        " >-",
        " {",
        "}",
        " [",
        "]",
        ",",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "    ",
        "# A",
        "    # A\n",
        " # x",
        "'",
        "\"",
        "- ",
        "? ",
        ": ",
        "&a ",
        "*a",
        "!t ",
        "<<: ",
        "---\n",
        "...\n",
        "{\"spec\":",
        "{}",
        "é",
        "~",
    ];
    prop::sample::select(parts.to_vec()).prop_map(str::to_owned)
}
