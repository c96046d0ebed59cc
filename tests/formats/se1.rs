//! SE1: what must come of each vector, and objects from one implementation to the other.

use std::fmt::Write as _;

use serde_json::Value;
use suite::Se1Vector;

use crate::identity::Identity;
use crate::oracle::{self, Oracle};
use crate::reader::{self, Items};
use crate::writer::{Case, READERS};

/// Random objects in each direction.
const OBJECTS: usize = 40;

/// Compares what comes of vectors with what should.
pub(crate) fn agree(
    vectors: impl IntoIterator<Item = Se1Vector>,
    mut open: impl FnMut(&Se1Vector) -> Result<Items, String>,
) {
    let mut wrong = String::new();
    for vector in vectors {
        if let Some(difference) = vector.differs(&open(&vector)) {
            writeln!(wrong, "{difference}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_library_agrees_with_every_vector() {
    agree(Se1Vector::all(), |vector| {
        let identities = vector.identities.iter().map(|name| Identity::load(name));
        reader::read(&vector.text, &identities.collect::<Vec<_>>())
    });
}

#[test]
fn the_oracle_agrees_with_every_vector() {
    let mut oracle = Oracle::start();
    agree(Se1Vector::all(), |vector| {
        oracle.open(&vector.text, &vector.identities)
    });
}

/// Nobody edited a vector by hand.
#[test]
fn the_vectors_are_what_their_generator_makes() {
    let output = oracle::program("make_vectors.py").arg("--check").output();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stale: Value = serde_json::from_slice(&output.stdout).expect(&stderr);
    assert_eq!(stale, Value::Array(Vec::new()), "run make_vectors.py");
}

#[test]
fn we_open_what_the_oracle_seals() {
    let mut oracle = Oracle::start();
    for _ in 0..OBJECTS {
        let case = Case::random();
        let object = oracle.seal(case.place(), &case.items, &case.texts());
        opens_for_recipients_only(&case, &object, |name| {
            reader::read(&object, &[Identity::load(name)])
        });
    }
}

#[test]
fn the_oracle_opens_what_we_seal() {
    let mut oracle = Oracle::start();
    for _ in 0..OBJECTS {
        let case = Case::random();
        let object = case.seal();
        opens_for_recipients_only(&case, &object, |name| {
            oracle.open(&object, &[name.to_owned()])
        });
    }
}

fn opens_for_recipients_only(
    case: &Case,
    object: &str,
    mut open: impl FnMut(&str) -> Result<Items, String>,
) {
    for name in READERS {
        let wanted = if case.recipients.iter().any(|recipient| recipient == name) {
            Ok(case.items.clone())
        } else {
            Err("no-identity".to_owned())
        };
        assert!(open(name) == wanted, "as {name}:\n{object}");
    }
}
