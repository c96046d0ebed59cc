//! A certificate for a public key whose private half is elsewhere: in AWS KMS, which signs nothing with
//! a key that decrypts.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    SubjectPublicKeyInfo,
};

use crate::certificate::{Certificate, KMS_HELD};
use crate::issue::{IssueError, described};

/// Makes a certificate for an RSA key in KMS, valid from `now` for `validity`. `spki` is the key's
/// `SubjectPublicKeyInfo` (DER). The issuer's key is thrown away: sealing never looks at the issuer, and
/// nobody can make a second certificate in its name.
///
/// The subject's unit says where the private half is ([`Certificate::is_kms_held`]).
///
/// # Errors
/// [`IssueError::Validity`], [`IssueError::Generate`], [`IssueError::Certificate`] for a key that is
/// not RSA.
pub fn certify(
    spki: &[u8],
    common_name: &str,
    now: Timestamp,
    validity: SignedDuration,
) -> Result<Certificate, IssueError> {
    let mut params = described(common_name, now, validity)?;
    let failed = |_| IssueError::Generate;
    let mut of_issuer = CertificateParams::default();
    of_issuer.distinguished_name = DistinguishedName::new();
    of_issuer
        .distinguished_name
        .push(DnType::CommonName, "thrown away");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let issuer = Issuer::new(of_issuer, key);

    params
        .distinguished_name
        .push(DnType::OrganizationalUnitName, KMS_HELD);
    let public = SubjectPublicKeyInfo::from_der(spki).map_err(failed)?;
    let signed = params.signed_by(&public, &issuer).map_err(failed)?;
    let certificate = Certificate::from_der(signed.der().to_vec())?;
    // What is sealed for another key would never open.
    if certificate.spki() == spki {
        Ok(certificate)
    } else {
        Err(IssueError::Generate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity as _, Recipient as _, RsaIdentity, issue};

    #[test]
    fn what_is_sealed_for_it_opens_with_the_private_half() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let hour = SignedDuration::from_hours(1);
        let key = issue(2048, "", now, hour).unwrap();
        let certificate = certify(key.certificate.spki(), "seal", now, hour).unwrap();
        let read = Certificate::from_pem(certificate.to_pem().as_bytes()).unwrap();
        assert_eq!(read.fingerprint(), key.certificate.fingerprint());
        assert_eq!((read.not_before(), read.not_after()), (now, now + hour));
        assert!(read.is_kms_held() && !key.certificate.is_kms_held());
        let wrapped = read.recipient(now).unwrap().wrap(&[7; 40], b"").unwrap();
        let identity = RsaIdentity::new(&key.key).unwrap();
        assert_eq!(identity.unwrap(&wrapped, b"").unwrap().as_slice(), [7; 40]);
    }

    #[test]
    fn what_is_no_rsa_key_is_refused() {
        let now = Timestamp::UNIX_EPOCH;
        let hour = SignedDuration::from_hours(1);
        assert!(certify(b"", "", now, hour).is_err());
        assert!(certify(&[0x30, 0], "", now, hour).is_err());
    }
}
