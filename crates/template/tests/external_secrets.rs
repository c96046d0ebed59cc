//! Every template of both corpora renders as External Secrets' own package renders it, or fails where it
//! fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "runs the Go program and reads the corpus"
)]

mod go;
mod stores;

use std::time::{SystemTime, UNIX_EPOCH};

use template::{Dialect, GoTemplate, Limits, Moment, Support};
use zeroize::Zeroizing;

const ITS_MODULE: &str = "eso-template";
const FOLDERS: &[&str] = &["corpus", "corpus-eso"];

const CAMEL: &str = "0.20 has a sprig of its own, whose camelcase begins with a small letter";
const ERROR_TEXT: &str = "sprig renders the error's text; a Secret of that helps nobody";
const LATER: &str = "0.20 lacks it; later ones have it";

/// Where only this dialect differs from 0.20.4 on purpose: the template, and why.
const OWN: &[(&str, &str)] = &[
    // Sprig, and External Secrets from 2.x on.
    ("{{ camelcase \"A\" }}", CAMEL),
    ("{{ camelcase \"FOOBar\" }}", CAMEL),
    ("{{ camelcase \"GOLANG_IS_GREAT\" }}", CAMEL),
    ("{{ camelcase \"_complex__case_\" }}", CAMEL),
    ("{{ camelcase \"a\" }}", CAMEL),
    ("{{ camelcase \"a_\" }}", CAMEL),
    ("{{ camelcase \"foo-BAR baz\" }}", CAMEL),
    ("{{ camelcase \"fooBar\" }}", CAMEL),
    ("{{ camelcase \"hello world\" }}", CAMEL),
    ("{{ camelcase \"http_server\" }}", CAMEL),
    ("{{ camelcase \"some words\" }}", CAMEL),
    ("{{ camelcase \"some_words\" }}", CAMEL),
    ("{{ camelcase \"some_words\" }} {{ camelcase…", CAMEL),
    ("{{ hexdec \"6869\" }}", LATER),
    ("{{ sha512sum \"x\" }}", LATER),
    ("{{ sha1sum \"x\" }} {{ sha256sum…", LATER),
    ("{{ bcrypt (repeat 73 \"x\") | len }}", ERROR_TEXT),
    (
        "{{ derivePassword 1 \"odd\" \"p\" \"u\" \"s\" }}",
        ERROR_TEXT,
    ),
    ("{{ htpasswd \"a:b\" \"c\" }}", ERROR_TEXT),
    ("{{ htpasswd \"user\" \"password\" \"sha\" }}", LATER),
    ("{{ htpasswd \"u\" \"p\" \"bcrypt\" | len }}", LATER),
    ("{{ genPrivateKey \"odd\" }}", ERROR_TEXT),
    (
        "{{ derivePassword 4294967296 \"long\" \"p\" \"u\" \"s\" }}",
        "Go cuts a constant that does not fit",
    ),
    (
        "{{ jwkPrivateKeyPem (replace \"\\\"qi\\\"\" \"\\\"xx\\\"\" .rsaJwk) }}",
        "Go computes the numbers of a private key that are left out",
    ),
    (
        "{{ jwkPublicKeyPem \"{\\\"kty\\\":\\\"OKP\\\",\\\"crv\\\":\\\"Ed25519\\\",\\\"x\\\":\\\"AQ\\\"}\" }}",
        "Go takes a key that is too short",
    ),
    (
        "{{ pemToPkcs12 .leafCrt .p224Key | b64dec | pkcs12key }}",
        "the curve P-224 is refused",
    ),
    ("{{ ago \"x\" }}", "sprig takes text for the current time"),
    (
        "{{ fromYaml \"a: 1\\na: 2\" }}",
        "a key given twice is an error, not its last value",
    ),
    (
        "{{ hasKey (fromYaml \"\\ta: 1\") \"Error\" }}",
        "our reader takes a tab before the first key",
    ),
];

#[test]
fn the_corpora_render_as_external_secrets_renders_them() {
    let Some(oracle) = go::build_oracle(ITS_MODULE, "corpus") else {
        return;
    };
    let corpus = go::corpus(FOLDERS);
    let own = go::corpus(&["corpus-eso"]);
    assert!(own.len() >= 200, "only {} templates", own.len());
    let answers = go::ask(&oracle, &corpus);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let moment = Moment::new(now.as_secs().try_into().unwrap(), now.subsec_nanos());
    let engine = GoTemplate::of(Dialect::ExternalSecrets, Limits::default())
        .at(moment)
        .with_entropy(Zeroizing::new([7; 32]));
    go::compare(&engine, &corpus, &answers, OWN);
}

#[test]
fn the_table_has_every_function_of_external_secrets() {
    let Some(oracle) = go::build_oracle(ITS_MODULE, "names") else {
        return;
    };
    let supported = template::supported(Dialect::ExternalSecrets);
    let known: Vec<&str> = supported.map(|(name, _)| name).collect();
    for name in go::functions(&oracle) {
        assert!(known.contains(&name.as_str()), "{name} is not in the table");
    }
}

#[test]
fn every_function_is_in_the_corpora() {
    let corpus = go::corpus(FOLDERS).join("\n");
    let words: std::collections::BTreeSet<&str> = corpus
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    for (name, support) in template::supported(Dialect::ExternalSecrets) {
        if support == Support::Yes {
            assert!(
                words.contains(name),
                "{name} is in no template of the corpora"
            );
        }
    }
}
