//! SE1 objects from Secret to Secret, with RSA recipients.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test: what does not hold should stop it"
)]

use std::collections::BTreeMap;

use seal_api::{SealedSecretSpec, TemplateMetadata};
use seal_format::Scope;
use seal_format::se1::{Binding, Fault, MAX_DOCUMENT, RecipientName, Wrap};
use sealing::{
    Answers, ItemError, OpenedSecret, Opening, PlainSecret, Se1Sealing, SealError, SealedItems,
    SealedManifest,
};
use template::{GoTemplate, Limits};
use zeroize::Zeroizing;

/// Wraps nothing: the wrap is the data key itself. What recipients do is tested with them.
fn bare(key: &[u8], name: &str) -> Wrap {
    Wrap {
        to: RecipientName::from_text(&format!("rsa:{}", name.repeat(64))).unwrap(),
        blob: key.to_vec(),
    }
}

fn counting() -> impl FnMut(&mut [u8]) -> bool {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(3);
            *byte = next;
        }
        true
    }
}

fn sealed(scope: Scope) -> SealedManifest {
    let value = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    let secret = PlainSecret {
        metadata: TemplateMetadata {
            name: Some("db".into()),
            namespace: Some("prod".into()),
            ..TemplateMetadata::default()
        },
        data: BTreeMap::from([("A".into(), value("one")), ("B".into(), value(""))]),
        ..PlainSecret::default()
    };
    let sealing = Se1Sealing::prepare(secret, scope, &mut counting()).unwrap();
    let key = sealing.to_wrap();
    sealing
        .finish(vec![bare(&key, "b"), bare(&key, "a")])
        .unwrap()
}

fn open(spec: &SealedSecretSpec, scope: Scope, name: &str) -> Result<OpenedSecret, Fault> {
    let class = |error: sealing::OpenError| error.fault().expect("a class of SE1");
    let opening = Opening::prepare(spec, scope, "prod", name).map_err(class)?;
    let data_keys = opening
        .data_keys()
        .map(|need| Ok(Zeroizing::new(need.block.wraps()[0].blob.clone())))
        .collect();
    let answers = Answers {
        data_keys,
        ..Answers::default()
    };
    let engine = GoTemplate::new(Limits::default());
    opening.finish(&answers, &engine).map_err(class)
}

#[test]
fn one_data_key_serves_every_value_and_every_recipient() {
    for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
        let sealed = sealed(scope);
        assert_eq!(sealed.spec.data_keys.len(), 1);
        let entry = sealed.spec.data_keys.values().next().unwrap();
        assert!(entry.wraps[0].to < entry.wraps[1].to, "sorted");
        let opened = open(&sealed.spec, scope, "db").unwrap();
        assert_eq!(opened.data["A"].as_slice(), b"one");
        assert_eq!(opened.data["B"].as_slice(), b"");
    }
}

type Attack = fn(&mut SealedSecretSpec);

const ATTACKS: &[(&str, Attack, Fault)] = &[
    (
        "items swapped",
        |spec| {
            let (a, b) = (
                spec.encrypted_data["A"].clone(),
                spec.encrypted_data["B"].clone(),
            );
            spec.encrypted_data = BTreeMap::from([("A".into(), b), ("B".into(), a)]);
        },
        Fault::BadValue,
    ),
    (
        "recipient removed",
        |spec| {
            spec.data_keys.values_mut().next().unwrap().wraps.pop();
        },
        Fault::BadMac,
    ),
    (
        "key removed",
        |spec| spec.data_keys.clear(),
        Fault::MissingDataKey,
    ),
    (
        "wraps reordered",
        |spec| {
            let entry = spec.data_keys.values_mut().next().unwrap();
            entry.wraps.reverse();
        },
        Fault::NotCanonical,
    ),
    (
        "recipient repeated",
        |spec| {
            let entry = spec.data_keys.values_mut().next().unwrap();
            entry.wraps.push(entry.wraps[1].clone());
        },
        Fault::NotCanonical,
    ),
    (
        "scope flipped",
        |spec| {
            let entry = spec.data_keys.values_mut().next().unwrap();
            entry.bound_to = "namespace-wide/prod".into();
        },
        Fault::WrongScope,
    ),
    (
        "id changed",
        |spec| {
            let entry = spec.data_keys.values().next().unwrap().clone();
            spec.data_keys.insert("kaaaaaaaaaaa".into(), entry);
        },
        Fault::BadId,
    ),
    (
        "too many keys",
        |spec| {
            let entry = spec.data_keys.values().next().unwrap().clone();
            for number in 0..64 {
                spec.data_keys.insert(number.to_string(), entry.clone());
            }
        },
        Fault::TooMany,
    ),
    (
        "a later version",
        |spec| {
            spec.encrypted_data.insert("C".into(), "se2.x.y".into());
        },
        Fault::UnknownVersion,
    ),
];

