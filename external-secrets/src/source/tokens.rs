//! Tokens of service accounts, by TokenRequest (IRSA; contract §6.1).

use aws_identity::{ServiceAccount, TokenFault, TokenSource};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount as AccountObject;
use kube::api::PostParams;
use kube::{Api, Client};
use operator_kit::ApiFault;
use zeroize::Zeroizing;

/// Shortest life that API servers give: a token is exchanged at once, and then of no use any more.
const SECONDS: i64 = 600;

/// Asks the API server.
pub(crate) struct ServiceAccountTokens(pub(crate) Client);

impl TokenSource for ServiceAccountTokens {
    fn token<'a>(
        &'a self,
        account: &'a ServiceAccount,
        audiences: &'a [String],
    ) -> BoxFuture<'a, Result<Zeroizing<String>, TokenFault>> {
        async move {
            let api: Api<AccountObject> = Api::namespaced(self.0.clone(), &account.namespace);
            let request = TokenRequest {
                spec: TokenRequestSpec {
                    audiences: audiences.to_vec(),
                    expiration_seconds: Some(SECONDS),
                    ..TokenRequestSpec::default()
                },
                ..TokenRequest::default()
            };
            let answer = api
                .create_token_request(&account.name, &PostParams::default(), &request)
                .await;
            let status = answer.map_err(|error| fault(&error.into()))?.status;
            let token = status.map(|status| status.token).unwrap_or_default();
            Ok(Zeroizing::new(token))
        }
        .boxed()
    }
}

fn fault(fault: &ApiFault) -> TokenFault {
    let next_step = match fault {
        ApiFault::Forbidden => {
            "allow this controller to create serviceaccounts/token (the component service-account-tokens)"
        }
        ApiFault::NotFound => "create the service account, or correct the store's reference",
        _ => "it is tried again",
    };
    TokenFault {
        is_transient: fault.is_transient(),
        reason: fault.to_string(),
        next_step: next_step.to_owned(),
    }
}
