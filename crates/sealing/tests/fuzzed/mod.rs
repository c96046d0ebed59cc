//! What must hold for any bytes: bodies of the fuzz targets in `tests/fuzz`, which ordinary tests
//! run too.

use seal_api::DataKeyEntry;
use seal_format::se1::{Binding, DataKey, Fault, SealedValue};
use sealing::{Opening, block, entry, read_sealed};
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
