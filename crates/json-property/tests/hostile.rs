//! Texts and paths that are made to hurt end with an answer or an error, soon.
#![allow(clippy::unwrap_used, reason = "a test")]

use json_property::{Exceeded, Limits, get};
use proptest::prelude::*;

#[test]
fn paths_that_double_the_text_end() {
    let doubling = vec!["[@this,@this]"; 60].join("|");
    let found = get(br#"{"a":1}"#, &doubling, Limits::default());
    assert_eq!(found.map(|_| ()), Err(Exceeded::Bytes));
    let within = "@tostr|".repeat(60) + "@this";
    let found = get(br#"{"a":"\"\"\"\""}"#, &within, Limits::default());
    assert_eq!(found.map(|_| ()), Err(Exceeded::Bytes));
}

#[test]
fn depth_is_bounded() {
    let deep = "[".repeat(60_000);
    let tree = format!("{deep}{}", "]".repeat(60_000));
    for (text, path) in [
        (&deep, "@dig:a"),
        (&tree, r#"@flatten:{"deep":true}"#),
        (&tree, "@pretty"),
        (&tree, &vec!["0"; 60_000].join(".")),
        (&tree, &("[".repeat(60_000) + "a" + &"]".repeat(60_000))),
        (&tree, &vec!["@this"; 60_000].join("|")),
        (&tree, &"#(".repeat(60_000)),
    ] {
        let found = get(text.as_bytes(), path, Limits::default());
        assert!(!matches!(found, Ok(Some(_))), "{path:.20}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in ".{0,80}", path in ".{0,40}") {
        let _ = get(text.as_bytes(), &path, Limits::default());
    }

    #[test]
    fn nothing_panics_on_what_is_nearly_json(
        text in r#"[\[\]{}",:\\a-c0-2 tfn]{0,60}"#,
        path in r#"[#.|@*?\\\[\](){}":!=<>%~a-c0-2]{0,30}(@pretty|@flatten|@dig:a|@join|@group)?"#,
    ) {
        let _ = get(text.as_bytes(), &path, Limits::default());
    }
}
