//! Users who log in with OpenID Connect (`auth-provider: oidc`): as client-go's plug-in has it, a token that has expired
//! is renewed at the issuer, and the kubeconfig gets the new one.

mod id_token;
mod issuer;
mod memory;

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use kube::config::AuthProviderConfig;
use secrecy::SecretString;

use self::issuer::Issuer;
use crate::ui;

const ID_TOKEN: &str = "id-token";
const REFRESH_TOKEN: &str = "refresh-token";

/// Why nobody is logged in. No token is part of a text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    #[error(
        "the kubeconfig's user logs in with {0:?} (auth-provider), which Kubernetes' programs no longer do; use the login helper (exec) of your provider, such as gke-gcloud-auth-plugin or kubelogin"
    )]
    Provider(String),
    #[error("the kubeconfig's user of OpenID Connect lacks {0} (auth-provider, config)")]
    Missing(&'static str),
    #[error("the certificate authority of the kubeconfig's OpenID Connect issuer cannot be read")]
    Authority,
    #[error("the id-token of the kubeconfig is no token; log in again")]
    NoToken,
    #[error(
        "the kubeconfig's OpenID Connect token has expired, and there is no refresh-token to renew it with; log in again, or use a login helper (exec) such as kubelogin"
    )]
    NotRenewable,
    #[error("cannot renew the OpenID Connect token of the kubeconfig at {issuer}: {reason}")]
    Issuer { issuer: String, reason: String },
}

/// Where a user stands.
pub(crate) struct Origin {
    pub(crate) file: PathBuf,
    pub(crate) user: String,
}

/// The token to show to the API server.
///
/// # Errors
/// [`OidcError`]
pub(crate) fn token(
    provider: &AuthProviderConfig,
    origin: Option<&Origin>,
) -> Result<SecretString, OidcError> {
    if provider.name != "oidc" {
        return Err(OidcError::Provider(provider.name.clone()));
    }
    let config = &provider.config;
    let issuer = Issuer::of(config)?;
    if let Some(token) = given(config, ID_TOKEN)
        && id_token::is_valid(token, Timestamp::now()).ok_or(OidcError::NoToken)?
    {
        return Ok(token.to_owned().into());
    }
    let refresh_token = given(config, REFRESH_TOKEN).ok_or(OidcError::NotRenewable)?;
    let renewed = issuer.renew(refresh_token)?;
    if let Some(origin) = origin
        && let Err(reason) = memory::keep(origin, config, &renewed)
    {
        // This run goes on; an issuer that gives a refresh token only once will not like the next.
        ui::warn(&format!(
            "the renewed token of {:?} cannot be written into {}: {reason}",
            origin.user,
            origin.file.display()
        ));
    }
    Ok(renewed.id_token.as_str().to_owned().into())
}

fn given<'a>(config: &'a HashMap<String, String>, field: &str) -> Option<&'a str> {
    let text = config.get(field).map(String::as_str);
    text.filter(|text| !text.is_empty())
}
