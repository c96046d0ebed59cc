//! Texts become the same values.

use crate::exceptions::{Case, EXCEPTIONS};
use crate::generate::{Random, WORDS};
use crate::oracle::{Answer, Oracle};
use seal_manifest::{Node, ReadError, read, write_json};
use serde_json::Value;

const TEXTS: usize = 40_000;

/// Shapes that a generator does not find.
const HAND_MADE: &[&str] = &[
    "k: &a 1\nl: *a\n",
    "k: &a {x: 1}\nl: [*a, *a]\n*a : 5\n",
    "&a k: 1\n*a : 2\n",
    "base: &b {x: 1, z: 2}\nl:\n  <<: *b\n  z: 3\n",
    "base: &b {x: 1, z: 2}\nl:\n  z: 3\n  <<: *b\n",
    "l:\n  <<: [{x: 1}, {x: 2, z: 3}]\n",
    "l:\n  <<: {x: 1}\n  <<: {x: 2}\n",
    "l:\n  <<: {<<: {a: 1, b: 1}, b: 2}\n  c: 3\n",
    "l:\n  <<: 5\n",
    "l:\n  <<: [5]\n",
    "k: 1\nk: 2\n",
    "yes: 1\n\"true\": 2\n",
    "? k\n: v\n",
    "? |\n  k\n  l\n: v\n",
    "? [a]\n: v\n",
    "~: v\n",
    "1: a\n1.5: b\n0x10: c\n1e3: d\n2001-01-01: e\n.inf: f\n-.inf: g\n.nan: h\n1e50: i\n",
    "18446744073709551615: v\n",
    "k: a\n...\nl: b\n",
    "%YAML 1.1\n---\nk: 010\n",
    "--- # first\nk: v\n",
    "---\nk: v\n",
    "--- {k: v}\n",
    "k: v\r\nl:\r\n- a\r\n- |\r\n  x\r\n  y\r\n",
    "# only\n# comments\n",
    "k: # comment\n  v # another\nl: 'a' # third\n",
    "k: a\n  b\n\n  c\n",
    "k: \"a\n  b\n\n  c\\\n  d \\\n  \\ e\"\n",
    "k: 'a\n  b\n\n  c'\n",
    "k: \"line\ncontinued without indentation\"\n",
    "k:\n  l: '{\n  \"a\": 1\n  }'\n  m: x\n",
    "k:\n  l: '{\n\t\"a\": 1\n}'\n  m: \"b\n\nc\\\nd\\\n  \\ e\"\n",
    "k: \"a\n---c\n--\nd\"\n",
    "k: \"a\n...\nb\"\n",
    "k: 'a\nb: 'c'\n",
    "k:\n  'a\n  b': c\n",
    "k: {l: 'a\nb', \"c\n\td\": e}\n",
    "k:\n- 'a\nb'\n- - \"c\nd\"\n",
    "k: >\n  a\n  b\n\n    c\n  d\n\n\n",
    "k: |+\n  a\n\n\nl: |-\n  b\n\nm: |2\n   c\n",
    "k: |\n\n  a\n",
    "k: >1-\n  a\n b\n",
    "k: \"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\/\\\\\\N\\_\\L\\P\\x41\\u00e9\\U0001F600\"\n",
    "k: \"\\q\"\n",
    "k: \"\\ud83d\\ude00\"\n",
    "k: \"\\ud83d\"\n",
    "k: !!binary aGVsbG8=\n",
    "k: !!binary |\n  aGVs\n  bG8=\n",
    "k: !!binary /w==\n",
    "k: !!binary x\n",
    "k: !<tag:yaml.org,2002:int> 5\n",
    "k: !!set {a, b}\nl: !!omap [a: 1]\nm: !!seq [1]\nn2: !!map {a: 1}\n",
    "k: !!null ''\nl: !!null x\n",
    "k: !!timestamp 2001-01-01\n",
    "k: !!timestamp x\n",
    "k: !!merge <<\n",
    "k: ! 12\nl: ! \"12\"\n",
    "%TAG !e! tag:yaml.org,2002:\n---\nk: !e!str 5\n",
    "k: [a, b, [c, {d: e}],]\nl: {a: 1, b, \"c\": 2, d: }\nm: [a: b, ? c : d]\n",
    "k: {\n  a: 1,\n  b: 2\n  }\n",
    "k:\n- a\n-  - b\n   - c\n-\n  d: e\n  f:\n  - g\n",
    "k:\n    l:\n        m: 1\n    n2: 2\n",
    "k:\n  a: 1\n b: 2\n",
    "{\"k\": \"v\", \"l\": [1, 2.50, true, null, \"\\u00e9\\ud83d\\ude00\\/\"]}",
    "{\n\t\"k\": \"v\"\n}\n",
    "{k: v}\n",
    "{\"k\": \"v\",}\n",
    "{\"k\": 1e3, \"l\": -0, \"m\": 1E-7, \"n\": 123456789012345678901234567890}",
    "k: v\n\tl: w\n",
    "k:\tv\n",
    "k: v\t# comment\n",
    "k: a:b\nl: http://x/y\nm: a#b\n",
    "k: @a\n",
    "k: `a\n",
    "k: %a\n",
    "k: a: b\n",
    "k: 'a' b\n",
    "k: [a\n",
    "k: *nowhere\n",
    "k: &a [*a]\n",
    "k:v\n",
    "- a\n",
    "a\n",
    "k: v\n  l: w\n",
    "k: -\n",
    "k: - a\n",
    "k: ?\n",
    "k: ? a\n",
];

