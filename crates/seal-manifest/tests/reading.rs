//! What people feed to the reader: documents, coercions, mistakes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use seal_manifest::{Document, NodeKind, ReadError, SyntaxReason, read};

fn documents(text: &str) -> Vec<Document> {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(text: &str) -> ReadError {
    match read(text.as_bytes()) {
        Ok(documents) => panic!("read {} documents", documents.len()),
        Err(error) => error,
    }
}

#[test]
fn coerces_as_kubeseal_does() {
    let text = "port: 8080\nyes: yes\nversion: 1.10\noctal: 010\nmodern: 0o17\nnothing:\ncommit: 12e4567\nn: x\nwords: plain\nquoted: '8080'\n";
    let documents = documents(text);
    let root = documents[0].root();
    let table = [
        ("port", "8080", true),
        ("true", "true", true),
        ("version", "1.1", true),
        ("octal", "8", true),
        ("modern", "15", true),
        ("nothing", "", true),
        ("commit", "12e4567", false),
        ("false", "x", false),
        ("words", "plain", false),
        ("quoted", "8080", false),
    ];
    for (line, (key, text, changed)) in table.into_iter().enumerate() {
        let node = root.get(key).unwrap_or_else(|| panic!("{key}"));
        let coerced = node.coerced().unwrap();
        assert_eq!(
            (coerced.text.as_ref(), coerced.changed),
            (text, changed),
            "{key}"
        );
        assert_eq!(node.line(), line + 1, "{key}");
    }
}

#[test]
fn keys_that_are_no_strings_are_told() {
    let text = "n: 1\n'y': 2\nb: &b\n  010: 3\nc:\n  <<: *b\n  1.10: 4\n  a: 5\n1e3: {\"on\": 6, off: 7}\n";
    let documents = documents(text);
    let root = documents[0].root();
    let of = |node: &seal_manifest::Node| {
        let keys = node.coerced_keys();
        keys.map(|(key, line)| (key.to_owned(), line))
            .collect::<Vec<_>>()
    };
    let named = |keys: &[(&str, usize)]| {
        let keys = keys.iter().map(|(key, line)| ((*key).to_owned(), *line));
        keys.collect::<Vec<_>>()
    };
    assert_eq!(of(root), named(&[("false", 1), ("1000", 9)]));
    let below = |key: &str| of(root.get(key).unwrap());
    assert_eq!(below("c"), named(&[("8", 4), ("1.1", 7)]));
    assert_eq!(below("1000"), named(&[("false", 9)]));
    let json = read(br#"{"n": {"010": 1}}"#).unwrap();
    assert_eq!(json[0].root().coerced_keys().count(), 0);
}

#[test]
fn numbers_the_documents_that_are_not_blank() {
    let text = "# heading\n---\n# nothing here\n---\nkind: A\n---\n---\n{\"kind\": \"B\"}\n{\"kind\":\n\t\"C\"}\n---  # last\nkind: D\n...\n";
    let found: Vec<_> = documents(text)
        .iter()
        .map(|d| {
            (
                d.index(),
                d.line(),
                d.root().get("kind").unwrap().as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let expected = [(1, 5, "A"), (2, 8, "B"), (3, 9, "C"), (4, 12, "D")];
    assert_eq!(found, expected.map(|(i, l, k)| (i, l, k.to_owned())));
    assert!(documents("").is_empty());
    assert!(documents("\n---\n---\n# a\n").is_empty());
}

#[test]
fn knows_lines_in_json() {
    let text = "\n{\n  \"kind\": \"Secret\",\n  \"stringData\": {\n    \"a\": \"x\",\n    \"b\": 5\n  }\n}\n";
    let documents = documents(text);
    let data = documents[0].root().get("stringData").unwrap();
    let lines: Vec<_> = data
        .entries()
        .map(|(key, node)| (key, node.line()))
        .collect();
    assert_eq!(lines, [("a", 5), ("b", 6)]);
    assert_eq!(data.get("b").unwrap().coerced().unwrap().text, "5");
}

#[test]
fn expands_aliases_and_merges() {
    let text = "base: &b {x: 1, z: 2}\nown:\n  <<: *b\n  z: 3\nlist: [*b, *b]\n";
    let root = documents(text).remove(0).into_root();
    assert_eq!(
        root.to_json(),
        serde_json::json!({"base": {"x": 1, "z": 2}, "own": {"x": 1, "z": 3}, "list": [{"x": 1, "z": 2}, {"x": 1, "z": 2}]})
    );
    assert_eq!(root.get("list").unwrap().kind(), NodeKind::Sequence);
}

#[test]
fn names_the_place_and_the_reason_of_a_syntax_error() {
    use SyntaxReason as R;
    let table = [
        (
            "a: 1\n---\nb: {{ .Values.x }}\n",
            (2, 3, 5),
            R::TemplateBraces,
        ),
        ("a:\n\tb: 1\n", (1, 2, 2), R::Tab),
        ("a: \"x\nb: 1\n", (1, 2, 1), R::QuotedIndentation),
        ("a: \"x\n b: 1\n", (1, 3, 1), R::Unclosed),
        ("a: *x\n", (1, 1, 4), R::UnknownAlias),
        ("a: b: c\n", (1, 1, 5), R::KeyExpected),
        ("{\"a\": 1 \"b\": 2}", (1, 1, 9), R::Json),
        ("{\"a\": [1", (1, 1, 8), R::JsonIncomplete),
        ("a: !!int x\n", (1, 1, 10), R::Tag),
        ("a: \u{1}\n", (1, 1, 4), R::ControlCharacter),
        ("<<: 5\n", (1, 1, 5), R::Merge),
        ("~: x\n", (1, 1, 1), R::Key),
    ];
    for (text, (document, line, column), reason) in table {
        let expected = ReadError::Syntax {
            document,
            line,
            column,
            reason,
        };
        assert_eq!(refusal(text), expected, "{text:?}");
    }
}

#[test]
fn refuses_what_is_no_manifest() {
    let duplicate = |line, first_line| ReadError::DuplicateKey {
        document: 1,
        line,
        first_line,
    };
    let no_mapping = |document, line| ReadError::NotAMapping { document, line };
    let table = [
        ("a: 1\nb: 2\na: 3\n", duplicate(3, 1)),
        ("{\"a\": 1,\n\"a\": 2}", duplicate(2, 1)),
        ("yes: 1\n'true': 2\n", duplicate(2, 1)),
        ("a: 1\n---\n- b\n", no_mapping(2, 3)),
        ("hello", no_mapping(1, 1)),
        ("[{\"a\": 1}]", no_mapping(1, 1)),
    ];
    for (text, expected) in table {
        assert_eq!(refusal(text), expected, "{text:?}");
    }
}

#[test]
fn knows_encodings() {
    let utf_16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    assert_eq!(
        read(&utf_16("\u{feff}kind: Secret")).err(),
        Some(ReadError::Utf16)
    );
    assert_eq!(read(&utf_16("kind: Secret")).err(), Some(ReadError::Utf16));
    assert_eq!(
        read(b"a: 1\nb: \xff\n").err(),
        Some(ReadError::NotUtf8 { line: 2 })
    );
    assert_eq!(
        documents("\u{feff}a: 1\r\nb: 2\r\n")[0]
            .root()
            .get("b")
            .unwrap()
            .as_i64(),
        Some(2)
    );
}

/// `cat a.yaml b.yaml`, each as an editor wrote it.
#[test]
fn a_byte_order_mark_may_begin_every_document() {
    let yaml = |number: usize| format!("a: {number}\nb: 'x # c'\n");
    let json = "{\"a\": 2,\n\"b\": \"x # c\"}\n";
    for (between, second) in [
        ("---\n\u{feff}", yaml(2)),
        ("\u{feff}---\n", yaml(2)),
        ("---\n\u{feff}---\n", yaml(2)),
        ("--- # x\n\n# y\n\u{feff}", yaml(2)),
        ("---\n\u{feff}# x\n", yaml(2)),
        ("---\n\u{feff}\n---\n", yaml(2)),
        ("---\n\u{feff}", json.to_owned()),
        ("\u{feff}--- # x\n", json.to_owned()),
        ("---\r\n\u{feff}", yaml(2).replace('\n', "\r\n")),
    ] {
        let text = format!("\u{feff}{}{between}{second}", yaml(1));
        let found = documents(&text);
        let lines = 3 + between.matches('\n').count();
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.index(), it.line(), it.root().get("a").unwrap().as_i64()))
            .collect();
        assert_eq!(found, [(1, 1, Some(1)), (2, lines, Some(2))], "{text:?}");
        let quoted = seal_manifest::quoted(&text);
        let quoted: Vec<_> = quoted.into_iter().map(|range| &text[range]).collect();
        let last = if second == json { json } else { "'x # c'" };
        assert_eq!(quoted, ["'x # c'", last], "{text:?}");
    }
    // Not where it is a part of a name, or of nothing.
    for text in ["a: 1\n\u{feff}b: 2\n", "{\"a\": 1}\n\u{feff}{\"a\": 2}\n"] {
        refusal(text);
    }
}

/// Hand-written JSON, mostly. The values are those of Go's reader.
#[test]
fn quoted_text_may_go_on_without_indentation() {
    let table = [
        ("'{\n  \"a\": 1\n  }'", "{ \"a\": 1 }"),
        ("'{\n\"a\": 1\n}'", "{ \"a\": 1 }"),
        ("\"{\n\na: 1\n\n\n}\"", "{\na: 1\n\n}"),
        ("\"{\r\n\r\na: 1\r\n}\"", "{\na: 1 }"),
        (
            "'{\n\t\"a\": 1,\n\t\n\t\"b\": 2\n}'",
            "{ \"a\": 1,\n\"b\": 2 }",
        ),
        ("\"a\n ---\nb\"", "a --- b"),
        ("\"a\n---c\nb\"", "a ---c b"),
        ("\"a\\\nb\"", "ab"),
        ("\"a\\\n\\ b\\\nc\nd\"", "a bc d"),
        ("\"a\\\"\nb\"", "a\" b"),
        ("\"a\\\\\nb\"", "a\\ b"),
        ("'a\nit''s\n''b'", "a it's 'b"),
        (
            "'a\n  # no comment\n- b\n? c\n: d'",
            "a # no comment - b ? c : d",
        ),
        ("'a  \n  b\t\nc' # d", "a b c"),
        ("'a\n'", "a "),
        ("'é\nü'", "é ü"),
        ("!!str 'a\nb'", "a b"),
        ("&x 'a\nb'", "a b"),
        ("'a\n{{ b }}'", "a {{ b }}"),
        ("'a\n%YAML 1.1\nb'", "a %YAML 1.1 b"),
    ];
    for (quoted, value) in table {
        let text =
            format!("z: 1\n---\nk:\n  p: {quoted}\n  q: |\n    'x\n  r: \"y\n  z\"\n  s: 5\n");
        let documents = documents(&text);
        let k = documents[1].root().get("k").unwrap();
        let is = |key: &str| k.get(key).unwrap().as_str();
        assert_eq!(is("p"), Some(value), "{text}");
        assert_eq!((is("q"), is("r")), (Some("'x\n"), Some("y z")), "{text}");
        let lines = 3 + quoted.matches('\n').count();
        assert_eq!(k.key_line("s"), Some(lines + 6), "{text}");
        let found = seal_manifest::quoted(&text);
        let found: Vec<_> = found.into_iter().map(|range| &text[range]).collect();
        let start = quoted.find(['\'', '"']).unwrap();
        let end = quoted.rfind(['\'', '"']).unwrap() + 1;
        let expected = [&quoted[start..end], "'x\n", "\"y\n  z\""];
        assert_eq!(
            found.iter().map(|it| it.trim_start()).collect::<Vec<_>>(),
            expected,
            "{text}"
        );
    }
}

/// A quote that was forgotten is told where it shows, and what is wrong elsewhere is told there.
#[test]
fn quoted_text_that_cannot_be_mended() {
    use SyntaxReason as R;
    for (text, line, column, reason) in [
        ("a: 'x\nb: y\n", 2, 1, R::QuotedIndentation),
        ("a: 'x\nb: 'y'\n", 2, 1, R::QuotedIndentation),
        ("a: \"x\nb: \"y\"\nc: \"z\n", 2, 1, R::QuotedIndentation),
        ("a: 'x\ny'\nb: 'x\n c: 'y'\n", 4, 6, R::KeyExpected),
        ("a: 'x\ny'\nb: 'x\nc: 'y'\n", 4, 1, R::QuotedIndentation),
        ("a: 'x\ny'\nb:\n\tc: d\n", 4, 2, R::Tab),
        ("a: 'x\ny' z\n", 2, 1, R::QuotedIndentation),
        ("a: {b: 'x\n\ty', c: *d}\n", 2, 9, R::UnknownAlias),
        ("a:\n    b: {c: 'x\n\ty', d: *e}\n", 3, 9, R::UnknownAlias),
        ("a: 'x\n...\ny'\n", 2, 1, R::QuotedIndentation),
        ("a: 'x\ny\n...\nz'\n", 2, 1, R::QuotedIndentation),
        ("a: 'x\ny\n---\nz'\n", 2, 1, R::QuotedIndentation),
    ] {
        let ReadError::Syntax {
            line: l,
            column: c,
            reason: r,
            ..
        } = refusal(text)
        else {
            panic!("{text:?}");
        };
        assert_eq!((l, c, r), (line, column, reason), "{text:?}");
    }
}

#[test]
fn quoted_text_is_told_from_comments() {
    for (text, expected) in [
        ("a: b # c\n", &[][..]),
        ("\u{feff}a: 'x # c' # d\n", &["'x # c'"]),
        ("'a #': \"x\n  # y\" # z\n", &["'a #'", "\"x\n  # y\""]),
        (
            "a: | # c\n  # x\n\n  y\n # d\n# e\nb: c\n",
            &["# x\n\n  y\n"],
        ),
        ("a: >-\n  x\n---\nb: 'c'\n", &["x\n", "'c'"]),
        ("a: 'b'\nc: d\ne: [\n", &["'b'"]),
        ("--- # c\n{\"a\": \"b\"}\n", &["{\"a\": \"b\"}\n"]),
    ] {
        let found = seal_manifest::quoted(text);
        let found: Vec<_> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected, "{text}");
    }
}
