//! The same values for the newest key. Scope, namespace and name are those under which they opened, which the
//! SealedSecret's own metadata says; the template is passed on and decides nothing (CVE-2026-22728).

use std::collections::BTreeMap;

use seal_api::{DataKeyEntry, TemplateMetadata};
use seal_format::Scope;
use seal_format::se1::{DataKeyBlock, RecipientName, Wrap};
use seal_keys::{Keyring, Recipient as _, RsaRecipient};
use sealing::{Answers, PlainSecret, Se1Object, Sealing, entry};
use serde_json::Value;
use zeroize::Zeroizing;

use super::document::{Posted, is_legacy};
use super::open::refused;
use super::refusal::Refusal;
use crate::sync_error::Details;

/// Values by item.
pub(super) type Values = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// What to seal for.
pub(super) struct Newest {
    recipient: RsaRecipient,
    /// KMS takes no label.
    takes_labels: bool,
}

impl Newest {
    pub(super) fn name(&self) -> &RecipientName {
        self.recipient.name()
    }

    pub(super) fn new(recipient: RsaRecipient, takes_labels: bool) -> Self {
        Self {
            recipient,
            takes_labels,
        }
    }
}

/// What can be told before anything is opened.
pub(super) fn admits(posted: &Posted, newest: &Newest) -> Result<(), Refusal> {
    let labelled = posted.scope() != Scope::ClusterWide;
    let has_legacy = posted.legacy_items().next().is_some();
    if has_legacy && labelled && !newest.takes_labels {
        return Err(Refusal::NoLabel);
    }
    Ok(())
}

/// The answer: those of the values that are of the legacy format encrypted anew; in SE1, where values stay as they are, each data key
/// that is wrapped for one of our sealing keys wrapped for the newest in its place (rule W3).
pub(super) fn rotate(
    posted: &Posted,
    values: Values,
    answers: &Answers,
    ring: &Keyring,
    newest: &Newest,
) -> Result<Value, Refusal> {
    let mut encrypted_data = posted.sealed().spec.encrypted_data.clone();
    encrypted_data.extend(sealed_anew(posted, values, newest)?);
    let data_keys = wrapped_anew(posted, answers, ring, newest)?;
    let data_keys = data_keys.map(serde_json::to_value).transpose();
    let data_keys = data_keys.map_err(|_| Refusal::Internal)?;
    Ok(posted.with(data_keys, encrypted_data))
}

fn sealed_anew(
    posted: &Posted,
    mut values: Values,
    newest: &Newest,
) -> Result<BTreeMap<String, String>, Refusal> {
    let sealed = posted.sealed();
    let encrypted = &sealed.spec.encrypted_data;
    values.retain(|item, _| encrypted.get(item).is_some_and(|text| is_legacy(text)));
    let secret = PlainSecret {
        metadata: TemplateMetadata {
            name: Some(sealed.name.clone()),
            namespace: sealed.namespace.clone(),
            ..TemplateMetadata::default()
        },
        data: values,
        ..PlainSecret::default()
    };
    let mut random = || {
        let mut bytes = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(bytes.as_mut()).ok()?;
        Some(bytes)
    };
    let sealing =
        Sealing::prepare(secret, posted.scope(), &mut random).map_err(|_| Refusal::Closed)?;
    let wraps = sealing
        .needs()
        .map(|need| newest.recipient.wrap(need.key, need.label))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Refusal::Internal)?;
    let manifest = sealing.finish(wraps).map_err(|_| Refusal::Internal)?;
    Ok(manifest.spec.encrypted_data)
}

/// `spec.dataKeys`, if there is any.
fn wrapped_anew(
    posted: &Posted,
    answers: &Answers,
    ring: &Keyring,
    newest: &Newest,
) -> Result<Option<BTreeMap<String, DataKeyEntry>>, Refusal> {
    let sealed = posted.sealed();
    let read = Se1Object::read(&sealed.spec, sealed.scope, posted.namespace(), &sealed.name);
    let Some(se1) = read.map_err(|error| refused(&error, &Details::default()))? else {
        return Ok(None);
    };
    let mut data_keys = sealed.spec.data_keys.clone();
    for (block, unwrapped) in se1.referenced().into_iter().zip(&answers.data_keys) {
        let Some(others) = wraps_to_keep(block, ring, newest.recipient.name()) else {
            continue;
        };
        let unwrapped = unwrapped.as_ref().map_err(|_| Refusal::Closed)?;
        let key = se1.verify(block, unwrapped).map_err(|_| Refusal::Closed)?;
        let wrap = newest.recipient.wrap(&key.to_wrap(), b"");
        let wrap = Wrap {
            to: newest.recipient.name().clone(),
            blob: wrap.map_err(|_| Refusal::Internal)?,
        };
        let wraps = others.into_iter().chain([wrap]).collect();
        let block = DataKeyBlock::new(&key, se1.object(), wraps).map_err(|_| Refusal::Internal)?;
        data_keys.insert(block.id().to_string(), entry(&block));
    }
    Ok(Some(data_keys))
}

/// The wraps of other readers, if one of ours has to be replaced; `None` if the data key can stay as it is.
fn wraps_to_keep(
    block: &DataKeyBlock,
    ring: &Keyring,
    newest: &RecipientName,
) -> Option<Vec<Wrap>> {
    let is_ours = |wrap: &&Wrap| wrap.to == *newest || ring.find(&wrap.to).is_some();
    let (ours, others): (Vec<_>, Vec<_>) = block.wraps().iter().partition(is_ours);
    let stays = ours.is_empty() || ours.iter().all(|wrap| wrap.to == *newest);
    (!stays).then(|| others.into_iter().cloned().collect())
}
