//! JSON, and mappings in braces: changed in the notation that they have.

use crate::case::{Case, check};
use crate::step::edits;
use seal_manifest::{EditError, edit, edit_all};

const ALL: &str = "A- B=new C=c D=se1.k2.x k2<D k1<-";

/// A whole object, before and after the same edits, in notations that differ in nothing but white space.
const SPREAD: (&str, &str) = (
    r#"{
→"kind": "SealedSecret",
→"spec": {
→→"template": {"a": [1,  2.50]},
→→"dataKeys": {
→→→"k1": {
→→→→"boundTo": "x"
→→→}
→→},
→→"encryptedData": {
→→→"A": "a",
→→→"B": "old",
→→→"E" : "e\u0041\/"
→→}
→}
}"#,
    r#"{
→"kind": "SealedSecret",
→"spec": {
→→"template": {"a": [1,  2.50]},
→→"dataKeys": {
→→→"k2": {
→→→→"boundTo": "x"
→→→}
→→},
→→"encryptedData": {
→→→"B": "new",
→→→"C": "c",
→→→"D": "se1.k2.x",
→→→"E" : "e\u0041\/"
→→}
→}
}"#,
);

#[test]
fn white_space_of_json_is_that_of_the_file() {
    for indent in ["", " ", "  ", "    ", "\t", " \t"] {
        for line_break in ["\n", "\r\n"] {
            for end in ["", line_break, "\n\n\t"] {
                let write = |text: &str| {
                    let text = text.replace('→', indent).replace('\n', line_break);
                    [&text, end].concat()
                };
                let edited = edit(&write(SPREAD.0), 1, &edits(ALL)).unwrap();
                assert_eq!(edited, write(SPREAD.1), "{indent:?} {line_break:?}");
            }
        }
    }
}

#[test]
fn json_on_one_line_stays_on_it() {
    for (colon, comma, pad) in [
        (":", ",", ""),
        (": ", ", ", ""),
        (": ", ", ", " "),
        (" : ", ", ", " "),
    ] {
        let write = |text: &str| {
            let text = text
                .replace('{', &format!("{{{pad}"))
                .replace('}', &format!("{pad}}}"));
            text.replace(':', colon).replace(',', comma)
        };
        let before = write(
            r#"{"spec":{"dataKeys":{"k1":{"boundTo":"x"}},"encryptedData":{"A":"a","B":"old","E":"e"}}}"#,
        );
        let after = write(
            r#"{"spec":{"dataKeys":{"k2":{"boundTo":"x"}},"encryptedData":{"B":"new","C":"c","D":"se1.k2.x","E":"e"}}}"#,
        );
        assert_eq!(edit(&before, 1, &edits(ALL)).unwrap(), after);
        // What is set and removed again leaves nothing behind.
        let again = edit(&before, 1, &edits("Z=z A0=z")).unwrap();
        assert_eq!(edit(&again, 1, &edits("Z- A0-")).unwrap(), before);
    }
}

#[test]
fn several_objects_one_after_the_other() {
    let one = |value: &str| format!("{{\n   \"spec\": {{\"encryptedData\": {{{value}}}}}\n}}");
    let text = [
        &one("\"A\": \"a\""),
        "\n",
        &one(""),
        " ",
        &one("\"A\": \"b\""),
    ]
    .concat();
    let all = [(2, edits("B=b")), (3, edits("A-"))];
    let edited = edit_all(&text, &all).unwrap();
    let expected = [
        &one("\"A\": \"a\""),
        "\n",
        &one("\"B\": \"b\""),
        " ",
        &one(""),
    ]
    .concat();
    assert_eq!(edited, expected);
}

#[test]
fn members_in_braces() {
    check(CASES);
}

#[test]
fn what_is_too_odd_is_left_alone() {
    for text in [
        "spec: {? encryptedData : {A: x}}",
        "{spec: {encryptedData: {? A : x}}}\n",
    ] {
        let error = edit(text, 1, &edits("A=y")).unwrap_err();
        assert!(
            matches!(error, EditError::Unsafe { .. } | EditError::Refused { .. }),
            "{error}"
        );
    }
}

