//! A data key that somebody planted, well-formed in every respect: he knows it, the wraps and the MAC
//! are right, and the readers are those that the file has anyway. Nothing that is sealed afterwards
//! may be under it (rule W1).

use aws_lc_rs::rand::fill;
use seal_format::Scope;
use seal_format::se1::{Binding, DataKey, DataKeyBlock, SealedValue, Wrap};
use serde_json::{Value, json};
use suite::{AgePair, Reader as _};
use zeroize::Zeroizing;

use crate::desk::{Desk, SECRET};

/// What somebody with write access to the file knows.
struct Planter {
    key: DataKey,
    object: Binding,
}

impl Planter {
    fn new() -> Self {
        let mut secret = Zeroizing::new([0; DataKey::LEN]);
        fill(secret.as_mut_slice()).unwrap();
        Self {
            key: DataKey::from_fresh_bytes(secret),
            object: Binding::new(Scope::Strict, "prod", "db").unwrap(),
        }
    }

    fn id(&self) -> &str {
        self.key.id().as_str()
    }

    /// Puts the data key into the file, for `readers`, and gives `item` a value under it.
    fn plant(&self, desk: &Desk, file: &str, readers: &[&AgePair], item: Option<&str>) {
        let wraps: Vec<Wrap> = readers
            .iter()
            .map(|reader| reader.recipient.wrap_for(&self.key.to_wrap(), &self.object))
            .collect();
        let block = DataKeyBlock::new(&self.key, &self.object, wraps).unwrap();
        let mut object: Value = serde_json::from_str(&desk.read(file)).unwrap();
        object["spec"]["dataKeys"][self.id()] = json!(sealing::entry(&block));
        if let Some(item) = item {
            let mut nonce = [0; 12];
            fill(&mut nonce).unwrap();
            let value = self
                .key
                .seal(&self.object, item, nonce, b"planted")
                .unwrap();
            object["spec"]["encryptedData"][item] = value.to_string().into();
        }
        desk.write(file, object.to_string());
    }

    /// The items that he can open.
    fn opens(&self, text: &str) -> Vec<String> {
        let object: Value = serde_json::from_str(text).unwrap();
        let values = object["spec"]["encryptedData"].as_object().unwrap();
        let opens = |item: &str, value: &Value| {
            let value = SealedValue::from_text(value.as_str().unwrap()).unwrap();
            self.key.open(&self.object, item, &value).is_ok()
        };
        values
            .iter()
            .filter(|(item, value)| opens(item, value))
            .map(|(item, _)| item.clone())
            .collect()
    }
}

#[test]
fn nothing_is_sealed_under_a_data_key_that_somebody_planted() {
    let Some(desk) = Desk::find() else { return };
    let (alice, eve) = (desk.person("alice.txt"), desk.person("eve.txt"));
    let to_alice = ["-r", alice.recipient.name()];
    let identity = ["-i", "alice.txt"];
    for (readers, planted_item) in [
        (&[&alice][..], None),
        (&[&alice], Some("A")),
        (&[&alice], Some("MORE")),
        (&[&alice, &eve], Some("A")),
    ] {
        let _ = std::fs::remove_file(desk.path("db.json"));
        desk.done(&[&["-w", "db.json"], &to_alice[..]].concat(), SECRET);
        let planter = Planter::new();
        planter.plant(&desk, "db.json", readers, planted_item);
        let his: Vec<_> = planted_item.into_iter().map(str::to_owned).collect();
        assert_eq!(planter.opens(&desk.read("db.json")), his, "it is real");
        desk.done(
            &[&["recipients", "list", "db.json"], &identity[..]].concat(),
            "",
        );

        desk.done(
            &[&["set", "db.json", "NEW"], &to_alice[..]].concat(),
            "fresh",
        );
        assert_eq!(planter.opens(&desk.read("db.json")), his, "NEW is not his");
        let kept = desk.read("db.json").contains(planter.id());
        assert_eq!(kept, planted_item.is_some(), "without values it goes (W4)");
        if let Some(item) = planted_item {
            desk.done(
                &[&["set", "db.json", item], &to_alice[..]].concat(),
                "again",
            );
            assert!(planter.opens(&desk.read("db.json")).is_empty(), "{item}");
            assert_eq!(desk.value("db.json", item, &identity), "again");
        }
        assert_eq!(desk.value("db.json", "NEW", &identity), "fresh");
        assert_eq!(desk.value("db.json", "B", &identity), "second");
    }
}

/// Folding opens it, and may not take it for the key of the result; nor its readers.
#[test]
fn folding_leaves_what_was_planted_and_whom_it_names() {
    let Some(desk) = Desk::find() else { return };
    let (alice, eve) = (desk.person("alice.txt"), desk.person("eve.txt"));
    desk.done(&["-w", "db.json", "-r", alice.recipient.name()], SECRET);
    let planter = Planter::new();
    planter.plant(&desk, "db.json", &[&alice, &eve], Some("MORE"));
    let compact = ["compact", "db.json", "-i", "alice.txt"];
    let said = desk.refused("db.json", 4, &compact);
    assert!(said.contains("only some data keys are for"), "{said}");
    desk.done(&[&compact[..], &["--drop-readers"]].concat(), "");
    let text = desk.read("db.json");
    assert!(planter.opens(&text).is_empty(), "no value is his");
    assert!(!text.contains(planter.id()) && !text.contains(eve.recipient.name()));
    assert_eq!(desk.value("db.json", "A", &["-i", "alice.txt"]), "first");
    let shut = desk.seal(&["open", "db.json", "-i", "eve.txt"], "");
    assert_eq!(shut.code, 3, "{}", shut.said);
}
