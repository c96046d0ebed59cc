//! Random templates neither panic nor leave their limits, and render the same every time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

use proptest::prelude::*;
use template::{Dialect, Engine, GoTemplate, Items, Limits, MissingKey, Moment, Support};
use zeroize::Zeroizing;

const ARGUMENTS: &[&str] = &[
    ".user",
    ".missing",
    ".bin",
    ".",
    "nil",
    "true",
    "0",
    "-1",
    "3",
    "1.5",
    "1e300",
    "\"\"",
    "\"a,b\"",
    "\"é😀\"",
    "\"2006-01-02\"",
    "\"[\"",
    "(list)",
    "(list 1 \"a\" nil)",
    "(dict \"a\" (list 1))",
    "(until 3)",
    "(splitList \",\" \"a,b\")",
    "(split \",\" \"x,y\")",
    "9223372036854775807",
    "-9223372036854775807",
    "(index \"a\" 0)",
    "(int64 5)",
    "(semver \"1.2\")",
    "(float64 \"-0.0\")",
];

/// A store without a MAC is read to its end even if it is broken.
const FILES: &[&[u8]] = &[
    include_bytes!("keys/nomac.p12"),
    include_bytes!("keys/rc2.p12"),
    include_bytes!("keys/leaf.crt"),
    include_bytes!("keys/chain.crt"),
    include_bytes!("keys/root.key"),
    include_bytes!("keys/rsa1024.key"),
    include_bytes!("keys/p256-private.jwk"),
    include_bytes!("keys/ed25519-public.jwk"),
];
const READERS: &[&str] = &[
    "pkcs12key",
    "pkcs12certPass \"s3cr3t\"",
    "filterPEM \"CERTIFICATE\"",
    "filterCertChain \"leaf\"",
    "certSANs",
    "pemTruststoreToPKCS12",
    "pemToPkcs12 .leaf",
    "jwkPrivateKeyPem",
    "jwkPublicKeyPem",
];

/// The dialect with more functions; the other one has no code of its own.
const DIALECT: Dialect = Dialect::ExternalSecrets;

fn engine() -> GoTemplate {
    let limits = Limits {
        steps: 20_000,
        output_bytes: 64 << 10,
        value_bytes: 1 << 20,
        ..Limits::default()
    };
    GoTemplate::of(DIALECT, limits)
        .with_missing_key(MissingKey::NoValue)
        .at(Moment::new(1_700_000_000, 5))
        .with_entropy(Zeroizing::new([1; 32]))
}

fn items() -> Items {
    let mut items = Items::new();
    items.insert("user", Zeroizing::new(b"admin".to_vec()));
    items.insert("bin", Zeroizing::new(vec![0, 0xff, b'a', 0xc3]));
    items.insert(
        "leaf",
        Zeroizing::new(include_bytes!("keys/leaf.crt").to_vec()),
    );
    items
}

fn call() -> impl Strategy<Value = String> {
    let names: Vec<&str> = template::supported(DIALECT)
        .filter(|(_, support)| *support == Support::Yes)
        .map(|(name, _)| name)
        .collect();
    let arguments = prop::collection::vec(prop::sample::select(ARGUMENTS), 0..4);
    (prop::sample::select(names), arguments)
        .prop_map(|(name, arguments)| format!("{name} {}", arguments.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_of_any_function_with_anything(calls in prop::collection::vec(call(), 1..4)) {
        let template = format!("{{{{ {} }}}}", calls.join(" | "));
        let (first, second) = (engine().render(&template, &items()), engine().render(&template, &items()));
        if let Ok(rendered) = &first {
            prop_assert!(rendered.len() <= 64 << 10);
        }
        prop_assert_eq!(first, second);
    }

    #[test]
    fn broken_files(
        file in prop::sample::select(FILES),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = file.to_vec();
        for (at, byte) in &changes {
            let at = at.index(file.len());
            file[at] = *byte;
        }
        if changes.is_empty() {
            file.truncate(cut.index(file.len()));
        }
        let mut items = items();
        items.insert("file", Zeroizing::new(file));
        for function in READERS {
            let _ = engine().render(&format!("{{{{ {function} .file }}}}"), &items);
        }
    }

    #[test]
    fn any_text(template in "([{}]{2}|[-.$|()\"`' a-z0-9/*=:,\n]|\\PC){0,60}") {
        let _ = engine().render(&template, &items());
    }

    #[test]
    fn any_sequence_of_tokens(tokens in prop::collection::vec(prop::sample::select(&[
        "{{", "}}", "{{-", "-}}", "{{if ", "{{range ", "{{with ", "{{else}}", "{{else if ", "{{end}}", "{{define \"a\"}}", "{{template \"a\" ",
        "{{block \"b\" ", "{{break}}", "{{continue}}", "$x", ":=", "=", ".user", ".", "|", "(", ")", " ", "\n", "print", "\"s\"", "1", "nil",
        "{{/*", "*/}}", ",", "$", "'a'", "`r`", "é",
    ][..]), 0..30)) {
        let _ = engine().render(&tokens.concat(), &items());
    }

    #[test]
    fn any_pattern(pattern in "([\\[\\](){}*+?|^$.\\\\a-cdswbQEpPLxuU0-9&~:,<>-]){0,24}", text in "[a-c \\PC]{0,20}") {
        let mut items = items();
        items.insert("pattern", Zeroizing::new(pattern.into_bytes()));
        items.insert("text", Zeroizing::new(text.into_bytes()));
        let _ = engine().render("{{ regexReplaceAll .pattern .text \"<$0$1${x}>\" }}", &items);
        let _ = engine().render("{{ regexSplit .pattern .text -1 }}", &items);
    }

    #[test]
    fn any_format(format in "([%*.\\[\\]+# 0-9-]|[vTtbcdoOqxXUeEfFgGsp]|\\PC){0,20}", argument in prop::sample::select(ARGUMENTS)) {
        let mut items = items();
        items.insert("format", Zeroizing::new(format.into_bytes()));
        let _ = engine().render(&format!("{{{{ printf .format {argument} {argument} }}}}"), &items);
    }
}
