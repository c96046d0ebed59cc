//! From a file to its key and certificates.

use cms::content_info::{CmsVersion, ContentInfo};
use cms::encrypted_data::EncryptedData;
use der::Decode;
use der::asn1::{ContextSpecific, OctetStringRef};
use pkcs12::cert_type::CertBag;
use pkcs12::pbe_params::EncryptedPrivateKeyInfo;
use pkcs12::pfx::Pfx;
use pkcs12::safe_bag::{SafeBag, SafeContents};
use pkcs12::{
    PKCS_12_CERT_BAG_OID, PKCS_12_KEY_BAG_OID, PKCS_12_PKCS8_KEY_BAG_OID, PKCS_12_X509_CERT_OID,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{DATA, ENCRYPTED_DATA, Password, Store, cipher, mac};
use crate::certificate::Certificate;
use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::private_key::PrivateKey;

/// Reads a file with one key. The MAC is verified before anything is decrypted; only a file without
/// password may lack it.
pub(crate) fn read(file: &[u8], password: &Password, meter: &mut Meter) -> Result<Store, Fault> {
    // The parts, their copies, and what is decrypted.
    meter.bytes(4 * file.len())?;
    let file: Pfx = parse(file)?;
    if file.auth_safe.content_type != DATA {
        return Err(Failure::Unsupported.into());
    }
    let content: OctetStringRef<'_> = inside(&file.auth_safe)?;
    let content = content.as_bytes();
    let nothing = Password::nothing();
    let empty = password.is_empty();
    let password = match &file.mac_data {
        None if empty => password,
        Some(mac) if mac::holds(mac, content, password, meter)? => password,
        Some(mac) if empty && mac::holds(mac, content, &nothing, meter)? => &nothing,
        _ => return Err(Failure::WrongPassword.into()),
    };
    let parts: Vec<ContentInfo> = parse(content)?;
    if !(1..=2).contains(&parts.len()) {
        return Err(Failure::Unsupported.into());
    }
    let (mut key, mut certificates) = (None, Vec::new());
    for part in &parts {
        let plain = contents(part, password, meter)?;
        let bags: SafeContents = parse(&plain)?;
        for mut bag in bags {
            meter.steps(1)?;
            let found = open(&bag, password, meter);
            bag.bag_value.zeroize();
            match found? {
                Found::Key(found) if key.is_none() => key = Some(found),
                Found::Key(_) => return Err(Failure::Unsupported.into()),
                Found::Certificate(found) => certificates.push(found),
                Found::Other => {}
            }
        }
    }
    match key {
        Some(key) if !certificates.is_empty() => Ok(Store { key, certificates }),
        _ => Err(Failure::MissingValue.into()),
    }
}

fn contents(
    part: &ContentInfo,
    password: &Password,
    meter: &mut Meter,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    match part.content_type {
        DATA => {
            let plain: OctetStringRef<'_> = inside(part)?;
            Ok(Zeroizing::new(plain.as_bytes().to_vec()))
        }
        ENCRYPTED_DATA => {
            let data: EncryptedData = inside(part)?;
            if data.version != CmsVersion::V0 {
                return Err(Failure::Unsupported.into());
            }
            let info = data.enc_content_info;
            let encrypted = info.encrypted_content.ok_or(Failure::Unparsable)?;
            cipher::decrypt(&info.content_enc_alg, encrypted.as_bytes(), password, meter)
        }
        _ => Err(Failure::Unsupported.into()),
    }
}

enum Found {
    Key(PrivateKey),
    Certificate(Certificate),
    Other,
}

fn open(bag: &SafeBag, password: &Password, meter: &mut Meter) -> Result<Found, Fault> {
    match bag.bag_id {
        PKCS_12_CERT_BAG_OID => {
            let bag: CertBag = value(bag)?;
            if bag.cert_id != PKCS_12_X509_CERT_OID {
                return Err(Failure::Unsupported.into());
            }
            Certificate::parse(bag.cert_value.as_bytes()).map(Found::Certificate)
        }
        PKCS_12_KEY_BAG_OID => {
            let explicit: ContextSpecific<der::AnyRef<'_>> = parse(&bag.bag_value)?;
            let key = der::Encode::to_der(&explicit.value).map_err(|_| Failure::Unparsable)?;
            PrivateKey::from_pkcs8(&Zeroizing::new(key)).map(Found::Key)
        }
        PKCS_12_PKCS8_KEY_BAG_OID => {
            let shrouded: EncryptedPrivateKeyInfo = value(bag)?;
            let encrypted = shrouded.encrypted_data.as_bytes();
            let algorithm = &shrouded.encryption_algorithm;
            let key = cipher::decrypt(algorithm, encrypted, password, meter)?;
            PrivateKey::from_pkcs8(&key).map(Found::Key)
        }
        _ => Ok(Found::Other),
    }
}

fn value<'b, T: Decode<'b> + der::Tagged>(bag: &'b SafeBag) -> Result<T, Fault> {
    let explicit: ContextSpecific<T> = parse(&bag.bag_value)?;
    Ok(explicit.value)
}

fn inside<'i, T>(info: &'i ContentInfo) -> Result<T, Fault>
where
    T: der::Choice<'i> + der::DecodeValue<'i>,
{
    info.content
        .decode_as()
        .map_err(|_| Failure::Unparsable.into())
}

fn parse<'d, T: Decode<'d>>(der: &'d [u8]) -> Result<T, Fault> {
    T::from_der(der).map_err(|_| Failure::Unparsable.into())
}
