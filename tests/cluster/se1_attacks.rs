//! What someone with write access to Git may try on SE1 values (docs/format.md, "Result classes").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, DataKeyEntry, SealedSecret, WrapEntry};
use seal_format::Scope;
use seal_format::se1::Fault;
use seal_keys::Certificate;
use serde_json::{Value, json};
use suite::{AgePair, Namespace, Reader, condition};
use testkit::Canary;

use crate::se1::stranger;
use crate::{bed, scene};

/// An object with the items `a`, `b` and one data key; and what is at the attacker's hand.
struct Prey<'a> {
    sealed: SealedSecret,
    namespace: &'a Namespace<'static>,
    certificate: &'static Certificate,
    stranger: &'a Certificate,
}

impl Prey<'_> {
    fn entry(&mut self) -> &mut DataKeyEntry {
        let keys = &mut self.sealed.spec.data_keys;
        keys.values_mut().next().unwrap()
    }

    fn value(&mut self, item: &str) -> &mut String {
        self.sealed.spec.encrypted_data.get_mut(item).unwrap()
    }

    fn set_scope(&mut self) {
        let annotations = self.sealed.metadata.annotations.get_or_insert_default();
        annotations.insert(seal_api::NAMESPACE_WIDE.to_owned(), "true".to_owned());
    }

    /// Where this cluster's wrap stands.
    fn own(&mut self) -> &mut WrapEntry {
        let name = self.certificate.recipient(jiff::Timestamp::now()).unwrap();
        let name = name.name().to_string();
        let wraps = &mut self.entry().wraps;
        wraps.iter_mut().find(|wrap| wrap.to == name).unwrap()
    }

    /// Another object for the same cluster.
    fn another(&self) -> SealedSecret {
        let plain = self.namespace.plain("another").item("a", "other");
        plain.seal_se1(&[self.certificate, self.stranger])
    }

    fn foreign_wrap(&self, name: &str) -> WrapEntry {
        let other = stranger();
        let plain = self.namespace.plain(name).item("x", "");
        let sealed = plain.seal_se1(&[&other]);
        sealed
            .spec
            .data_keys
            .into_values()
            .next()
            .unwrap()
            .wraps
            .remove(0)
    }
}

/// Changes the last character of base64 to another that decodes.
fn flip(text: &mut String) {
    let at = text.find('=').unwrap_or(text.len()) - 8;
    let other = if text.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    text.replace_range(at..=at, other);
}

