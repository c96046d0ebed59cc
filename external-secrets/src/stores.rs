//! The stores of the cluster, as the watches have them.

use std::sync::Arc;

use external_data::StoreName;
use kube::Resource as _;
use kube::core::{DeserializeGuard, ObjectMeta};
use kube::runtime::reflector::{ObjectRef, Store};
use seal_api::external_secrets::{
    AwsProvider, AwsService, ClusterSecretStore, SecretStore, SecretStoreSpec, SecretStoreStatus,
    SessionTagsPolicy, StoreCondition, StoreKind,
};

use crate::store_access::{Access, KnownAccess};

/// A SecretStore, well-formed or not.
pub(crate) type GuardedStore = DeserializeGuard<SecretStore>;
/// A ClusterSecretStore, well-formed or not.
pub(crate) type GuardedClusterStore = DeserializeGuard<ClusterSecretStore>;

/// The class of a controller that nobody gave another one.
const DEFAULT_CLASS: &str = "default";

/// Both kinds.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) local: Store<GuardedStore>,
    pub(crate) cluster: Store<GuardedClusterStore>,
    /// Stores that say another class are another controller's.
    pub(crate) class: Arc<str>,
    pub(crate) known: Arc<KnownAccess>,
}

/// One store, of either kind.
pub(crate) enum AnyStore {
    Local(Arc<GuardedStore>),
    Cluster(Arc<GuardedClusterStore>),
}

/// Whether a store is for this controller to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Ours.
    Ours,
    /// Another controller's, or of a provider or service that is not served here.
    Foreign,
    /// Its specification cannot be read.
    Malformed,
}

impl Stores {
    /// The store, as an object of this namespace names it.
    pub(crate) fn get(&self, name: &StoreName, namespace: &str) -> Option<AnyStore> {
        match name.kind {
            StoreKind::SecretStore => {
                let key = ObjectRef::new(&name.name).within(namespace);
                self.local.get(&key).map(AnyStore::Local)
            }
            StoreKind::ClusterSecretStore => {
                let key = ObjectRef::new(&name.name);
                self.cluster.get(&key).map(AnyStore::Cluster)
            }
        }
    }

    /// Which namespaces may use the store. A SecretStore's conditions mean nothing.
    pub(crate) fn access(&self, store: &AnyStore) -> Arc<Access> {
        self.known.of(store.meta(), store.conditions())
    }

    /// The store is gone.
    pub(crate) fn forget(&self, store: &AnyStore) {
        if let AnyStore::Cluster(store) = store {
            let name = store.meta().name.as_deref();
            self.known.forget(name.unwrap_or_default());
        }
    }

    /// Whether this controller is the one of the usual class.
    pub(crate) fn is_default(&self) -> bool {
        &*self.class == DEFAULT_CLASS
    }

    /// Whether this controller serves the store.
    pub(crate) fn service(&self, store: &AnyStore) -> Service {
        let Some(spec) = store.spec() else {
            return Service::Malformed;
        };
        let class = spec.controller.as_deref().unwrap_or_default();
        let mine = class.is_empty() || class == &*self.class;
        let served = spec
            .provider
            .aws
            .as_ref()
            .is_some_and(|aws| aws.service == AwsService::SecretsManager);
        if mine && served {
            Service::Ours
        } else {
            Service::Foreign
        }
    }
}

impl AnyStore {
    pub(crate) fn spec(&self) -> Option<&SecretStoreSpec> {
        match self {
            Self::Local(store) => store.0.as_ref().ok().map(|store| &store.spec),
            Self::Cluster(store) => store.0.as_ref().ok().map(|store| &store.spec.0),
        }
    }

    pub(crate) fn status(&self) -> Option<&SecretStoreStatus> {
        match self {
            Self::Local(store) => store.0.as_ref().ok()?.status.as_ref(),
            Self::Cluster(store) => store.0.as_ref().ok()?.status.as_ref(),
        }
    }

    pub(crate) fn aws(&self) -> Option<&AwsProvider> {
        self.spec()?.provider.aws.as_ref()
    }

    pub(crate) fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Local(store) => store.meta(),
            Self::Cluster(store) => store.meta(),
        }
    }

    pub(crate) fn name(&self) -> StoreName {
        let kind = match self {
            Self::Local(_) => StoreKind::SecretStore,
            Self::Cluster(_) => StoreKind::ClusterSecretStore,
        };
        let name = self.meta().name.clone().unwrap_or_default();
        StoreName { kind, name }
    }

    /// Its own namespace, if it has one.
    pub(crate) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Local(store) => store.meta().namespace.as_deref(),
            Self::Cluster(_) => None,
        }
    }

    /// Whether it depends on the namespace that asks as whom it is asked.
    pub(crate) fn depends_on_asker(&self) -> bool {
        self.namespace().is_none() && (self.refers_to_asker() || self.tells_asker())
    }

    /// Whether its credentials are looked for in the namespace that asks.
    pub(crate) fn refers_to_asker(&self) -> bool {
        let is_open = |namespace: Option<&String>| namespace.is_none_or(String::is_empty);
        let Some(auth) = self.aws().and_then(|aws| aws.auth.as_ref()) else {
            return false;
        };
        let account = auth.jwt.as_ref();
        let account = account.and_then(|jwt| jwt.service_account_ref.as_ref());
        if let Some(account) = account {
            return is_open(account.namespace.as_ref());
        }
        let keys = auth.secret_ref.as_ref();
        keys.is_some_and(|keys| {
            [
                &keys.access_key_id,
                &keys.secret_access_key,
                &keys.session_token,
            ]
            .into_iter()
            .flatten()
            .any(|selector| is_open(selector.namespace.as_ref()))
        })
    }

    /// Whether its role's session is tagged with the namespace that asks.
    pub(crate) fn tells_asker(&self) -> bool {
        self.aws().is_some_and(|aws| {
            let has_role = aws.role.as_ref().is_some_and(|role| !role.is_empty());
            let policy = aws.session_tags_policy.unwrap_or_default();
            has_role && policy != SessionTagsPolicy::None
        })
    }

    /// Who may use it. A SecretStore's conditions mean nothing.
    pub(crate) fn conditions(&self) -> &[StoreCondition] {
        match self {
            Self::Local(_) => &[],
            Self::Cluster(_) => self.spec().map_or(&[], |spec| &spec.conditions),
        }
    }
}
