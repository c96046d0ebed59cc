//! Windows line ends, wide indentation, several documents.

use crate::step::{set, set_key};
use seal_manifest::edit;

#[test]
fn windows_and_wide_indentation() {
    let before = "apiVersion: v1\r\nspec:\r\n    dataKeys:\r\n        # A\r\n        k1:\r\n            boundTo: x # tight\r\n    encryptedData:\r\n        A: |\r\n            x\r\n            y\r\n        C: z   \r\n";
    let after = "apiVersion: v1\r\nspec:\r\n    dataKeys:\r\n        # A\r\n        k1:\r\n            boundTo: x # tight\r\n        # B\r\n        k2:\r\n            boundTo: strict/prod/db\r\n            commit: Yw==\r\n            mac: bQ==\r\n            wraps:\r\n            - to: age1new\r\n              enc: |\r\n                  -----BEGIN\r\n                  eA==\r\n                  -----END\r\n    encryptedData:\r\n        A: v\r\n        B: se1.k2.x\r\n        C: z   \r\n";
    let edits = [set("A", "v"), set("B", "se1.k2.x"), set_key("k2", "B")];
    assert_eq!(edit(before, 1, &edits).unwrap(), after);
}

#[test]
fn one_of_several_documents() {
    let other = "# first\nspec: {encryptedData: {A: x}, dataKeys: {}}\n";
    let json = "{\"spec\": {\"encryptedData\": {\"A\": \"x\"}}}\n \t{\"spec\":\r\n{\"encryptedData\": null}}\n";
    let text = format!(
        "\u{feff}---\n{other}--- # second\n\nspec:\n  encryptedData:\n    A: x\n...\n---\n# blank\n---\n{json}--- \nspec:\n  encryptedData:\n    A: é"
    );
    let set_a = [set("A", "new"), set("B", "new")];
    let edited =
        |document| edit(&text, document, &set_a).unwrap_or_else(|e| panic!("{document}: {e}"));
    assert_eq!(
        edited(1),
        text.replacen(
            "spec: {encryptedData: {A: x}, dataKeys: {}}\n",
            "spec: {encryptedData: {A: new, B: new}, dataKeys: {}}\n",
            1
        )
    );
    assert_eq!(
        edited(2),
        text.replacen("    A: x\n...", "    A: new\n    B: new\n...", 1)
    );
    let both = "{\"A\": \"new\", \"B\": \"new\"}";
    assert_eq!(edited(3), text.replacen("{\"A\": \"x\"}", both, 1));
    assert_eq!(edited(4), text.replacen("null", both, 1));
    assert_eq!(
        edited(5),
        text.replacen("    A: é", "    A: new\n    B: new", 1)
    );
}

#[test]
fn byte_order_marks_of_several_files_stay() {
    let text = "\u{feff}spec:\n  encryptedData:\n    A: one\n---\n\u{feff}spec:\n  encryptedData:\n    A: two\n--- # x\n# y\n\u{feff}{\"spec\": {\"encryptedData\": {\"A\": \"three\"}}}\n\u{feff}---\nspec: {encryptedData: {A: four}}\n";
    for (document, old) in (1..).zip(["one", "two", "three", "four"]) {
        let edited = edit(text, document, &[set("A", "new")]).unwrap();
        assert_eq!(edited, text.replace(old, "new"));
    }
    let all: Vec<_> = (1..=4).map(|it| (it, vec![set("A", "new")])).collect();
    let edited = seal_manifest::edit_all(text, &all).unwrap();
    assert_eq!(edited.matches('\u{feff}').count(), 4, "{edited}");
    assert_eq!(edited.matches("new").count(), 4, "{edited}");
}

#[test]
fn quoted_text_without_indentation_stays() {
    let text = "metadata:\n  annotations:\n    a: '{\n  \"é\": 1\n}'\nspec:\n  encryptedData:\n    A: \"one\nmore\" # c\n    B: two # d\n  template:\n    data: {x: 'y\n\tz', v: \"w\"}\n---\nspec: {}\n";
    let edited = |edits: &[seal_manifest::BlockEdit]| edit(text, 1, edits).unwrap();
    assert_eq!(
        edited(&[set("B", "new")]),
        text.replace("two # d", "new # d")
    );
    assert_eq!(edited(&[set("A", "new")]), text.replace("one\nmore", "new"));
    let added = edited(&[set("C", "new")]);
    assert_eq!(added, text.replace("two # d\n", "two # d\n    C: new\n"));
}