type Attack = fn(&mut Prey<'_>);

/// Name, attack, class, items or data keys that the message names.
const ATTACKS: &[(&str, Attack, Fault, &str)] = &[
    (
        "swapped",
        |prey| {
            let a = prey.value("a").clone();
            let b = std::mem::replace(prey.value("b"), a);
            *prey.value("a") = b;
        },
        Fault::BadValue,
        "a, b",
    ),
    (
        "renamed",
        |prey| {
            let value = prey.sealed.spec.encrypted_data.remove("b").unwrap();
            prey.sealed.spec.encrypted_data.insert("c".into(), value);
        },
        Fault::BadValue,
        "c",
    ),
    (
        "flipped",
        |prey| flip(prey.value("b")),
        Fault::BadValue,
        "b",
    ),
    (
        "re-pointed",
        |prey| {
            // The other data key opens here, but the value was not sealed under it.
            let name = prey.sealed.name_any();
            let plain = prey.namespace.plain(&name).item("c", "3");
            let other = plain.seal_se1(&[prey.certificate]);
            let id = other.spec.data_keys.keys().next().unwrap().clone();
            let payload = prey.value("b").rsplit_once('.').unwrap().1.to_owned();
            *prey.value("b") = format!("se1.{id}.{payload}");
            prey.sealed.spec.data_keys.extend(other.spec.data_keys);
        },
        Fault::BadValue,
        "b",
    ),
    (
        "wider",
        |prey| prey.set_scope(),
        Fault::WrongScope,
        "spec.dataKeys.",
    ),
    (
        "wider-and-edited",
        |prey| {
            prey.set_scope();
            prey.entry().bound_to = "namespace-wide/se1-attacks".into();
        },
        Fault::BadMac,
        "a, b",
    ),
    (
        "moved-and-edited",
        |prey| {
            let mut other = prey.another();
            let entry = other.spec.data_keys.values_mut().next().unwrap();
            entry.bound_to = "strict/se1-attacks/moved-and-edited".into();
            prey.sealed.spec = other.spec;
        },
        Fault::BadMac,
        "a",
    ),
    (
        "injected",
        |prey| {
            let wrap = prey.foreign_wrap("injected");
            prey.entry().wraps.push(wrap);
            prey.entry()
                .wraps
                .sort_by(|one, other| one.to.cmp(&other.to));
        },
        Fault::BadMac,
        "a, b",
    ),
    (
        "reader-removed",
        |prey| {
            let own = prey.own().clone();
            prey.entry().wraps = vec![own];
        },
        Fault::BadMac,
        "a, b",
    ),
    (
        "reader-ruined",
        |prey| {
            let own = prey.own().to.clone();
            let wraps = &mut prey.entry().wraps;
            let other = wraps.iter_mut().find(|wrap| wrap.to != own).unwrap();
            flip(&mut other.enc);
        },
        Fault::BadMac,
        "a, b",
    ),
    (
        "own-wrap-removed",
        |prey| {
            let own = prey.own().to.clone();
            prey.entry().wraps.retain(|wrap| wrap.to != own);
        },
        Fault::NoIdentity,
        "a, b",
    ),
    (
        "own-wrap-flipped",
        |prey| flip(&mut prey.own().enc),
        Fault::BadWrap,
        "a, b",
    ),
    (
        "own-wrap-of-another",
        |prey| {
            let own = prey.own().to.clone();
            let mut other = prey.another();
            let entry = other.spec.data_keys.values_mut().next().unwrap();
            let wrap = entry.wraps.iter().find(|wrap| wrap.to == own).unwrap();
            prey.own().enc.clone_from(&wrap.enc);
        },
        Fault::BadCommitment,
        "a, b",
    ),
    (
        "a-legacy-block",
        |prey| {
            let name = prey.sealed.name_any();
            let plain = prey.namespace.plain(&name).item("a", "1");
            let legacy = plain.scope(Scope::ClusterWide).seal(prey.certificate);
            // Its RSA block of 2,048 bits stands behind two bytes of length.
            let bytes = STANDARD.decode(&legacy.spec.encrypted_data["a"]).unwrap();
            prey.own().enc = STANDARD.encode(&bytes[2..2 + 256]);
        },
        Fault::BadWrap,
        "a, b",
    ),
    (
        "mac-edited",
        |prey| flip(&mut prey.entry().mac),
        Fault::BadMac,
        "a, b",
    ),
    (
        "commit-edited",
        |prey| prey.entry().commit.replace_range(..4, "AAAA"),
        Fault::BadId,
        "spec.dataKeys.",
    ),
    (
        "commit-edited-where-no-id-comes-from",
        |prey| flip(&mut prey.entry().commit),
        Fault::BadCommitment,
        "a, b",
    ),
    (
        "key-removed",
        |prey| {
            let id = prey.sealed.spec.data_keys.keys().next().unwrap().clone();
            let other = prey.another().spec.data_keys;
            prey.sealed.spec.data_keys.extend(other);
            prey.sealed.spec.data_keys.remove(&id);
        },
        Fault::MissingDataKey,
        "a, b",
    ),
    (
        "pruned",
        |prey| prey.sealed.spec.data_keys.clear(),
        Fault::MissingDataKey,
        "a, b",
    ),
    (
        "reordered",
        |prey| prey.entry().wraps.reverse(),
        Fault::NotCanonical,
        "spec.dataKeys.",
    ),
    (
        "repeated",
        |prey| {
            let own = prey.own().clone();
            prey.entry().wraps = vec![own.clone(), own];
        },
        Fault::NotCanonical,
        "spec.dataKeys.",
    ),
    (
        "padded",
        |prey| {
            let value = prey.value("a");
            value.push('=');
        },
        Fault::NotCanonical,
        "a",
    ),
    (
        "cut-short",
        |prey| {
            let id = prey.sealed.spec.data_keys.keys().next().unwrap();
            let value = format!("se1.{id}.{}", "A".repeat(36));
            *prey.value("a") = value;
        },
        Fault::Truncated,
        "a",
    ),
    (
        "later-version",
        |prey| {
            let value = prey.value("a").replace("se1.", "se2.");
            *prey.value("a") = value;
        },
        Fault::UnknownVersion,
        "a",
    ),
    (
        "strange-reader",
        |prey| prey.entry().wraps[0].to = "gpg:0123".into(),
        Fault::UnknownRecipient,
        "spec.dataKeys.",
    ),
    (
        "large-wrap",
        |prey| prey.own().enc = STANDARD.encode([0; 8193]),
        Fault::TooLarge,
        "spec.dataKeys.",
    ),
];

/// Each ends in its class, and leaves the Secret alone that was made before.
#[test]
fn attacks_end_in_their_class_and_the_live_secret_stays() {
    let (namespace, certificate) = scene("se1-attacks");
    let stranger = stranger();
    let canary = Canary::new("value").unwrap();
    let sealed = |name: &str| {
        let plain = namespace.plain(name).item("a", canary.text());
        let plain = plain.item("b", "2");
        plain.seal_se1(&[certificate, &stranger])
    };
    for (name, ..) in ATTACKS {
        namespace.create(&sealed(name));
    }
    for (name, attack, fault, items) in ATTACKS {
        let before = namespace.wait_synced(name, ConditionStatus::True);
        let secret = namespace.wait_secret(name);
        let mut prey = Prey {
            sealed: before,
            namespace: &namespace,
            certificate,
            stranger: &stranger,
        };
        attack(&mut prey);
        let attacked = prey.sealed;
        namespace.edit(name, |object: &mut SealedSecret| {
            object.spec = attacked.spec.clone();
            object
                .metadata
                .annotations
                .clone_from(&attacked.metadata.annotations);
        });
        let object = namespace.wait_for(name, "to be refused", |object: &SealedSecret| {
            condition(object).status == ConditionStatus::False
        });
        let said = condition(&object).message.unwrap();
        let expected = format!("{fault} ({items}");
        assert!(said.starts_with(&expected), "{name}: {said}");
        canary.assert_absent("a message", &said);
        namespace.wait_event(name, "ErrUnsealFailed");
        let after = namespace.wait_secret(name);
        assert_eq!(
            after.resource_version(),
            secret.resource_version(),
            "{name}"
        );
        if *name == "pruned" {
            assert!(said.contains("apply the definition"), "{said}");
        } else {
            assert!(!said.contains("apply the definition"), "{name}: {said}");
        }
    }
    canary.assert_absent("the log", bed().controller.log());
}

/// As an object for `kubectl apply`, so that the API server sees what no type of ours can hold.
fn raw(sealed: &SealedSecret, namespace: &str, change: impl Fn(&mut Value)) -> Value {
    let mut object = serde_json::to_value(sealed).unwrap();
    object["metadata"]["namespace"] = json!(namespace);
    let keys = object["spec"]["dataKeys"].as_object_mut().unwrap();
    change(keys.values_mut().next().unwrap());
    object
}

#[test]
fn the_definition_refuses_what_no_reader_takes() {
    let (namespace, certificate) = scene("se1-limits");
    let sealed = namespace
        .plain("db")
        .item("a", "1")
        .seal_se1(&[certificate]);
    let plane = bed().cluster.plane();
    let wrap = json!({"to": "age1q", "enc": "x"});
    let entry = raw(&sealed, "se1-limits", |_| {})["spec"]["dataKeys"].clone();
    let entry = entry.as_object().unwrap().values().next().unwrap().clone();
    let mut crowd = serde_json::to_value(&sealed).unwrap();
    for number in 0..64 {
        crowd["spec"]["dataKeys"][format!("k{number:011}")] = entry.clone();
    }
    let mut cases = vec![("65 data keys", crowd)];
    let mut case = |name, change: &dyn Fn(&mut Value)| {
        cases.push((name, raw(&sealed, "se1-limits", change)));
    };
    case("17 wraps", &|key| key["wraps"] = json!(vec![&wrap; 17]));
    case("no wrap", &|key| key["wraps"] = json!([]));
    case("a long recipient", &|key| {
        key["wraps"][0]["to"] = json!(format!("age1{}", "q".repeat(4096)));
    });
    case("a long wrap", &|key| {
        key["wraps"][0]["enc"] = json!("A".repeat(11_268));
    });
    case("a long commitment", &|key| {
        key["commit"] = json!("A".repeat(48));
    });
    case("a number", &|key| key["mac"] = json!(1));
    case("no mac", &|key| {
        key.as_object_mut().unwrap().remove("mac");
    });
    case("an unknown field", &|key| key["serial"] = json!("1"));
    for (name, object) in cases {
        let refused = plane.apply(&object);
        assert!(refused.is_err(), "{name} was taken");
    }
    assert!(namespace.get::<SealedSecret>("db").is_none());
    // The other way round: that much is taken, and opens.
    let stranger = stranger();
    let readers: Vec<_> = (0..14).map(|_| AgePair::make().recipient).collect();
    let mut all: Vec<&dyn Reader> = vec![certificate, &stranger];
    all.extend(readers.iter().map(|reader| reader as &dyn Reader));
    let mut sealed = namespace.plain("db").item("i0", "0").seal_se1(&all);
    for number in 1..64 {
        let plain = namespace.plain("db").item(&format!("i{number}"), "x");
        let more = plain.seal_se1(&[certificate]);
        sealed.spec.encrypted_data.extend(more.spec.encrypted_data);
        sealed.spec.data_keys.extend(more.spec.data_keys);
    }
    assert_eq!(sealed.spec.data_keys.len(), 64);
    namespace.create(&sealed);
    namespace.wait_synced("db", ConditionStatus::True);
    let secret: Secret = namespace.wait_secret("db");
    assert_eq!(secret.data.unwrap().len(), 64);
}