#[test]
fn attacks_have_their_class() {
    for (what, attack, fault) in ATTACKS {
        let mut spec = sealed(Scope::Strict).spec;
        attack(&mut spec);
        let found = open(&spec, Scope::Strict, "db").err();
        assert_eq!(found, Some(*fault), "{what}");
    }
    let moved = open(&sealed(Scope::Strict).spec, Scope::Strict, "other").err();
    assert_eq!(moved, Some(Fault::MovedObject));
    let mut forged = sealed(Scope::Strict).spec;
    forged.data_keys.values_mut().next().unwrap().bound_to = "strict/prod/other".into();
    let found = open(&forged, Scope::Strict, "other").err();
    assert_eq!(found, Some(Fault::BadMac));
}

/// Legacy values count for the limit, and are not even decoded above it.
#[test]
fn the_size_is_looked_at_first() {
    let mut spec = sealed(Scope::Strict).spec;
    let no_base64 = "!".repeat(MAX_DOCUMENT);
    spec.encrypted_data.insert("C".into(), no_base64);
    let found = open(&spec, Scope::Strict, "db").err();
    assert_eq!(found, Some(Fault::TooLarge));
}

#[test]
fn items_added_later_have_a_key_of_their_own() {
    let mut spec = sealed(Scope::Strict).spec;
    let object = Binding::from_text("strict/prod/db").unwrap();
    let more = BTreeMap::from([("C".to_owned(), Zeroizing::new(b"three".to_vec()))]);
    let mut random = |bytes: &mut [u8]| {
        bytes.fill(77);
        true
    };
    let items = SealedItems::seal(&more, object, &mut random).unwrap();
    let wrap = bare(&items.to_wrap(), "c");
    let finished = items.finish(vec![wrap]).unwrap();
    spec.data_keys.insert(finished.id, finished.entry);
    spec.encrypted_data.extend(finished.values);
    let opened = open(&spec, Scope::Strict, "db").unwrap();
    assert_eq!(opened.data.len(), 3);
    // A value that nobody needs any more leaves its key behind; that is no error.
    spec.encrypted_data.remove("C");
    assert_eq!(open(&spec, Scope::Strict, "db").unwrap().data.len(), 2);
}

#[test]
fn bad_names_and_repeated_recipients_are_not_sealed() {
    let object = Binding::from_text("cluster-wide").unwrap();
    let item = |name: &str| BTreeMap::from([(name.to_owned(), Zeroizing::new(Vec::new()))]);
    assert!(SealedItems::seal(&item("a b"), object.clone(), &mut counting()).is_err());
    let items = SealedItems::seal(&item("a"), object, &mut counting()).unwrap();
    let key = items.to_wrap();
    assert!(
        items
            .finish(vec![bare(&key, "a"), bare(&key, "a")])
            .is_err()
    );
    let error = ItemError::from(Fault::NoIdentity).to_string();
    assert!(error.contains("no wrap"), "{error}");
}

#[test]
fn what_no_reader_would_take_is_not_sealed() {
    let secret = |names: &[&str], length: usize| PlainSecret {
        metadata: TemplateMetadata {
            name: Some("db".into()),
            namespace: Some("prod".into()),
            ..TemplateMetadata::default()
        },
        data: names
            .iter()
            .map(|name| ((*name).to_owned(), Zeroizing::new(vec![b'x'; length])))
            .collect(),
        ..PlainSecret::default()
    };
    let seal = |secret| {
        let sealing = Se1Sealing::prepare(secret, Scope::Strict, &mut counting())?;
        let key = sealing.to_wrap();
        sealing.finish(vec![bare(&key, "a")])
    };
    // Each is allowed alone; in base64 three are more than 3 MiB.
    assert!(seal(secret(&["A", "B"], 1 << 20)).is_ok());
    let error = seal(secret(&["A", "B", "C"], 1 << 20)).err();
    assert_eq!(error, Some(SealError::TooLarge));
    let sealing = Se1Sealing::prepare(secret(&["A"], 1), Scope::Strict, &mut counting()).unwrap();
    let wrap = bare(&[0; 8 * 1024 + 1], "a");
    let error = sealing.finish(vec![wrap]).err();
    assert_eq!(error, Some(SealError::Recipients(Fault::TooLarge)));
    for name in ["a b", "..", "..a", "", "a/b"] {
        let error = seal(secret(&[name], 1)).err();
        assert_eq!(error, Some(SealError::ItemName(name.into())));
    }
}

#[test]
fn an_error_names_a_screenful_of_items() {
    let values = (100..2100).map(|number| (format!("k{number}"), "se1.".to_owned()));
    let spec = SealedSecretSpec {
        encrypted_data: values.collect(),
        ..SealedSecretSpec::default()
    };
    let error = Opening::prepare(&spec, Scope::Strict, "prod", "db")
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("(k100, k1000, k1001,"), "{error}");
    assert!(error.ends_with(" and 1990 more)"), "{error}");
}
