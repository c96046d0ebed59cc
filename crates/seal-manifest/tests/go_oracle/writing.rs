//! Values become the same text.

use crate::generate::{Random, WORDS};
use crate::oracle::{Answer, Oracle};
use seal_manifest::{read, write_json, write_yaml};
use serde_json::{Value, json};

const OBJECTS: usize = 30_000;

fn objects() -> Vec<Value> {
    let mut random = Random::new(1);
    let mut values: Vec<Value> = WORDS
        .iter()
        .flat_map(|word| {
            [
                json!({"k": word}),
                json!({*word: "v"}),
                json!([word, [word], {*word: [word]}]),
                json!(word),
            ]
        })
        .collect();
    values.extend((0..OBJECTS).map(|_| Value::Object(random.object(3))));
    values
}

/// Characters that Go's reader refuses or loses when JSON passes through it on the way to YAML, the
/// two that it writes so that only YAML 1.1 reads them back, and the key that it reads as a merge.
fn is_lost_in_go(text: &str) -> bool {
    text.contains("\"<<\":")
        || text.contains(|c: char| {
            matches!(
                c,
                '\u{7f}'
                    ..='\u{9f}' | '\u{fffe}' | '\u{ffff}' | '\u{feff}' | '\u{2028}' | '\u{2029}'
            )
        })
}

#[test]
fn yaml_is_written_as_go_writes_it() {
    let Some(oracle) = Oracle::build() else {
        return;
    };
    let values = objects();
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    let (mut same, mut different) = (0, Vec::new());
    for ((value, text), answer) in values
        .iter()
        .zip(&texts)
        .zip(oracle.ask("write-yaml", &texts))
    {
        let ours = write_yaml(value);
        match answer {
            Answer::Text(go) if go == ours => same += 1,
            _ if is_lost_in_go(text) => {}
            answer => different.push((text, answer, ours)),
        }
    }
    // Go's order of keys is not transitive in corners, and there its own output changes.
    let suspects: Vec<&String> = different.iter().map(|(text, ..)| *text).collect();
    let circles = oracle.ask("circle", &suspects);
    let wrong: Vec<_> = different
        .iter()
        .zip(circles)
        .filter_map(|(difference, circle)| {
            (circle != Answer::Text("true".to_owned())).then_some(difference)
        })
        .collect();
    eprintln!(
        "{same} written alike, {} where Go's own order changes",
        different.len() - wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "{} differ, such as {:#?}",
        wrong.len(),
        &wrong[..3.min(wrong.len())]
    );
    assert!(same >= 20_000, "only {same} alike");
    assert!(different.len() < same / 100, "{} unstable", different.len());
}

#[test]
fn json_is_written_as_go_writes_it() {
    let Some(oracle) = Oracle::build() else {
        return;
    };
    let values = objects();
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    for (value, answer) in values.iter().zip(oracle.ask("write-json", &texts)) {
        let ours = write_json(value).unwrap();
        assert_eq!(answer, Answer::Text(ours.trim_end_matches('\n').to_owned()));
    }
}

/// Also for what Go loses: what is written reads back as the same value.
#[test]
fn what_is_written_reads_back() {
    let mut random = Random::new(2);
    for _ in 0..20_000 {
        let mut object = random.object(3);
        object.insert(
            "lost".to_owned(),
            Value::from("a\u{85}b\u{7f}\u{9f}\u{feff}\u{ffff}"),
        );
        object.insert("k".repeat(1100), Value::from("long key"));
        let value = Value::Object(object);
        let text = write_yaml(&value);
        let documents = read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let again = documents[0].root().to_json();
        assert_eq!(
            write_json(&again).unwrap(),
            write_json(&value).unwrap(),
            "{text}"
        );
    }
}
