//! Our library as a reader: the class of an object, and its items.

use std::collections::BTreeMap;

use seal_format::se1::Fault;
use seal_manifest::ReadError;
use sealing::{Answers, DataKeyNeed, NoSessionKey, OpenError, Opening};
use zeroize::Zeroizing;

use crate::identity::Identity;

pub(crate) type Items = BTreeMap<String, Vec<u8>>;

/// Opens the object of a text.
///
/// # Errors
/// The class's name; `legacy` for what has none.
pub(crate) fn read(text: &str, identities: &[Identity]) -> Result<Items, String> {
    let documents = seal_manifest::read(text.as_bytes()).map_err(|error| match error {
        ReadError::DuplicateKey { .. } => Fault::Duplicate.class(),
        _ => Fault::Malformed.class(),
    })?;
    let [document] = documents.as_slice() else {
        panic!("{} documents", documents.len());
    };
    let sealed = sealing::read_sealed(document).map_err(|_| Fault::Malformed.class())?;
    let namespace = sealed.namespace.as_deref().unwrap_or_default();
    let opening = Opening::prepare(&sealed.spec, sealed.scope, namespace, &sealed.name)
        .map_err(|error| class(&error))?;
    let answers = Answers {
        session_keys: opening
            .needs()
            .map(|need| {
                let mut keys = identities.iter();
                keys.find_map(|identity| identity.session_key(need.wrapped, need.label))
                    .ok_or(NoSessionKey::NoKey)
            })
            .collect(),
        data_keys: opening
            .data_keys()
            .map(|need| unwrap(&need, identities))
            .collect(),
    };
    let values = opening.values(&answers).map_err(|error| class(&error))?;
    let items = values
        .into_iter()
        .map(|(item, value)| (item, value.to_vec()));
    Ok(items.collect())
}

/// Steps 5 and 6: keys at hand first, then those in a service.
fn unwrap(need: &DataKeyNeed<'_>, identities: &[Identity]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let wraps = need.block.wraps().iter();
    let mut mine: Vec<_> = wraps
        .filter_map(|wrap| {
            let mut identities = identities.iter();
            let identity = identities.find(|identity| identity.is_for(wrap.to.as_str()))?;
            Some((identity, wrap))
        })
        .collect();
    mine.sort_by_key(|(identity, _)| identity.is_in_service());
    let (identity, wrap) = mine.first().ok_or(Fault::NoIdentity)?;
    identity.unwrap(wrap)
}

fn class(error: &OpenError) -> String {
    if let Some(fault) = error.fault() {
        return fault.class().to_owned();
    }
    let reasons = error.reasons();
    if reasons.iter().all(|(reason, _)| reason.fault().is_none()) {
        "legacy".to_owned()
    } else {
        format!("several: {error}")
    }
}
