//! What an unwrapped data key is remembered under: SHA-256(E(to, B, blob)) of docs/format.md.

use aws_lc_rs::digest::{Context, SHA256};
use seal_format::se1::{Binding, RecipientName};
use seal_kms::KeyArn;

/// The place is in it, as KMS would not open the wrap of one place for another.
pub(crate) fn of(to: &RecipientName, object: &Binding, blob: &[u8]) -> [u8; 32] {
    let fields = [
        to.as_str().as_bytes(),
        object.scope().as_str().as_bytes(),
        object.namespace().as_bytes(),
        object.name().as_bytes(),
        blob,
    ];
    digest(&fields)
}

/// For a value of the legacy format: the key that opened it, which the value does not name. Two fields are
/// never taken for five.
pub(crate) fn of_legacy(key: &KeyArn, blob: &[u8]) -> [u8; 32] {
    digest(&[key.to_string().as_bytes(), blob])
}

fn digest(fields: &[&[u8]]) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    for field in fields {
        // All of them are shorter than 2^32 bytes: the API server takes no such object.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        digest.update(&length.to_be_bytes());
        digest.update(field);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts_by_itself() {
        let arn = |id: &str| format!("arn:aws:kms:eu-central-1:111122223333:key/{id}");
        let digest = |to: &str, object: &str, blob: &[u8]| {
            let to = RecipientName::from_text(&arn(to)).unwrap();
            of(&to, &Binding::from_text(object).unwrap(), blob)
        };
        let mut digests = vec![
            digest("a", "strict/prod/db", b"x"),
            digest("b", "strict/prod/db", b"x"),
            digest("a", "strict/prod/d", b"bx"),
            digest("a", "strict/pro/db", b"x"),
            digest("a", "namespace-wide/prod", b"x"),
            digest("a", "cluster-wide", b"x"),
            digest("a", "strict/prod/db", b""),
            of_legacy(&arn("a").parse().unwrap(), b"x"),
            of_legacy(&arn("b").parse().unwrap(), b"x"),
            of_legacy(&arn("a").parse().unwrap(), b""),
        ];
        assert_eq!(digests[0], digest("a", "strict/prod/db", b"x"));
        let all = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), all);
    }

    /// By Python's hashlib and struct, from the specification.
    #[test]
    fn agrees_with_the_specification() {
        let to = RecipientName::from_text("arn:aws:kms:eu-central-1:111122223333:key/a").unwrap();
        let object = Binding::from_text("strict/prod/db").unwrap();
        let expected = [
            0x03, 0x5e, 0xc3, 0x0a, 0xbf, 0x6b, 0xf9, 0x2a, 0xef, 0xaa, 0x1b, 0x97, 0xbb, 0x94,
            0x7f, 0xfc, 0xf1, 0xcd, 0xc8, 0xeb, 0x0c, 0x3d, 0x56, 0x0c, 0x3d, 0xfc, 0x66, 0xa2,
            0x39, 0xe0, 0x5d, 0x8c,
        ];
        assert_eq!(of(&to, &object, b"blob"), expected);
    }
}
