//! Inputs made to hurt: each ends in a clear refusal, none in a panic, and no refusal repeats what
//! was in the input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use seal_manifest::{Limits, ReadError, SyntaxReason, read};
use std::fmt::Write as _;

fn refusal(text: &str) -> ReadError {
    match read(text.as_bytes()) {
        Ok(documents) => panic!("read {} documents: {:.80}", documents.len(), text),
        Err(error) => error,
    }
}

fn nested_block(levels: usize) -> String {
    (0..levels).fold(String::new(), |mut text, level| {
        let _ = writeln!(text, "{}a:", " ".repeat(level));
        text
    })
}

fn laughs(levels: usize) -> String {
    (1..levels).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |mut text, level| {
            let below = level - 1;
            let items = vec![format!("*a{below}"); 10].join(", ");
            let _ = writeln!(text, "a{level}: &a{level} [{items}]");
            text
        },
    )
}

fn alias_chain(links: usize) -> String {
    (1..links).fold("a0: &a0 {x: 1}\n".to_owned(), |mut text, link| {
        let below = link - 1;
        let _ = writeln!(text, "a{link}: &a{link} {{<<: *a{below}, k{link}: 1}}");
        text
    })
}

type Check<'a> = &'a dyn Fn(&ReadError) -> bool;

#[test]
fn what_is_too_deep_or_too_large_is_refused() {
    let too_deep = |error: &ReadError| matches!(error, ReadError::TooDeep { limit: 64, .. });
    let aliases = |error: &ReadError| matches!(error, ReadError::TooManyAliases { .. });
    let too_large = |error: &ReadError| matches!(error, ReadError::TooLarge { .. });
    let table: [(String, Check<'_>); 12] = [
        (format!("a: {}", "[".repeat(100_000)), &too_deep),
        (format!("a: {}", "{a: ".repeat(100_000)), &too_deep),
        (format!("a: {}b", "- ".repeat(100_000)), &|error| {
            matches!(error, ReadError::Syntax { .. })
        }),
        (format!("a:\n  {}b", "- ".repeat(100_000)), &too_deep),
        (format!("a: {}b", "? ".repeat(100_000)), &|error| {
            matches!(error, ReadError::Syntax { .. })
        }),
        (nested_block(3_000), &too_deep),
        (format!("{{\"a\":{}", "[".repeat(100_000)), &too_deep),
        ("{\"a\":".repeat(100_000), &too_deep),
        (laughs(10), &aliases),
        (alias_chain(2_000), &aliases),
        (format!("a: [{}]", "a,".repeat(1_100_000)), &too_large),
        (
            format!("{{\"a\": [{}1]}}", "1,".repeat(1_100_000)),
            &too_large,
        ),
    ];
    for (text, is_expected) in table {
        let error = refusal(&text);
        assert!(is_expected(&error), "{}…: {error}", &text[..20]);
    }
}

#[test]
fn a_long_string_is_not_multiplied() {
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        "*a, ".repeat(50)
    );
    assert!(matches!(
        refusal(&text),
        ReadError::TooManyAliases {
            document: 1,
            line: 2
        }
    ));
}

#[test]
fn what_is_merely_long_is_read() {
    let list = format!("a: [{}]", "b,".repeat(400_000));
    assert_eq!(
        read(list.as_bytes()).unwrap()[0]
            .root()
            .get("a")
            .unwrap()
            .items()
            .len(),
        400_000
    );
    let documents = "a: b\n---\n".repeat(20_000);
    assert_eq!(read(documents.as_bytes()).unwrap().len(), 20_000);
    let keys = (0..50_000).fold(String::new(), |mut text, key| {
        let _ = writeln!(text, "k{key}: v");
        text
    });
    assert_eq!(
        read(keys.as_bytes()).unwrap()[0].root().entries().count(),
        50_000
    );
    let deep = format!("a: {}x{}", "[".repeat(60), "]".repeat(60));
    assert_eq!(read(deep.as_bytes()).unwrap().len(), 1);
}

