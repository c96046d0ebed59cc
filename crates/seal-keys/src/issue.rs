//! A new sealing key and its self-signed certificate (contract §1.5).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256,
};

use crate::certificate::{Certificate, CertificateError};
use crate::private_key::{PrivateKey, PrivateKeyError};

/// A new key pair.
pub struct Issued {
    /// The private half.
    pub key: PrivateKey,
    /// The public half, self-signed.
    pub certificate: Certificate,
}

/// Why no key was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The library makes keys of these sizes only.
    #[error("cannot make an RSA key of {0} bits: use 2048, 3072, 4096 or 8192")]
    KeySize(u32),
    /// The validity runs past the end of time.
    #[error("the certificate's validity does not fit a calendar")]
    Validity,
    /// The library failed; its reason holds nothing secret, for there is nothing yet.
    #[error("cannot generate an RSA key and certificate")]
    Generate,
    /// What was made cannot be read back.
    #[error("the new certificate cannot be read back")]
    Certificate(#[from] CertificateError),
    /// What was made cannot be read back.
    #[error("the new private key {0}")]
    PrivateKey(#[from] PrivateKeyError),
}

/// Makes an RSA key of `bits` and a certificate valid from `now` for `validity`, with
/// `common_name` (may be empty). Takes seconds of CPU time for 4096 bits.
pub fn issue(
    bits: u32,
    common_name: &str,
    now: Timestamp,
    validity: SignedDuration,
) -> Result<Issued, IssueError> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        8192 => KeySize::Rsa8192,
        other => return Err(IssueError::KeySize(other)),
    };
    let generated = PrivateDecryptingKey::generate(size).map_err(|_| IssueError::Generate)?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&generated).map_err(|_| IssueError::Generate)?;
    let key = PrivateKey::from_pkcs8_der(der.as_ref())?;
    let certificate = self_signed(&key, common_name, now, validity)?;
    Ok(Issued { key, certificate })
}

fn self_signed(
    key: &PrivateKey,
    common_name: &str,
    now: Timestamp,
    validity: SignedDuration,
) -> Result<Certificate, IssueError> {
    let mut params = described(common_name, now, validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::EncipherOnly];
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.pkcs8_der().into(), &PKCS_RSA_SHA256)
        .map_err(|_| IssueError::Generate)?;
    let signed = params
        .self_signed(&pair)
        .map_err(|_| IssueError::Generate)?;
    Ok(Certificate::from_der(signed.der().to_vec())?)
}

/// Subject and validity of a certificate.
pub(crate) fn described(
    common_name: &str,
    now: Timestamp,
    validity: SignedDuration,
) -> Result<CertificateParams, IssueError> {
    let end = now
        .checked_add(validity)
        .map_err(|_| IssueError::Validity)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if !common_name.is_empty() {
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
    }
    params.not_before = calendar(now)?;
    params.not_after = calendar(end)?;
    Ok(params)
}

fn calendar(time: Timestamp) -> Result<time::OffsetDateTime, IssueError> {
    time::OffsetDateTime::from_unix_timestamp(time.as_second()).map_err(|_| IssueError::Validity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity as _, Recipient as _, RsaIdentity};

    #[test]
    fn a_new_key_opens_what_its_certificate_sealed() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let issued = issue(2048, "seal test", now, SignedDuration::from_hours(24)).unwrap();
        assert_eq!(issued.certificate.not_before(), now);
        assert_eq!(
            issued.certificate.not_after(),
            now + SignedDuration::from_hours(24)
        );

        let pem = issued.key.to_pkcs1_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
        let key = PrivateKey::from_pem(pem.as_bytes()).unwrap();
        let identity = RsaIdentity::new(&key).unwrap();
        let certificate = Certificate::from_pem(issued.certificate.to_pem().as_bytes()).unwrap();
        let recipient = certificate.recipient(now).unwrap();
        let wrapped = recipient.wrap(&[7; 32], b"demo/app").unwrap();
        assert_eq!(
            identity.unwrap(&wrapped, b"demo/app").unwrap().as_slice(),
            [7; 32]
        );
        assert!(identity.unwrap(&wrapped, b"demo/other").is_err());
        assert!(identity.unwrap(&wrapped[1..], b"demo/app").is_err());
    }

    #[test]
    fn an_expired_certificate_is_refused_with_its_date() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let issued = issue(2048, "", now, SignedDuration::from_hours(1)).unwrap();
        let later = now + SignedDuration::from_hours(2);
        let error = issued.certificate.recipient(later).err().unwrap();
        assert_eq!(
            error.to_string(),
            "failed to encrypt using an expired certificate on January 15, 2027"
        );
    }

    #[test]
    fn odd_sizes_are_refused() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(matches!(
            issue(1024, "", now, SignedDuration::ZERO),
            Err(IssueError::KeySize(1024))
        ));
    }
}
