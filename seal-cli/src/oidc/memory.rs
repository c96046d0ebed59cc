//! New tokens in the kubeconfig, in place of the old ones: an issuer may give a refresh token only once. Everything else
//! in the file stays as it is written.

use std::collections::HashMap;

use kube::config::Kubeconfig;
use zeroize::Zeroizing;

use super::issuer::Renewed;
use super::{ID_TOKEN, Origin, REFRESH_TOKEN, given};
use crate::output;

/// Writes them, in one step.
///
/// # Errors
/// Why not, without a token.
pub(super) fn keep(
    origin: &Origin,
    before: &HashMap<String, String>,
    renewed: &Renewed,
) -> Result<(), String> {
    let text = std::fs::read_to_string(&origin.file).map(Zeroizing::new);
    let text = text.map_err(|reason| reason.to_string())?;
    let mut after = before.clone();
    after.insert(ID_TOKEN.to_owned(), renewed.id_token.as_str().to_owned());
    if let Some(next) = &renewed.refresh_token {
        after.insert(REFRESH_TOKEN.to_owned(), next.as_str().to_owned());
    }
    let changed = replaced(&text, before, &after)
        .filter(|text| config_in(text, &origin.user).as_ref() == Some(&after))
        .ok_or("its tokens are not written in a way that can be replaced; log in again")?;
    let exchanged = output::exchange(&origin.file, text.as_bytes(), changed.as_bytes(), true);
    exchanged.map_err(|error| error.to_string())
}

/// Tokens need no quotes, so that they stand in the file as they are.
fn replaced(
    text: &str,
    before: &HashMap<String, String>,
    after: &HashMap<String, String>,
) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(text.to_owned());
    let refresh_token = given(before, REFRESH_TOKEN)?;
    let id_token = given(after, ID_TOKEN)?;
    match given(before, ID_TOKEN) {
        Some(old) if text.contains(old) => text = Zeroizing::new(text.replace(old, id_token)),
        // There was none: it gets a line of its own before that of the other.
        _ => {
            let mark = format!("{REFRESH_TOKEN}:");
            let found = text.lines().find(|line| {
                line.trim_start().starts_with(&mark) && line.contains(refresh_token)
            })?;
            let indent = &found[..found.len() - found.trim_start().len()];
            let both = Zeroizing::new(format!("{indent}{ID_TOKEN}: {id_token}\n{found}"));
            text = Zeroizing::new(text.replacen(found, &both, 1));
        }
    }
    let next = given(after, REFRESH_TOKEN)?;
    if next != refresh_token {
        // A short one might stand somewhere else by chance.
        let only = text.matches(refresh_token).count() == 1;
        if !only {
            return None;
        }
        text = Zeroizing::new(text.replace(refresh_token, next));
    }
    Some(text)
}

/// What a kubeconfig says of a user.
fn config_in(text: &str, user: &str) -> Option<HashMap<String, String>> {
    let kubeconfig = Kubeconfig::from_yaml(text).ok()?;
    let mut users = kubeconfig.auth_infos.into_iter();
    let user = users.find(|known| known.name == user)?;
    Some(user.auth_info?.auth_provider?.config)
}
