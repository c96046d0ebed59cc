//! What must hold for any bytes: the body of the fuzz target `pem` in `tests/fuzz`, which an ordinary test runs
//! too.

use jiff::Timestamp;
use seal_keys::{Certificate, PrivateKey};

/// A certificate or private keys are read, or refused; what was read has one spelling.
pub(crate) fn pem(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::from_pem(bytes) {
        let text = certificate.to_pem();
        let again = Certificate::from_pem(text.as_bytes()).expect("ours is read");
        assert_eq!(again.fingerprint(), certificate.fingerprint(), "read back");
        let _ = certificate.recipient(Timestamp::UNIX_EPOCH);
    }
    let Ok(keys) = PrivateKey::all_from_pem(bytes) else {
        return;
    };
    for key in keys {
        let text = key.to_pkcs1_pem().expect("PEM");
        let again = PrivateKey::from_pem(text.as_bytes()).expect("ours is read");
        assert!(again.pkcs8_der() == key.pkcs8_der(), "read back");
    }
}
