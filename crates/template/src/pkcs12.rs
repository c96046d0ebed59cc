//! PKCS#12 (RFC 7292), in the files that Go's go-pkcs12 0.6 reads and writes. The ASN.1 types, ciphers and
//! key derivations are libraries'; what is here puts them together.

mod cipher;
mod mac;
mod password;
mod read;
mod write;

pub(crate) use password::Password;
pub(crate) use read::read;
pub(crate) use write::{key_store, trust_store};

use der::asn1::ObjectIdentifier;

use crate::certificate::Certificate;
use crate::error::Fault;
use crate::meter::Meter;
use crate::private_key::PrivateKey;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
/// What writers of today and of 1996 iterate by default.
const ITERATIONS: u32 = 2048;

/// A key and the certificates that come with it, its own first.
pub(crate) struct Store {
    pub(crate) key: PrivateKey,
    pub(crate) certificates: Vec<Certificate>,
}

/// Spends the steps of deriving a key: a file may ask for 2^31 rounds. All renders of one template together
/// get two million.
fn derivation(iterations: i64, meter: &mut Meter) -> Result<(), Fault> {
    const PER_STEP: usize = 20;
    let rounds = usize::try_from(iterations).unwrap_or(1);
    meter.steps(rounds / PER_STEP + 1)
}
