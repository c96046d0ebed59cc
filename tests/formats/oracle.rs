//! `oracles/se1/se1.py`, which answers a line of JSON for a line.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use suite::vectors;

use crate::reader::Items;

/// A process of it.
pub(crate) struct Oracle {
    process: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/oracles/se1"))
}

/// One of its programs.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(testkit::python().unwrap());
    // Nothing is written beside the sources.
    command.arg("-B").arg(folder().join(name));
    command.env("AGE", testkit::peers::age().unwrap());
    command
}

impl Oracle {
    pub(crate) fn start() -> Self {
        let mut command = program("se1.py");
        command
            .arg("batch")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        Self {
            requests: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()).lines(),
            process,
        }
    }

    /// The class, and the items of a success.
    pub(crate) fn open(&mut self, text: &str, identities: &[String]) -> Result<Items, String> {
        let answer = self.ask(&json!({"open": text, "identities": paths(identities)}));
        match answer["class"].as_str().unwrap() {
            "success" => Ok(items(&answer["items"])),
            class => Err(class.to_owned()),
        }
    }

    /// An object with one data key; recipients are texts of `to`, or files of RSA keys.
    pub(crate) fn seal(
        &mut self,
        place: [&str; 3],
        items: &Items,
        recipients: &[String],
    ) -> String {
        let values: BTreeMap<_, _> = items
            .iter()
            .map(|(item, value)| (item, STANDARD.encode(value)))
            .collect();
        let request = json!({"seal": values, "place": place, "recipients": paths(recipients)});
        self.ask(&request).to_string()
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        let answer = self.answers.next().expect("the oracle ended").unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn items(values: &Value) -> Items {
    let values = values.as_object().unwrap().iter();
    values
        .map(|(item, value)| {
            let value = STANDARD.decode(value.as_str().unwrap()).unwrap();
            (item.clone(), value)
        })
        .collect()
}

/// Names of files under `vectors` as paths; everything else as it is.
fn paths(names: &[String]) -> Vec<String> {
    let path = |name: &String| {
        let path = vectors().join(name);
        if path.is_file() {
            path.to_str().unwrap().to_owned()
        } else {
            name.clone()
        }
    };
    names.iter().map(path).collect()
}