/// `None` where there is no manifest to speak of: blank for both, or not a mapping.
fn ours(text: &str) -> Result<Option<String>, ReadError> {
    match read(text.as_bytes()) {
        Ok(documents) => Ok(match documents.as_slice() {
            [] => None,
            [document] => Some(write_json(&document.root().to_json()).unwrap()),
            several => Some(format!("{} documents", several.len())),
        }),
        Err(error) => Err(error),
    }
}

fn theirs(answer: &Answer) -> Option<String> {
    let Answer::Text(json) = answer else {
        return None;
    };
    let value: Value = serde_json::from_str(json).unwrap();
    value.is_object().then(|| write_json(&value).unwrap())
}

fn texts() -> Vec<String> {
    let mut random = Random::new(3);
    let mut texts: Vec<String> = HAND_MADE.iter().map(ToString::to_string).collect();
    for word in WORDS {
        let quoted = word.replace('\\', "\\\\").replace('"', "\\\"");
        let block = word.replace('\n', "\n  ");
        texts.extend([
            format!("k: {word}\n"),
            format!("{word}: v\n"),
            format!("k: [{word}, a]\n"),
            format!("k: {{{word}: {word}}}\n"),
            format!("k:\n- {word}\n"),
            format!("k: '{word}'\n"),
            format!("k: \"{quoted}\"\n"),
            format!("k: |\n  {block}\n"),
            format!("k: >-\n  {block}\n"),
        ]);
        let tags = [
            "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!mine", "!",
        ];
        texts.extend(tags.map(|tag| format!("k: {tag} {word}\n")));
    }
    texts.extend((0..TEXTS).map(|_| random_document(&mut random)));
    texts
}

fn random_document(random: &mut Random) -> String {
    let value = random.pieces(6);
    let block = value.replace('\n', "\n  ");
    match random.below(9) {
        0 | 1 => format!("k: {value}\n"),
        2 => format!("k: '{}'\n", value.replace('\'', "''")),
        3 => format!(
            "k: \"{}\"\n",
            block.replace('\\', "\\\\").replace('"', "\\\"")
        ),
        4 => format!("k: |{}\n  {block}\n", random.pick(&["", "-", "+", "2"])),
        5 => format!("k: >{}\n  {block}\n", random.pick(&["", "-", "+"])),
        6 => format!("k: [{value}]\nl: {{a: {value}}}\n"),
        7 => format!("k:\n  - {value}\n  - {}\nl: x\n", random.text()),
        _ => format!("{value}: {}\n", random.text()),
    }
}

#[test]
fn yaml_is_read_as_go_reads_it() {
    let Some(oracle) = Oracle::build() else {
        return;
    };
    let texts = texts();
    let mut counts = vec![0; EXCEPTIONS.len()];
    let (mut same, mut different) = (0, Vec::new());
    for (text, answer) in texts.iter().zip(oracle.ask("read", &texts)) {
        let outcome = ours(text);
        let expected = theirs(&answer);
        if matches!(&outcome, Ok(manifest) if *manifest == expected)
            || (outcome.is_err() && expected.is_none())
        {
            same += 1;
            continue;
        }
        let outcome = outcome.map(Option::unwrap_or_default);
        let case = Case {
            text,
            ours: &outcome,
            theirs: &answer,
        };
        match EXCEPTIONS
            .iter()
            .position(|exception| (exception.applies)(&case))
        {
            Some(place) => counts[place] += 1,
            None => different.push((text, outcome, answer)),
        }
    }
    eprintln!("{same} read alike");
    for (exception, count) in EXCEPTIONS.iter().zip(&counts) {
        eprintln!("{count} differ: {}", exception.reason);
        assert!(
            *count > 0,
            "no such difference any more: {}",
            exception.reason
        );
    }
    assert!(
        different.is_empty(),
        "{} differ, such as {:#?}",
        different.len(),
        &different[..5.min(different.len())]
    );
    assert!(same >= 35_000, "only {same} alike");
}

/// Where a string is wanted, `sigs.k8s.io/yaml` makes one of numbers and words.
#[test]
fn strings_are_coerced_as_go_coerces_them() {
    let Some(oracle) = Oracle::build() else {
        return;
    };
    let mut random = Random::new(4);
    let numbers = (0..5_000).map(|_| {
        let digits = random.number() >> random.below(64);
        match random.below(4) {
            0 => digits.to_string(),
            1 => format!("-{}.{}", digits % 100_000, random.below(100_000)),
            2 => format!("{}e{}", digits % 1000, random.below(60)),
            _ => format!("0.{digits:05}e-{}", random.below(12)),
        }
    });
    let words: Vec<String> = WORDS
        .iter()
        .map(ToString::to_string)
        .chain(numbers)
        .collect();
    let texts: Vec<String> = words.iter().map(|word| format!("k: {word}\n")).collect();
    let mut compared = 0;
    for (text, answer) in texts.iter().zip(oracle.ask("read-strings", &texts)) {
        let (Ok(documents), Answer::Text(json)) = (read(text.as_bytes()), answer) else {
            continue;
        };
        let Some(coerced) = documents[0].root().get("k").and_then(Node::coerced) else {
            continue;
        };
        let expected: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(Value::from(coerced.text.as_ref()), expected["k"], "{text}");
        compared += 1;
    }
    assert!(compared > 5_000, "only {compared} compared");
}
