//! What holds for all bytes: reading back what was written, and never a panic.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use seal_format::{Envelope, Scope, SessionKey};
use zeroize::Zeroizing;

fn bytes(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), length)
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop::sample::select(vec![
        Scope::Strict,
        Scope::NamespaceWide,
        Scope::ClusterWide,
    ])
}

proptest! {
    #[test]
    fn an_envelope_reads_back(wrapped_key in bytes(0..1100), payload in bytes(16..200)) {
        let envelope = Envelope { wrapped_key, payload };
        let written = envelope.to_bytes().unwrap();
        prop_assert_eq!(written.len(), 2 + envelope.wrapped_key.len() + envelope.payload.len());
        prop_assert_eq!(&Envelope::from_bytes(&written).unwrap(), &envelope);
        let text = envelope.to_text().unwrap();
        prop_assert_eq!(&Envelope::from_text(&text).unwrap(), &envelope);
    }

    #[test]
    fn what_reads_writes_the_same_bytes(bytes in bytes(0..700)) {
        if let Ok(envelope) = Envelope::from_bytes(&bytes) {
            prop_assert_eq!(envelope.to_bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn any_text_is_an_answer(text in any::<String>(), base64ish in "[A-Za-z0-9+/=\r\n-]{0,90}") {
        for text in [text, base64ish] {
            if let Ok(envelope) = Envelope::from_text(&text) {
                prop_assert!(envelope.to_text().is_ok());
            }
        }
    }

    #[test]
    fn line_breaks_do_not_matter(wrapped_key in bytes(0..300), width in 1_usize..80) {
        let envelope = Envelope { wrapped_key, payload: vec![1; 16] };
        let text = envelope.to_text().unwrap().into_bytes();
        let broken: Vec<_> = text.chunks(width).map(|line| String::from_utf8_lossy(line)).collect();
        prop_assert_eq!(Envelope::from_text(&broken.join("\r\n")).unwrap(), envelope);
    }

    #[test]
    fn a_payload_opens_under_its_key_only(
        key in any::<[u8; 32]>(), plaintext in bytes(0..300), bit in any::<prop::sample::Index>()
    ) {
        let seal = |key| SessionKey::from_fresh_bytes(Zeroizing::new(key));
        let payload = seal(key).seal(&plaintext).unwrap();
        let opened = seal(key).open(&payload).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
        let bit = bit.index(payload.len() * 8);
        let mut changed = payload.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(seal(key).open(&changed).is_err());
        let mut other = key;
        other[bit % 32] ^= 1;
        prop_assert!(seal(other).open(&payload).is_err());
        prop_assert!(seal(key).open(&payload[1..]).is_err());
    }

    /// Kubernetes allows no slash in names: two places never share a label.
    #[test]
    fn labels_tell_places_apart(
        one in ("[a-z0-9-]{1,9}", "[a-z0-9.-]{1,9}"), other in ("[a-z0-9-]{1,9}", "[a-z0-9.-]{1,9}"),
        scope in scopes(), other_scope in scopes(),
    ) {
        let label = scope.label(&one.0, &one.1);
        let other_label = other_scope.label(&other.0, &other.1);
        if scope == other_scope {
            let same_place = match scope {
                Scope::Strict => one == other,
                Scope::NamespaceWide => one.0 == other.0,
                Scope::ClusterWide => true,
            };
            prop_assert_eq!(label == other_label, same_place);
        } else {
            prop_assert_ne!(label, other_label);
        }
    }

    #[test]
    fn scopes_read_back(scope in scopes(), text in "[a-z-]{1,14}") {
        prop_assert_eq!(scope.to_string().parse(), Ok(scope));
        if let Ok(scope) = text.parse::<Scope>() {
            prop_assert_eq!(scope.as_str(), text);
        }
    }
}
