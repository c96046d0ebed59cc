//! The Kubernetes types of seal and their CRDs. Data only: no client, no clock, no crypto.
//!
//! [`SealedSecret`] is `bitnami.com/v1alpha1`, unchanged in every field that exists today, so that
//! seal and Sealed Secrets can take each other's place; `spec.dataKeys` is the one addition
//! (architecture D1).

mod annotations;
mod crd;
mod data_key;
pub mod external_secrets;
mod sealed_secret;
mod status;
mod template;

pub use annotations::{
    AGE_IDENTITIES_ACTIVE, AGE_IDENTITIES_LABEL, CLUSTER_WIDE, KEY_LABEL, KEY_LABEL_ACTIVE,
    KMS_CERTIFICATE_ACTIVE, KMS_CERTIFICATE_LABEL, KMS_KEY, MANAGED, NAMESPACE_WIDE, PATCH,
    SKIP_SET_OWNER_REFERENCES, is_true,
};
pub use crd::sealed_secret_crd;
pub use data_key::{DataKeyEntry, WrapEntry};
pub use sealed_secret::{SealedSecret, SealedSecretSpec};
pub use status::{Condition, ConditionStatus, SealedSecretStatus};
pub use template::{SecretTemplate, TemplateMetadata};
