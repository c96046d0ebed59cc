//! As whom a store is asked (contract §6).

use std::collections::BTreeMap;

use aws_identity::{AssumedRole, Base, Identity, ServiceAccount, StaticCredentials};
use external_data::StoreName;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount as AccountObject};
use kube::{Api, ResourceExt as _};
use operator_kit::ApiFault;
use seal_api::external_secrets::{
    AwsProvider, AwsSecretRef, SecretKeySelector, ServiceAccountRef, SessionTagsPolicy,
};
use zeroize::Zeroizing;

use super::known_identities::{Question, Reading};
use crate::reconcile::Context;
use crate::stores::AnyStore;

/// The role of a service account.
const ROLE: &str = "eks.amazonaws.com/role-arn";
/// The audience of its tokens, if not that of STS.
const AUDIENCE: &str = "eks.amazonaws.com/audience";
const STS_AUDIENCE: &str = "sts.amazonaws.com";
/// Session tags that tell who asks.
const RESERVED: [&str; 3] = ["esoNamespace", "esoStoreName", "esoStoreKind"];

/// Why nobody can be asked as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WhoError {
    /// A reference that a SecretStore must not have.
    #[error(
        "spec.provider.aws.auth refers to another namespace, which only a ClusterSecretStore may; remove the \
         namespace"
    )]
    OtherNamespace,
    /// A reference without a name or key.
    #[error("spec.provider.aws.auth.secretRef: {0} needs a name and a key")]
    Incomplete(&'static str),
    /// It cannot be read.
    #[error(
        "cannot read {kind} {namespace}/{name}, which spec.provider.aws.auth refers to: {fault}; {}",
        next_step(.kind, .fault)
    )]
    Read {
        /// Secret or ServiceAccount.
        kind: &'static str,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Why.
        fault: ApiFault,
    },
    /// The Secret has no such item, or it is no text.
    #[error(
        "Secret {namespace}/{name} has no text under {key}, which the store's credentials need"
    )]
    NoItem {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The item.
        key: String,
    },
    /// Tags that tell who asks, from somebody who might be somebody else.
    #[error(
        "spec.provider.aws.sessionTags may not say {0} in a SecretStore: that is what sessionTagsPolicy Simple \
         tells"
    )]
    ReservedTag(&'static str),
    /// No role to assume.
    #[error(
        "an IAM role must be associated with service account {namespace}/{name}: annotate it with {ROLE}"
    )]
    NoRole {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl WhoError {
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Read { fault, .. } if fault.is_transient())
    }
}

/// What to do about something that cannot be read.
fn next_step(kind: &str, fault: &ApiFault) -> &'static str {
    match (fault, kind) {
        (ApiFault::NotFound, _) => "create it, or correct the reference",
        (ApiFault::Forbidden, "ServiceAccount") => {
            "allow this controller to get serviceaccounts and to create serviceaccounts/token (the component \
             service-account-tokens)"
        }
        (ApiFault::Forbidden, _) => "allow this controller to get Secrets there",
        _ => "it is tried again",
    }
}

/// As whom the store is asked for an ExternalSecret of this namespace.
pub(super) async fn who(
    context: &Context,
    store: &AnyStore,
    asker: &str,
) -> Result<Identity, WhoError> {
    let metadata = store.meta();
    let place = store.namespace();
    let place = place.unwrap_or(if store.depends_on_asker() { asker } else { "" });
    let question = (store.name(), place.to_owned());
    let version = (
        metadata.uid.clone().unwrap_or_default(),
        metadata.generation.unwrap_or_default(),
    );
    let read = async |reading: &Reading<'_>| {
        let reader = Reader {
            context,
            is_cluster: store.namespace().is_none(),
            place,
            reading,
        };
        match store.aws() {
            Some(aws) => reader.identity(aws, &question.0).await,
            None => Ok(Identity::of(Base::Process)),
        }
    };
    let known = &context.sources.known;
    let exists = |(store, place): &Question| context.stores.get(store, place).is_some();
    known.answer(&question, version, read, exists).await
}

struct Reader<'a> {
    context: &'a Context,
    is_cluster: bool,
    /// The store's namespace, or for a ClusterSecretStore that of whoever asks, if it depends on that.
    place: &'a str,
    /// Is told what is looked at.
    reading: &'a Reading<'a>,
}

