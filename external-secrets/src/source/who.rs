//! As whom a store is asked (contract §6).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_identity::{AssumedRole, Base, Identity, ServiceAccount, StaticCredentials};
use external_data::StoreName;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount as AccountObject};
use kube::{Api, ResourceExt as _};
use operator_kit::ApiFault;
use operator_kit::secret_watch::SecretName;
use seal_api::external_secrets::{
    AwsProvider, AwsSecretRef, SecretKeySelector, ServiceAccountRef, SessionTagsPolicy,
};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::reconcile::Context;
use crate::stores::AnyStore;

/// The role of a service account.
const ROLE: &str = "eks.amazonaws.com/role-arn";
/// The audience of its tokens, if not that of STS.
const AUDIENCE: &str = "eks.amazonaws.com/audience";
const STS_AUDIENCE: &str = "sts.amazonaws.com";
/// Session tags that tell who asks.
const RESERVED: [&str; 3] = ["esoNamespace", "esoStoreName", "esoStoreKind"];
/// How long an answer of the API server counts. Changes of Secrets are told by the watch; service accounts
/// are not watched.
const COUNTS: Duration = Duration::from_mins(1);

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
    #[error("cannot read {kind} {namespace}/{name} with the store's credentials: {fault}")]
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

/// What was read lately.
#[derive(Default)]
pub(crate) struct KnownIdentities(Mutex<HashMap<Question, Known>>);

/// A store, and the namespace whose it is, or for which it is asked.
pub(crate) type Question = (StoreName, String);

struct Known {
    /// Uid and generation of the store.
    store: (String, i64),
    until: Instant,
    secrets: Vec<SecretName>,
    answer: Result<Identity, WhoError>,
}

impl KnownIdentities {
    /// The Secret changed: stores whose credentials are in it, and for whom they were asked, are read anew.
    pub(crate) fn secret_changed(&self, secret: &SecretName) -> Vec<Question> {
        let mut known = self.known();
        let concerned = known.extract_if(|_, known| known.secrets.contains(secret));
        concerned.map(|(question, _)| question).collect()
    }

    /// The store is gone: nothing of it stays.
    pub(crate) fn store_is_gone(&self, store: &StoreName, namespace: Option<&str>) {
        let of_it = |(name, place): &Question| {
            name == store && namespace.is_none_or(|namespace| namespace == place)
        };
        self.known().retain(|question, _| !of_it(question));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Question, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As whom the store is asked for an ExternalSecret of this namespace.
pub(crate) async fn who(
    context: &Context,
    store: &AnyStore,
    asker: &str,
) -> Result<Identity, WhoError> {
    let metadata = store.meta();
    let place = store.namespace().unwrap_or(asker).to_owned();
    let question = (store.name(), place);
    let version = (
        metadata.uid.clone().unwrap_or_default(),
        metadata.generation.unwrap_or_default(),
    );
    let now = Instant::now();
    if let Some(known) = context.sources.known.known().get(&question)
        && known.store == version
        && known.until > now
    {
        return known.answer.clone();
    }
    let mut reader = Reader {
        context,
        is_cluster: store.namespace().is_none(),
        place: &question.1,
        secrets: Vec::new(),
    };
    let answer = match store.aws() {
        Some(aws) => reader.identity(aws, &question.0).await,
        None => Ok(Identity::of(Base::Process)),
    };
    let secrets = reader.secrets;
    // A failure of reading does not count for long, as nothing tells when rights are given. Which Secrets were
    // looked for is kept in any case: the watch tells when they are there.
    let counts = match answer {
        Err(WhoError::Read { .. }) => Duration::ZERO,
        _ => COUNTS,
    };
    let known = Known {
        store: version,
        until: now + counts,
        secrets,
        answer: answer.clone(),
    };
    context.sources.known.known().insert(question, known);
    answer
}

struct Reader<'a> {
    context: &'a Context,
    is_cluster: bool,
    /// The store's namespace, or for a ClusterSecretStore that of whoever asks.
    place: &'a str,
    /// What was looked at.
    secrets: Vec<SecretName>,
}

impl Reader<'_> {
    async fn identity(
        &mut self,
        aws: &AwsProvider,
        store: &StoreName,
    ) -> Result<Identity, WhoError> {
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

    async fn keys(&mut self, reference: &AwsSecretRef) -> Result<Base, WhoError> {
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
        &mut self,
        selector: &SecretKeySelector,
        field: &'static str,
    ) -> Result<Zeroizing<String>, WhoError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (name, key) = given(&selector.name)
            .zip(given(&selector.key))
            .ok_or(WhoError::Incomplete(field))?;
        let namespace = self.namespace(selector.namespace.as_deref())?;
        let place = (namespace.clone(), name.clone());
        if !self.secrets.contains(&place) {
            self.secrets.push(place);
        }
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
