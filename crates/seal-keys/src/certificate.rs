//! Certificates that values are sealed for (contract §3.3).

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::pem_blocks;
use crate::rsa::RsaRecipient;

/// A certificate with an RSA key. Chain, usage and host name do not matter to sealing.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    spki: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
    kms_held: bool,
}

/// The organizational unit in the subject of certificates for keys in AWS KMS.
pub(crate) const KMS_HELD: &str = "seal.kms-held";

/// Why something is not a certificate to seal for.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// No PEM block `CERTIFICATE`; a bare public key is not enough.
    #[error("data does not contain any valid RSA or ECDSA certificates")]
    NoCertificate,
    /// The block is not a readable X.509 certificate.
    #[error("the certificate is damaged")]
    Damaged,
    /// Another kind of key.
    #[error("expected RSA public key but found another kind in the certificate")]
    NotRsa,
    /// An RSA key outside 2048 to 8192 bits.
    #[error("the certificate's RSA key is not of 2048 to 8192 bits")]
    KeySize,
    /// `notAfter` has passed.
    #[error("failed to encrypt using an expired certificate on {}", .0.strftime("%B %-d, %Y"))]
    Expired(Timestamp),
}

impl Certificate {
    /// Reads the first certificate of a PEM text. Other blocks, and blocks with headers, are
    /// skipped.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let block = pem_blocks::blocks(text)
            .find(|block| block.tag() == "CERTIFICATE" && block.headers().iter().next().is_none())
            .ok_or(CertificateError::NoCertificate)?;
        Self::from_der(block.into_contents())
    }

    /// Reads DER.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        let (_, x509) = X509Certificate::from_der(&der).map_err(|_| CertificateError::Damaged)?;
        let spki = x509.public_key();
        if spki.algorithm.algorithm != OID_PKCS1_RSAENCRYPTION {
            return Err(CertificateError::NotRsa);
        }
        let not_before = timestamp(x509.validity().not_before.timestamp());
        let not_after = timestamp(x509.validity().not_after.timestamp());
        let spki = spki.raw.to_vec();
        let mut units = x509.subject().iter_organizational_unit();
        let kms_held = units.any(|unit| unit.as_str() == Ok(KMS_HELD));
        drop(units);
        Ok(Self {
            der,
            spki,
            not_before,
            not_after,
            kms_held,
        })
    }

    /// The recipient behind the certificate, unless it expired before `now`.
    pub fn recipient(&self, now: Timestamp) -> Result<RsaRecipient, CertificateError> {
        if self.not_after < now {
            return Err(CertificateError::Expired(self.not_after));
        }
        RsaRecipient::from_spki(&self.spki).ok_or(CertificateError::KeySize)
    }

    /// Whether it says that its private half is in AWS KMS ([`certify`](crate::certify)), which opens no
    /// legacy values of scope strict or namespace-wide: KMS knows no OAEP label.
    pub fn is_kms_held(&self) -> bool {
        self.kms_held
    }

    /// Start of validity; it orders sealing keys.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// End of validity; [`Timestamp::MAX`] is that of a certificate that says it has none.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The public key (`SubjectPublicKeyInfo`, DER).
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the public key in hexadecimal: names a key in logs and metrics.
    pub fn fingerprint(&self) -> String {
        let digest = digest(&SHA256, &self.spki);
        digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// PEM with LF line endings.
    pub fn to_pem(&self) -> String {
        let block = pem::Pem::new("CERTIFICATE", self.der.as_slice());
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&block, config)
    }
}

/// RFC 5280 (§4.1.2.5) writes "no end" as the last second of the year 9999. Offsets of time zones put that beyond the
/// last instant that the library has.
fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
    use time::{Date, Month, PrimitiveDateTime, Time};

    use super::*;

    fn last_second_of(year: i32) -> time::OffsetDateTime {
        let day = Date::from_calendar_date(year, Month::December, 31).unwrap();
        let second = Time::from_hms(23, 59, 59).unwrap();
        PrimitiveDateTime::new(day, second).assume_utc()
    }

    #[test]
    fn a_validity_may_have_no_end_and_begin_long_ago() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let issued = crate::issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
        let key = issued.key.pkcs8_der().into();
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
        for (from, until, end) in [
            (1949, 9999, "9999-12-30"),
            (0, 9999, "9999-12-30"),
            (1950, 9998, "9998-12-31"),
        ] {
            let mut params = CertificateParams::default();
            params.not_before = last_second_of(from);
            params.not_after = last_second_of(until);
            let der = params.self_signed(&key).unwrap().der().to_vec();
            let read = Certificate::from_der(der).unwrap();
            assert!(read.recipient(now).is_ok(), "{from} {until}");
            assert_eq!(read.not_after().strftime("%F").to_string(), end);
            assert_eq!(read.not_after() == Timestamp::MAX, until == 9999);
            let year = read.not_before().strftime("%Y").to_string();
            assert_eq!(year.parse(), Ok(from));
        }
    }
}
