//! Values of the legacy format, opened and sealed again.

use seal_format::se1::{ValueFormat, value_format};
use seal_format::{Envelope, SessionKey};
use seal_keys::Recipient as _;
use sealing::SealedDocument;
use zeroize::Zeroizing;

use crate::fresh_bytes::FreshBytes;
use crate::identity::Identities;
use crate::recipient::{InKms, OneCertificate};

/// Why a value stays as it is.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum LegacyError {
    #[error("it is damaged")]
    Damaged,
    #[error(
        "no private key here opens it: name the old one with --private-key, or let the controller do it (seal --re-encrypt)"
    )]
    NoKey,
    #[error("{0}; seal it again in SE1 (seal set --format-version se1), or keep the old key")]
    InKms(InKms),
    #[error("it cannot be sealed again")]
    Seal,
}

/// Items with values of this format.
pub(super) fn values(sealed: &SealedDocument) -> impl Iterator<Item = (&str, &str)> {
    let values = sealed.spec.encrypted_data.iter();
    values
        .filter(|(_, value)| value_format(value) == ValueFormat::Legacy)
        .map(|(item, value)| (item.as_str(), value.as_str()))
}

/// The value for another certificate; `None` if it is for that one.
pub(super) fn rekeyed(
    value: &str,
    sealed: &SealedDocument,
    identities: &Identities,
    certificate: OneCertificate<'_>,
) -> Result<Option<String>, LegacyError> {
    let label = label(sealed);
    let envelope = Envelope::from_text(value).map_err(|_| LegacyError::Damaged)?;
    let opened = identities.unwrap_legacy(&envelope.wrapped_key, &label);
    if let Some((by, _)) = &opened
        && *by == certificate.name()
    {
        return Ok(None);
    }
    // Before a key is asked for that would not help.
    let new = certificate
        .for_legacy(sealed.scope)
        .map_err(LegacyError::InKms)?;
    let (_, session_key) = opened.ok_or(LegacyError::NoKey)?;
    let plain = SessionKey::from_unwrapped(&session_key)
        .and_then(|key| key.open(&envelope.payload))
        .map_err(|_| LegacyError::Damaged)?;
    let mut fresh = Zeroizing::new([0; SessionKey::LEN]);
    if !FreshBytes::draw(SessionKey::LEN).fill(fresh.as_mut_slice()) {
        return Err(LegacyError::Seal);
    }
    let key = SessionKey::from_fresh_bytes(fresh);
    let wrapped_key = new.wrap(key.expose(), &label);
    let envelope = Envelope {
        wrapped_key: wrapped_key.map_err(|_| LegacyError::Seal)?,
        payload: key.seal(&plain).map_err(|_| LegacyError::Seal)?,
    };
    envelope.to_text().map(Some).map_err(|_| LegacyError::Seal)
}

/// What the values are bound to.
fn label(sealed: &SealedDocument) -> Vec<u8> {
    let namespace = sealed.namespace.as_deref().unwrap_or_default();
    sealed.scope.label(namespace, &sealed.name)
}
