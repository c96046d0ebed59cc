//! The same paths into the same texts, here and by GJSON itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that runs the program it compares with"
)]

mod probes;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_property::{Limits, get};
use probes::{PATHS, TEXTS};
use testkit::{Dice, GoOracle};

#[test]
fn every_path_into_every_text() {
    let Some(oracle) = GoOracle::build("go-json", "table", Path::new(env!("CARGO_TARGET_TMPDIR")))
    else {
        return;
    };
    let probes: Vec<(Vec<u8>, String)> = TEXTS
        .iter()
        .flat_map(|text| {
            PATHS
                .iter()
                .map(|path| (text.as_bytes().to_vec(), (*path).to_owned()))
        })
        .collect();
    compare(&oracle, &probes);
}

/// Paths and texts put together from pieces at random, the same at every run.
#[test]
fn random_paths_into_random_texts() {
    let Some(oracle) = GoOracle::build("go-json", "random", Path::new(env!("CARGO_TARGET_TMPDIR")))
    else {
        return;
    };
    let mut random = Random(Dice::new(0x5ea1));
    let probes: Vec<(Vec<u8>, String)> = (0..20_000)
        .map(|_| (random.text(), random.path()))
        .collect();
    compare(&oracle, &probes);
}

fn compare(oracle: &GoOracle, probes: &[(Vec<u8>, String)]) {
    let questions: Vec<_> = probes
        .iter()
        .map(|(text, path)| format!("{} {}", STANDARD.encode(text), STANDARD.encode(path)))
        .collect();
    let answers = oracle.ask(&questions);
    let mut different = Vec::new();
    for ((text, path), theirs) in probes.iter().zip(answers) {
        let ours = match get(text, path, Limits::default()) {
            Ok(Some(found)) => format!(
                "some {} {}",
                STANDARD.encode(found.text()),
                STANDARD.encode(found.raw())
            ),
            Ok(None) => "none".to_owned(),
            Err(exceeded) => exceeded.to_string(),
        };
        let text = String::from_utf8_lossy(text);
        if ours.trim() != theirs.trim() {
            different.push(format!(
                "{path}\n  in {text}\n  ours   {}\n  theirs {}",
                shown(&ours),
                shown(&theirs)
            ));
        }
    }
    let count = different.len();
    different.truncate(20);
    assert!(
        count == 0,
        "{count} of {} differ:\n{}",
        probes.len(),
        different.join("\n")
    );
}

fn shown(answer: &str) -> String {
    let decoded = answer.split(' ').map(|word| {
        let bytes = STANDARD
            .decode(word)
            .ok()
            .filter(|_| word != "some" && word != "none");
        bytes.map_or_else(
            || word.to_owned(),
            |bytes| format!("{:?}", String::from_utf8_lossy(&bytes)),
        )
    });
    decoded.collect::<Vec<_>>().join(" ")
}

/// Questions put together from pieces.
struct Random(Dice);

impl Random {
    fn path(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a",
            "b",
            "c",
            "0",
            "1",
            "#",
            "*",
            "?",
            "a*",
            "#.a",
            "#.b",
            "#(a)",
            "#(a=1)#",
            "#(b>1)",
            "#(=1)#",
            "#(a%\"x*\")#",
            "@this",
            "@keys",
            "@values",
            "@reverse",
            "@flatten",
            "@join",
            "@ugly",
            "@tostr",
            "@fromstr",
            "@dig:a",
            "@group",
            "@pretty",
            "{a,b}",
            "[a,b.c]",
            "{\"x\":a}",
            "!1",
            "!\"s\"",
            r"a\.b",
            r"\a",
            "(",
            ")",
            "[",
            "{",
            "\"",
            "",
        ];
        const BETWEEN: &[&str] = &[".", ".", ".", "|", "|", "", ":", "..", r"\"];
        let mut path = String::new();
        for part in 0..=self.0.below(4) {
            if part > 0 {
                path.push_str(self.0.pick(BETWEEN));
            }
            path.push_str(self.0.pick(PIECES));
        }
        path
    }

    fn text(&mut self) -> Vec<u8> {
        let mut text = String::new();
        self.value(&mut text, 0);
        let mut text = text.into_bytes();
        match self.0.below(8) {
            0 => {
                let length = self.0.below(text.len() + 1);
                text.truncate(length);
            }
            1 if !text.is_empty() => {
                let at = self.0.below(text.len());
                text[at] = b"{}[]\",:x\\ \xff"[self.0.below(11)];
            }
            2 => text.extend_from_slice(b"\n{\"a\":1}"),
            _ => {}
        }
        text
    }

    fn value(&mut self, text: &mut String, depth: usize) {
        let kind = if depth > 3 {
            2 + self.0.below(4)
        } else {
            self.0.below(6)
        };
        match kind {
            0 => {
                text.push('{');
                for member in 0..self.0.below(4) {
                    if member > 0 {
                        text.push_str(self.0.pick(&[",", ", ", ",\n"]));
                    }
                    text.push_str(self.0.pick(&[
                        "\"a\"",
                        "\"b\"",
                        "\"c\"",
                        "\"a.b\"",
                        "\"\"",
                        "\"\\u0061\"",
                    ]));
                    text.push_str(self.0.pick(&[":", ": ", " : "]));
                    self.value(text, depth + 1);
                }
                text.push('}');
            }
            1 => {
                text.push('[');
                for element in 0..self.0.below(4) {
                    if element > 0 {
                        text.push_str(self.0.pick(&[",", ", ", " ,\n"]));
                    }
                    self.value(text, depth + 1);
                }
                text.push(']');
            }
            2 => text.push_str(self.0.pick(&["1", "2", "1.50", "-3", "1e3", "0"])),
            3 => text.push_str(self.0.pick(&["true", "false", "null"])),
            _ => text.push_str(self.0.pick(&[
                "\"x\"",
                "\"xy\"",
                "\"\"",
                "\"\\\"q\\\"\"",
                "\"{\\\"a\\\":1}\"",
                "\"é\"",
            ])),
        }
    }
}
