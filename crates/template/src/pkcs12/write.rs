//! From keys and certificates to a file, as OpenSSL and Go lay it out: certificates in a part that is
//! encrypted as a whole, the key encrypted for itself.

use cms::content_info::{CmsVersion, ContentInfo};
use cms::encrypted_data::EncryptedData;
use cms::enveloped_data::EncryptedContentInfo;
use der::asn1::{Any, BmpString, ObjectIdentifier, OctetString, SetOfVec};
use der::{Encode, EncodeValue, Tagged};
use pkcs12::cert_type::CertBag;
use pkcs12::pbe_params::EncryptedPrivateKeyInfo;
use pkcs12::pfx::{Pfx, Version};
use pkcs12::safe_bag::SafeBag;
use pkcs12::{PKCS_12_CERT_BAG_OID, PKCS_12_PKCS8_KEY_BAG_OID, PKCS_12_X509_CERT_OID};
use sha1::{Digest as _, Sha1};
use x509_cert::attr::{Attribute, Attributes};

use super::{DATA, ENCRYPTED_DATA, Password, Store, cipher, mac};
use crate::certificate::{self, Certificate};
use crate::entropy::Stream;
use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::subject;

const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
/// Tells Java for which uses a certificate is trusted.
const JAVA_TRUST: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// A key with its certificate and those above it.
pub(crate) fn key_store(
    store: &Store,
    password: &Password,
    stream: &mut Stream,
    meter: &mut Meter,
) -> Result<Vec<u8>, Fault> {
    let (own, above) = store
        .certificates
        .split_first()
        .ok_or(Failure::MissingValue)?;
    let id = octets(&Sha1::digest(&own.der))?;
    let its_id = || attributes([attribute(LOCAL_KEY_ID, &id)?]);
    let mut bags = vec![certificate_bag(own, Some(its_id()?))?];
    for certificate in above {
        bags.push(certificate_bag(certificate, None)?);
    }
    let certificates = encrypted(&bags, password, stream, meter)?;
    let plain = store.key.to_pkcs8()?;
    let (encryption_algorithm, data) = cipher::encrypt(&plain, password, stream, meter)?;
    let shrouded = EncryptedPrivateKeyInfo {
        encryption_algorithm,
        encrypted_data: octets(&data)?,
    };
    let key = SafeBag {
        bag_id: PKCS_12_PKCS8_KEY_BAG_OID,
        bag_value: written(&shrouded)?,
        bag_attributes: Some(its_id()?),
    };
    let key = content(DATA, &octets(&written(&vec![key])?)?)?;
    file(&[certificates, key], password, stream, meter)
}

/// Certificates to be trusted, filed by their subjects.
pub(crate) fn trust_store(
    certificates: &[Certificate],
    password: &Password,
    stream: &mut Stream,
    meter: &mut Meter,
) -> Result<Vec<u8>, Fault> {
    let mut bags = Vec::with_capacity(certificates.len());
    for certificate in certificates {
        let name = subject::text(certificate::parsed(&certificate.der)?.subject())?;
        let name = BmpString::from_utf8(&name).map_err(|_| Failure::Unparsable)?;
        let about = [
            attribute(JAVA_TRUST, &ANY_USAGE)?,
            attribute(FRIENDLY_NAME, &name)?,
        ];
        bags.push(certificate_bag(certificate, Some(attributes(about)?))?);
    }
    let part = encrypted(&bags, password, stream, meter)?;
    file(&[part], password, stream, meter)
}

fn file(
    parts: &[ContentInfo],
    password: &Password,
    stream: &mut Stream,
    meter: &mut Meter,
) -> Result<Vec<u8>, Fault> {
    let safe = written(&parts.to_vec())?;
    let salt: [u8; 16] = stream.bytes()?;
    written(&Pfx {
        version: Version::V3,
        auth_safe: content(DATA, &octets(&safe)?)?,
        mac_data: Some(mac::make(&safe, password, &salt, meter)?),
    })
}

fn encrypted(
    bags: &Vec<SafeBag>,
    password: &Password,
    stream: &mut Stream,
    meter: &mut Meter,
) -> Result<ContentInfo, Fault> {
    let (content_enc_alg, data) = cipher::encrypt(&written(bags)?, password, stream, meter)?;
    let data = EncryptedData {
        version: CmsVersion::V0,
        enc_content_info: EncryptedContentInfo {
            content_type: DATA,
            content_enc_alg,
            encrypted_content: Some(octets(&data)?),
        },
        unprotected_attrs: None,
    };
    content(ENCRYPTED_DATA, &data)
}

fn certificate_bag(
    certificate: &Certificate,
    bag_attributes: Option<Attributes>,
) -> Result<SafeBag, Fault> {
    let bag = CertBag {
        cert_id: PKCS_12_X509_CERT_OID,
        cert_value: octets(&certificate.der)?,
    };
    Ok(SafeBag {
        bag_id: PKCS_12_CERT_BAG_OID,
        bag_value: written(&bag)?,
        bag_attributes,
    })
}

fn attribute<T: Tagged + EncodeValue>(
    oid: ObjectIdentifier,
    value: &T,
) -> Result<Attribute, Fault> {
    let values = [any(value)?];
    let values = SetOfVec::try_from(values).map_err(|_| Failure::Unparsable)?;
    Ok(Attribute { oid, values })
}

fn attributes<const N: usize>(attributes: [Attribute; N]) -> Result<Attributes, Fault> {
    SetOfVec::try_from(attributes).map_err(|_| Failure::Unparsable.into())
}

fn content<T: Tagged + EncodeValue>(
    content_type: ObjectIdentifier,
    value: &T,
) -> Result<ContentInfo, Fault> {
    Ok(ContentInfo {
        content_type,
        content: any(value)?,
    })
}

fn any<T: Tagged + EncodeValue>(value: &T) -> Result<Any, Fault> {
    Any::encode_from(value).map_err(|_| Failure::Unparsable.into())
}

fn octets(bytes: &[u8]) -> Result<OctetString, Fault> {
    OctetString::new(bytes).map_err(|_| Failure::Unparsable.into())
}

fn written(value: &impl Encode) -> Result<Vec<u8>, Fault> {
    value.to_der().map_err(|_| Failure::Unparsable.into())
}
