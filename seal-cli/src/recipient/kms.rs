//! Wraps that AWS KMS makes, many at a time.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use seal_format::se1::{RecipientName, Wrap};
use seal_kms::{KeyName, Kms};

use super::error::RecipientError;
use super::recipients::ToWrap;
use crate::kms_connection::KmsConnection;

/// Calls that are under way at once. KMS has a quota for each account.
const CONCURRENT: usize = 8;

/// One wrap for each data key and key of KMS: by data key, in the order of `keys`. A key comes with
/// what people call it.
pub(super) fn wrap(
    keys: &[(&str, &KeyName)],
    needed: &[ToWrap],
    connection: &KmsConnection,
) -> Result<Vec<Vec<Wrap>>, RecipientError> {
    if keys.is_empty() || needed.is_empty() {
        return Ok(needed.iter().map(|_| Vec::new()).collect());
    }
    let calls = needed
        .iter()
        .flat_map(|needed| keys.iter().map(move |key| (needed, key)));
    let asked = connection.ask(async |kms| {
        stream::iter(calls)
            .map(|(needed, (called, key))| call(kms, needed, called, key))
            // In order, so that the answers can be told apart.
            .buffered(CONCURRENT)
            .try_collect::<Vec<Wrap>>()
            .await
    });
    let mut wraps = asked.ok_or(RecipientError::Runtime)??.into_iter();
    let of_data_key = |_| wraps.by_ref().take(keys.len()).collect();
    Ok(needed.iter().map(of_data_key).collect())
}

async fn call(
    kms: &Kms,
    needed: &ToWrap,
    called: &str,
    key: &KeyName,
) -> Result<Wrap, RecipientError> {
    let context = needed.object.kms_context();
    let (arn, blob) = kms
        .wrap(key, &context, &needed.data_key)
        .await
        .map_err(|reason| RecipientError::Kms {
            called: called.to_owned(),
            reason,
        })?;
    let to = RecipientName::from_text(&arn.to_string())
        .map_err(|_| RecipientError::Name(called.to_owned()))?;
    Ok(Wrap { to, blob })
}