const CASES: &[Case] = &[
    Case {
        name: "comments",
        before: "\
{ # keep me
  \"kind\": \"SealedSecret\", # one
  # two
  \"spec\": {
    # three
    \"encryptedData\": { # four
      # of A, B
      \"A\": \"a\", # of A
      # of B
      \"B\": \"b\" # five, {six}
      # seven
    }, # eight
  }
} # nine
",
        edits: "A- 0=n B=new C=c",
        after: "\
{ # keep me
  \"kind\": \"SealedSecret\", # one
  # two
  \"spec\": {
    # three
    \"encryptedData\": { # four
      \"0\": \"n\",
      # of A, B
      # of B
      \"B\": \"new\", # five, {six}
      \"C\": \"c\"
      # seven
    }, # eight
  }
} # nine
",
    },
    Case {
        name: "in a block",
        before: "spec:\n  encryptedData: {a: Ag1, 'b': 'Ag2', \"c\": \"Ag3\"}  # e\n  template: {}\n",
        edits: "a=x b=y c=z d=w",
        after: "spec:\n  encryptedData: {a: x, 'b': 'y', \"c\": \"z\", d: w}  # e\n  template: {}\n",
    },
    Case {
        name: "the last one goes",
        before: "spec:\n  encryptedData: { a: Ag1, b: Ag2 }\n",
        edits: "b-",
        after: "spec:\n  encryptedData: { a: Ag1 }\n",
    },
    Case {
        name: "the first one goes",
        before: "spec:\n  encryptedData: { a: Ag1, b: Ag2 }\n",
        edits: "a-",
        after: "spec:\n  encryptedData: { b: Ag2 }\n",
    },
    Case {
        name: "all go",
        before: "{\"spec\": {\"encryptedData\": {\n  \"a\": \"x\",\n  \"b\": \"y\"\n}}}",
        edits: "a- b-",
        after: "{\"spec\": {\"encryptedData\": {}}}",
    },
    Case {
        name: "all go but for a comment",
        before: "{spec: {encryptedData: {\n  # none\n  a: x, b: y\n}}}",
        edits: "a- b-",
        after: "{spec: {encryptedData: {\n  # none\n  \n}}}",
    },
    Case {
        name: "all are others",
        before: "{spec: {encryptedData: {a: x, b: y}, dataKeys: {k1: {}}}}",
        edits: "a- b- c=z d=w k1<-",
        after: "{spec: {encryptedData: {c: z, d: w}}}",
    },
    Case {
        name: "empty, on lines",
        before: "{\n\t\"spec\": {\n\t\t\"encryptedData\": {},\n\t\t\"template\": null\n\t}\n}\n",
        edits: "a=x b=se1.k1.x k1<b",
        after: "{\n\t\"spec\": {\n\t\t\"dataKeys\": {\n\t\t\t\"k1\": {\n\t\t\t\t\"boundTo\": \"x\"\n\t\t\t}\n\t\t},\n\t\t\"encryptedData\": {\n\t\t\t\"a\": \"x\",\n\t\t\t\"b\": \"se1.k1.x\"\n\t\t},\n\t\t\"template\": null\n\t}\n}\n",
    },
    Case {
        name: "null, and missing",
        before: "{\"spec\":null,\"kind\":\"SealedSecret\"}",
        edits: "a=se1.k1.x k1<a",
        after: "{\"spec\":{\"dataKeys\":{\"k1\":{\"boundTo\":\"x\"}},\"encryptedData\":{\"a\":\"se1.k1.x\"}},\"kind\":\"SealedSecret\"}",
    },
    Case {
        name: "empty but for a comment",
        before: "spec:\n  encryptedData: { # none yet\n  }\n",
        edits: "a=x b=z",
        after: "spec:\n  encryptedData: { # none yet\n    a: x,\n    b: z\n  }\n",
    },
    Case {
        name: "a comma behind the last one",
        before: "spec: {encryptedData: {\n    b: x, # b\n    c: y,\n  }}\n",
        edits: "c- a=z d=w",
        after: "spec: {encryptedData: {\n    a: z,\n    b: x, # b\n    d: w,\n  }}\n",
    },
    Case {
        name: "no values",
        before: "spec: {encryptedData: {a, b:, c: }}\n",
        edits: "a=x b=v c=z d=w",
        after: "spec: {encryptedData: {a: x, b: v, c: z, d: w }}\n",
    },
    Case {
        name: "commas in front",
        before: "spec: {encryptedData: { a: x\n  , b: y # b\n  , d: z }}\n",
        edits: "b- c=m",
        after: "spec: {encryptedData: { a: x\n  , c: m, d: z }}\n",
    },
    Case {
        name: "words that are no texts",
        before: "spec: {encryptedData: {a: x}}\n",
        edits: "n=y b=a,b true=1",
        after: "spec: {encryptedData: {a: x, b: \"a,b\", \"n\": \"y\", \"true\": \"1\"}}\n",
    },
];
