//! Whether a server's certificate is believed: as Go's programs decide it, for whom a certificate that is
//! configured as an authority may be the server's own. Small clusters have such ones.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Believes what an authority signed, and the authorities themselves.
#[derive(Debug)]
pub(super) struct Verifier {
    chain: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// `None` if one of the authorities is unreadable.
    pub(super) fn of(roots: &[Vec<u8>]) -> Option<Self> {
        let roots: Vec<CertificateDer<'static>> =
            roots.iter().map(|der| der.clone().into()).collect();
        let mut store = RootCertStore::empty();
        for root in &roots {
            store.add(root.clone()).ok()?;
        }
        let chain = WebPkiServerVerifier::builder(store.into()).build().ok()?;
        Some(Self { chain, roots })
    }

    pub(super) fn check_servers_of(self, tls: &mut ClientConfig) {
        tls.dangerous().set_certificate_verifier(Arc::new(self));
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = &self.chain;
        let signed =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if signed.is_err() && self.roots.contains(end_entity) {
            return itself(end_entity, server_name, now);
        }
        signed
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// Nobody has to vouch for a certificate that was configured. Time, name and use are checked as for any other;
/// the parser refuses critical extensions that it does not know.
fn itself(
    certificate: &CertificateDer<'_>,
    server_name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let (_, x509) =
        X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    check_time(&x509, now)?;
    let usage = x509
        .extended_key_usage()
        .map_err(|_| CertificateError::BadEncoding)?;
    if usage.is_some_and(|usage| !usage.value.any && !usage.value.server_auth) {
        return Err(CertificateError::InvalidPurpose.into());
    }
    verify_server_name(&parsed, server_name)?;
    Ok(ServerCertVerified::assertion())
}

fn check_time(x509: &X509Certificate<'_>, now: UnixTime) -> Result<(), CertificateError> {
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
    let not_before = seconds(x509.validity().not_before);
    let not_after = seconds(x509.validity().not_after);
    let time = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    if now.as_secs() < not_before {
        return Err(CertificateError::NotValidYetContext {
            time: now,
            not_before: time(not_before),
        });
    }
    if now.as_secs() > not_after {
        return Err(CertificateError::ExpiredContext {
            time: now,
            not_after: time(not_after),
        });
    }
    Ok(())
}