impl Reader<'_> {
    async fn identity(&self, aws: &AwsProvider, store: &StoreName) -> Result<Identity, WhoError> {
        let auth = aws.auth.as_ref();
        let account = auth
            .and_then(|auth| auth.jwt.as_ref())
            .and_then(|jwt| jwt.service_account_ref.as_ref());
        let secrets = auth.and_then(|auth| auth.secret_ref.as_ref());
        let base = match (account, secrets) {
            (Some(account), _) => self.account(account).await?,
            (None, Some(secrets)) => self.keys(secrets).await?,
            (None, None) => Base::Process,
        };
        Ok(Identity {
            base,
            additional_roles: aws.additional_roles.clone(),
            role: self.role(aws, store)?,
        })
    }

    fn role(&self, aws: &AwsProvider, store: &StoreName) -> Result<Option<AssumedRole>, WhoError> {
        let Some(arn) = aws.role.clone().filter(|role| !role.is_empty()) else {
            return Ok(None);
        };
        // Whoever may write stores for one namespace could else pass for another.
        let mut tags = aws.session_tags.iter().map(|tag| tag.key.as_str());
        let reserved =
            tags.find_map(|key| RESERVED.iter().find(|name| key.eq_ignore_ascii_case(name)));
        if let Some(name) = reserved.filter(|_| !self.is_cluster) {
            return Err(WhoError::ReservedTag(name));
        }
        let asker = aws_identity::Asker {
            namespace: self.place,
            store_name: &store.name,
            store_kind: store.kind.as_str(),
        };
        let given: BTreeMap<_, _> = aws
            .session_tags
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect();
        let session_tags = match aws.session_tags_policy.unwrap_or_default() {
            SessionTagsPolicy::None => given,
            SessionTagsPolicy::Simple => asker.session_tags(&BTreeMap::new()),
            SessionTagsPolicy::Custom => asker.session_tags(&aws.custom_session_tags),
        };
        Ok(Some(AssumedRole {
            arn,
            external_id: aws.external_id.clone().filter(|id| !id.is_empty()),
            session_tags,
            transitive_tag_keys: aws.transitive_tag_keys.clone(),
        }))
    }

    async fn account(&self, reference: &ServiceAccountRef) -> Result<Base, WhoError> {
        let namespace = self.namespace(reference.namespace.as_deref())?;
        let api: Api<AccountObject> = Api::namespaced(self.context.client.clone(), &namespace);
        let account = api.get(&reference.name).await;
        let account = account.map_err(|error| WhoError::Read {
            kind: "ServiceAccount",
            namespace: namespace.clone(),
            name: reference.name.clone(),
            fault: error.into(),
        })?;
        let annotations = account.annotations();
        let role = annotations.get(ROLE).filter(|role| !role.is_empty());
        let role = role.ok_or_else(|| WhoError::NoRole {
            namespace: namespace.clone(),
            name: reference.name.clone(),
        })?;
        let first = annotations
            .get(AUDIENCE)
            .map_or(STS_AUDIENCE, String::as_str);
        let mut audiences = vec![first.to_owned()];
        audiences.extend(reference.audiences.clone());
        Ok(Base::WebIdentity {
            role_arn: role.clone(),
            account: ServiceAccount {
                namespace,
                name: reference.name.clone(),
            },
            audiences,
        })
    }

    async fn keys(&self, reference: &AwsSecretRef) -> Result<Base, WhoError> {
        let incomplete = |field| WhoError::Incomplete(field);
        let id = reference.access_key_id.as_ref();
        let id = id.ok_or_else(|| incomplete("accessKeyIDSecretRef"))?;
        let secret = reference.secret_access_key.as_ref();
        let secret = secret.ok_or_else(|| incomplete("secretAccessKeySecretRef"))?;
        let id = self.item(id, "accessKeyIDSecretRef").await?;
        let secret = self.item(secret, "secretAccessKeySecretRef").await?;
        let token = match &reference.session_token {
            Some(token) => Some(self.item(token, "sessionTokenSecretRef").await?),
            None => None,
        };
        Ok(Base::Static(StaticCredentials {
            access_key_id: id.to_string(),
            secret_access_key: secret,
            session_token: token,
        }))
    }

    async fn item(
        &self,
        selector: &SecretKeySelector,
        field: &'static str,
    ) -> Result<Zeroizing<String>, WhoError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (name, key) = given(&selector.name)
            .zip(given(&selector.key))
            .ok_or(WhoError::Incomplete(field))?;
        let namespace = self.namespace(selector.namespace.as_deref())?;
        self.reading.looks_at((namespace.clone(), name.clone()));
        let api: Api<Secret> = Api::namespaced(self.context.client.clone(), &namespace);
        let found = api.get(&name).await.map_err(|error| WhoError::Read {
            kind: "Secret",
            namespace: namespace.clone(),
            name: name.clone(),
            fault: error.into(),
        })?;
        let items = found.data.into_iter().flatten();
        // All of them are wiped.
        let items: BTreeMap<_, _> = items
            .map(|(name, bytes)| (name, Zeroizing::new(bytes.0)))
            .collect();
        let text = items.get(&key).and_then(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            Some(Zeroizing::new(text.to_owned()))
        });
        text.ok_or(WhoError::NoItem {
            namespace,
            name,
            key,
        })
    }

    /// Where a reference points to.
    fn namespace(&self, given: Option<&str>) -> Result<String, WhoError> {
        match given.filter(|given| !given.is_empty()) {
            Some(given) if self.is_cluster || given == self.place => Ok(given.to_owned()),
            Some(_) => Err(WhoError::OtherNamespace),
            None => Ok(self.place.to_owned()),
        }
    }
}
