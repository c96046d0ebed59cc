//! What must hold for any bytes: bodies of the fuzz targets in `tests/fuzz`, which ordinary tests
//! run too.

use seal_api::DataKeyEntry;
use seal_format::se1::{Binding, DataKey, Fault, SealedValue};
use seal_format::{Envelope, Scope};
use sealing::{Opening, Sealing, block, entry, read_sealed, read_secrets};
use zeroize::Zeroizing;

/// A value has one spelling, and opens under no key that did not seal it.
pub(crate) fn value(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(value) = SealedValue::from_text(text) else {
        return;
    };
    assert_eq!(value.to_string(), text, "read back");
    let key = DataKey::from_fresh_bytes(Zeroizing::new([7; 32]));
    let object = Binding::from_text("cluster-wide").expect("a binding");
    let opened = key.open(&object, "item", &value);
    assert_eq!(opened.err(), Some(Fault::BadValue));
}

/// An entry of `spec.dataKeys` has one spelling (but for the last line feed of armor), and is no
/// one's who does not know its key.
pub(crate) fn data_key(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<(String, DataKeyEntry)>(bytes) else {
        return;
    };
    let (id, mut read) = read;
    let Ok(block) = block(&id, &read) else {
        return;
    };
    for wrap in &mut read.wraps {
        if wrap.enc.ends_with("FILE-----") {
            wrap.enc.push('\n');
        }
    }
    assert_eq!(entry(&block), read, "read back");
    let object = block.bound_to().clone();
    for unwrapped in [
        &[][..],
        &[7; 40],
        b"seal/se1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert!(
            block.verify(unwrapped, &object).is_err(),
            "a stranger's key"
        );
    }
}

/// A file is read, or refused; phase one never fails otherwise.
pub(crate) fn file(bytes: &[u8]) {
    let Ok(documents) = seal_manifest::read(bytes) else {
        return;
    };
    for document in &documents {
        let Ok(sealed) = read_sealed(document) else {
            continue;
        };
        let namespace = sealed.namespace.as_deref().unwrap_or_default();
        let opening = Opening::prepare(&sealed.spec, sealed.scope, namespace, &sealed.name);
        let Ok(opening) = opening else { continue };
        assert!(opening.data_keys().count() <= 64, "limits come first");
        for need in opening.data_keys() {
            assert!(need.block.bound_to() == need.object, "bound to this object");
        }
    }
}

/// Input of `seal`: what is read of it reads the same once it was written, and what is sealed of it is read
/// as sealed.
pub(crate) fn document(bytes: &[u8]) {
    let Ok(documents) = seal_manifest::read(bytes) else {
        return;
    };
    for document in &documents {
        let value = document.root().to_json();
        let yaml = seal_manifest::write_yaml(&value);
        let again = seal_manifest::read(yaml.as_bytes()).expect("ours is read");
        let again = again.first().map(|again| again.root().to_json());
        let again = seal_manifest::write_yaml(&again.unwrap_or_default());
        assert_eq!(again, yaml, "read back");
        let Ok(secrets) = read_secrets(document) else {
            continue;
        };
        for secret in secrets.secrets {
            let random = &mut || Some(Zeroizing::new([7; 32]));
            let Ok(sealing) = Sealing::prepare(secret, Scope::ClusterWide, random) else {
                continue;
            };
            let wraps = sealing.needs().map(|_| vec![9; 256]).collect();
            let sealed = sealing.finish(wraps).expect("a SealedSecret");
            let json = seal_manifest::write_json(&sealed).expect("JSON");
            let read = seal_manifest::read(json.as_bytes()).expect("ours is read");
            assert!(read.iter().all(|sealed| read_sealed(sealed).is_ok()));
        }
    }
}

/// A value of Sealed Secrets' format is split and put together again.
pub(crate) fn legacy(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::from_bytes(bytes) {
        assert_eq!(envelope.to_bytes().as_deref(), Ok(bytes), "read back");
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(envelope) = Envelope::from_text(text) {
        let again = envelope.to_text().expect("text");
        assert_eq!(Envelope::from_text(&again), Ok(envelope), "read back");
    }
}