#[test]
fn an_alias_inside_of_its_anchor_is_refused() {
    let error = refusal("a: &a [*a]\n");
    assert!(
        matches!(
            error,
            ReadError::Syntax {
                reason: SyntaxReason::UnknownAlias,
                ..
            }
        ),
        "{error}"
    );
}

/// Every refusal, with a canary wherever the text of the input could get into it.
#[test]
fn refusals_do_not_repeat_the_input() {
    let canary = "hunter2";
    let templates = [
        "$: [\n",
        "k: \"$\n",
        "k: '$\n",
        "k: \"$\\q\"\n",
        "k: $: $: $\n",
        "$: 1\n$: 2\n",
        "{\"$\": 1, \"$\": 2}",
        "{\"$\": $]",
        "{\"k\": \"$",
        "{\"k\": \"$\\q\"}",
        "{\"k\": \"$\" \"$\"}",
        "k: !!int $\n",
        "k: !!binary $!\n",
        "k: !$!x $\n",
        "k: *$\n",
        "? [$]\n: $\n",
        "<<: $\n",
        "k: @$\n",
        "k: {{ .$ }}\n",
        "k:\n\t$: $\n",
        "$",
        "- $\n",
        "k: |9$\n",
        "%YAML $\n---\nk: v\n",
        "%TAG $ $\n---\nk: v\n",
        "k: $\n  l: $\n",
        "k: \u{1}$\n",
    ];
    for template in templates {
        let text = template.replace('$', canary);
        let error = refusal(&text);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(canary), "{template:?}: {shown}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40)
    ) {
        let _ = read(pieces.concat().as_bytes());
    }
}

const PIECES: &[&str] = &[
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n ",
    "\t",
    " ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "\\",
    "|",
    ">",
    "|-",
    "&a ",
    "*a",
    "!!str ",
    "!!binary ",
    "! ",
    "<<: ",
    "#",
    " # c",
    "---",
    "\n---\n",
    "\n...\n",
    "%YAML 1.1\n",
    "{{",
    "~",
    "1",
    "\r",
    "\r\n",
    "\u{feff}",
    "é",
    "😀",
    "\u{2028}",
    "\u{85}",
    "\0",
    "{\"a\": ",
    "\"b\"",
    "\\u",
    "\\ud83d",
];

/// A document of little text and much content, many times.
fn bombs(count: usize) -> String {
    let text = "x".repeat(8 << 10);
    let aliases = vec!["*x"; 2_000].join(",");
    format!("a: &x {text}\nb: [{aliases}]\n---\n").repeat(count)
}

#[test]
fn within_limits_nothing_is_multiplied() {
    let limits = Limits {
        documents: 2,
        nodes: 1_000,
        aliased_nodes: 1_000,
        aliased_bytes: 1 << 10,
    };
    let read = |text: &str| seal_manifest::read_within(text.as_bytes(), &limits);
    let refused = |text: &str| read(text).map(|read| read.len()).unwrap_err();
    let bombs = bombs(100);
    assert!(matches!(refused(&bombs), ReadError::TooManyAliases { .. }));
    let json = format!("{{\"a\":[{}1]}}", "1,".repeat(1_000));
    assert!(matches!(refused(&json), ReadError::TooLarge { .. }));
    let yaml = format!("a:\n{}", "- 1\n".repeat(1_000));
    assert!(matches!(refused(&yaml), ReadError::TooLarge { .. }));
    // What follows is not even looked at.
    for text in [
        "a: 1\n---\nb: 2\n---\n\t{",
        "{\"a\":1}\n{\"b\":2}\n{",
        "{\"a\":1}\n---\n{\"b\":2}{\n",
        "a: 1\n...\nb: 2\n...\n- c\n",
    ] {
        assert_eq!(read(text).map(|read| read.len()), Ok(2), "{text:?}");
    }
}
