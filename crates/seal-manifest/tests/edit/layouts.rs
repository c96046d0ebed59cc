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
