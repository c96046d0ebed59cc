//! `external-secrets.io/v1`: the API of External Secrets Operator (contract §2), as far as AWS Secrets
//! Manager is served. Field names, defaults and order are upstream's.
//!
//! Upstream's own definitions may hold newer fields: what is unknown here is ignored on reading, and
//! nothing is ever written back but `status`.

mod aws;
mod cluster_external_secret;
mod condition;
mod crd;
mod data_from;
mod external_secret;
mod marks;
mod remote_ref;
mod secret_store;
mod store_ref;
mod target;
mod template;

pub use aws::{
    AwsAuth, AwsJwtAuth, AwsProvider, AwsSecretRef, AwsService, SecretKeySelector,
    ServiceAccountRef, SessionTagsPolicy, Tag,
};
pub use cluster_external_secret::{
    ClusterExternalSecret, ClusterExternalSecretSpec, ClusterExternalSecretStatus,
    ExternalSecretMetadata, FailedNamespace, ProvisionCondition,
};
pub use condition::{ReadyCondition, ReadyStatus};
pub use crd::external_secrets_crds;
pub use data_from::{
    ConflictPolicy, DataFrom, Find, FindName, Merge, MergeStrategy, PriorityPolicy, Regexp,
    Rewrite, Transform,
};
pub use external_secret::{
    Binding, Data, ExternalSecret, ExternalSecretSpec, ExternalSecretStatus, RefreshPolicy,
    SyncWindow, SyncWindowKind, SyncWindows,
};
pub use marks::{CREATED_BY, DATA_HASH, FINALIZER, FORCE_SYNC, MANAGED, field_manager};
pub use remote_ref::{
    ConversionStrategy, DecodingStrategy, MetadataPolicy, NullBytePolicy, RemoteRef,
};
pub use secret_store::{
    ClusterSecretStore, Provider, RefreshSeconds, RetrySettings, SecretStore, SecretStoreSpec,
    SecretStoreStatus, StoreCondition,
};
pub use store_ref::{GeneratorRef, SourceRef, StoreKind, StoreRef};
pub use target::{CreationPolicy, DeletionPolicy, Manifest, Target};
pub use template::{
    MergePolicy, Template, TemplateAs, TemplateFrom, TemplateItem, TemplateMetadata, TemplateSource,
};
