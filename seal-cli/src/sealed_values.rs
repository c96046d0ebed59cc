//! Values by themselves, for an object that is there already.

use std::collections::BTreeMap;

use seal_format::se1::{Binding, DataKey};
use seal_format::{Scope, SessionKey};
use seal_keys::{Recipient as _, RsaRecipient};
use sealing::{FinishedItems, PlainSecret, SealError, SealedItems, Sealing};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::recipient::{Choice, Readers};
use crate::sealed_edit::SealedEdit;
use crate::title::Title;

/// Bytes of a value's nonce.
const NONCE: usize = 12;

/// Plaintexts by item.
pub(crate) type Items = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// Under a fresh data key (rule W1).
pub(crate) fn se1(
    items: &Items,
    edit: &SealedEdit<'_>,
    choice: &Choice,
    failed: &impl Fn(SealError) -> CliError,
) -> Result<(FinishedItems, Readers), CliError> {
    let Title {
        name,
        namespace,
        scope,
    } = edit.title();
    loop {
        let object = Binding::new(*scope, namespace, name).map_err(|_| failed(SealError::Place))?;
        let mut fresh = FreshBytes::draw(DataKey::LEN + NONCE * items.len());
        let sealed = SealedItems::seal(items, object, &mut |buffer| fresh.fill(buffer));
        let sealed = sealed.map_err(failed)?;
        // An id is only 55 bits long, and each stands once.
        if edit.has_data_key(sealed.id()) {
            continue;
        }
        let wrapped = choice
            .recipients
            .wrap_all(&sealed.to_wrap(), sealed.object())?;
        let items = sealed.finish(wrapped.wraps).map_err(failed)?;
        return Ok((items, wrapped.readers));
    }
}

/// In the legacy format.
pub(crate) fn legacy(
    items: Items,
    title: &Title,
    certificate: &RsaRecipient,
) -> Result<BTreeMap<String, String>, SealError> {
    let mut fresh = FreshBytes::draw(items.len() * SessionKey::LEN);
    let mut random = || {
        let mut key = Zeroizing::new([0; SessionKey::LEN]);
        fresh.fill(key.as_mut_slice()).then_some(key)
    };
    let mut secret = PlainSecret {
        data: items,
        ..PlainSecret::default()
    };
    secret.metadata.name = Some(title.name.clone());
    if title.scope != Scope::ClusterWide {
        secret.metadata.namespace = Some(title.namespace.clone());
    }
    let sealing = Sealing::prepare(secret, title.scope, &mut random)?;
    let wraps = sealing
        .needs()
        .map(|need| certificate.wrap(need.key, need.label));
    // A wrap that is missing is told by `finish`.
    let wraps = wraps.filter_map(Result::ok).collect();
    Ok(sealing.finish(wraps)?.spec.encrypted_data)
}
