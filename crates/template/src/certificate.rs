//! X.509 certificates, as far as templates look at them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
};
use x509_parser::prelude::FromDer;

use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::pem::{self, Blocks};

pub(crate) const LABEL: &str = "CERTIFICATE";

/// One certificate.
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    /// RFC 5280 §4.2.1.1 and §4.2.1.2.
    authority_key: Option<Vec<u8>>,
    subject_key: Vec<u8>,
}

impl Certificate {
    pub(crate) fn parse(der: &[u8]) -> Result<Self, Fault> {
        let parsed = parsed(der)?;
        let mut certificate = Self {
            der: der.to_vec(),
            authority_key: None,
            subject_key: Vec::new(),
        };
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(key) => {
                    let id = key.key_identifier.as_ref();
                    certificate.authority_key = id.map(|id| id.0.to_vec());
                }
                ParsedExtension::SubjectKeyIdentifier(key) => {
                    certificate.subject_key = key.0.to_vec();
                }
                // Others may be malformed: nobody asks them.
                ParsedExtension::ParseError { .. }
                    if extension.oid == OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER
                        || extension.oid == OID_X509_EXT_SUBJECT_KEY_IDENTIFIER =>
                {
                    return Err(Failure::Unparsable.into());
                }
                _ => {}
            }
        }
        Ok(certificate)
    }

    fn names_itself(&self) -> bool {
        self.authority_key.as_ref() == Some(&self.subject_key)
    }

    pub(crate) fn is_root(&self) -> bool {
        self.authority_key.is_none() || self.names_itself()
    }

    fn is_signed_by(&self, other: &Self) -> bool {
        self.authority_key.as_deref().unwrap_or_default() == other.subject_key
    }
}

/// The certificates of a text, each one in a block of whatever label.
pub(crate) fn all(text: &[u8], meter: &mut Meter) -> Result<Vec<Certificate>, Fault> {
    let mut certificates = Vec::new();
    for block in (Blocks { rest: text }) {
        meter.steps(10)?;
        meter.bytes(2 * block.contents.len())?;
        certificates.push(Certificate::parse(&block.contents)?);
    }
    Ok(certificates)
}

/// From the leaf towards its root. Fails where the certificates are not one chain.
pub(crate) fn chain(
    certificates: Vec<Certificate>,
    meter: &mut Meter,
) -> Result<Vec<Certificate>, Fault> {
    meter.steps(certificates.len().saturating_mul(certificates.len()) / 16)?;
    let signer = |at: usize| {
        let one = certificates.get(at)?;
        let mut others = certificates.iter().enumerate();
        others.position(|(other, signer)| other != at && one.is_signed_by(signer))
    };
    let signers: Vec<Option<usize>> = (0..certificates.len()).map(signer).collect();
    let mut leaves = (0..certificates.len()).filter(|at| !signers.contains(&Some(*at)));
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else {
        return Err(Failure::NotAChain.into());
    };
    let mut order = vec![leaf];
    while let Some(next) = order.last().and_then(|last| signers[*last]) {
        if order.len() == certificates.len() {
            return Err(Failure::NotAChain.into());
        }
        order.push(next);
    }
    let mut certificates: Vec<Option<Certificate>> = certificates.into_iter().map(Some).collect();
    Ok(order
        .into_iter()
        .filter_map(|at| certificates.get_mut(at).and_then(Option::take))
        .collect())
}

/// Some certificates of a chain.
pub(crate) fn of_kind<'c>(kind: &[u8], chain: &'c [Certificate]) -> &'c [Certificate] {
    match (kind, chain) {
        (b"leaf", [leaf, ..]) if !leaf.is_root() => &chain[..1],
        (b"intermediate", [_, above @ ..]) => {
            let end = above.iter().position(Certificate::is_root);
            &above[..end.unwrap_or(above.len())]
        }
        (b"root", [.., last]) if last.is_root() => &chain[chain.len() - 1..],
        _ => &[],
    }
}

/// As PEM, one after the other.
pub(crate) fn write(certificates: &[Certificate]) -> Vec<u8> {
    certificates
        .iter()
        .flat_map(|certificate| pem::write(LABEL, &certificate.der).to_vec())
        .collect()
}

/// Names, then addresses, mail addresses and URIs that a certificate is for.
pub(crate) fn alternative_names(der: &[u8]) -> Result<Vec<String>, Fault> {
    let parsed = parsed(der)?;
    let extension = parsed.subject_alternative_name();
    let names = extension.map_err(|_| Failure::Unparsable)?;
    let names = names.map_or(&[][..], |names| names.value.general_names.as_slice());
    let mut kinds: [Vec<String>; 4] = Default::default();
    for name in names {
        match name {
            GeneralName::DNSName(name) => kinds[0].push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => kinds[1].push(address(bytes)?),
            GeneralName::RFC822Name(name) => kinds[2].push((*name).to_owned()),
            GeneralName::URI(name) => kinds[3].push((*name).to_owned()),
            GeneralName::Invalid(..) => return Err(Failure::Unparsable.into()),
            _ => {}
        }
    }
    Ok(kinds.concat())
}

/// As Go prints it: what stands for an IPv4 address is one.
fn address(bytes: &[u8]) -> Result<String, Failure> {
    let address = if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        IpAddr::V4(Ipv4Addr::from(bytes))
    } else if let Ok(bytes) = <[u8; 16]>::try_from(bytes) {
        IpAddr::V6(Ipv6Addr::from(bytes))
    } else {
        return Err(Failure::Unparsable);
    };
    Ok(address.to_canonical().to_string())
}

pub(crate) fn parsed(der: &[u8]) -> Result<X509Certificate<'_>, Failure> {
    match X509Certificate::from_der(der) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(Failure::Unparsable),
    }
}
