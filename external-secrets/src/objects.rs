//! ExternalSecrets as they come from the watch.

use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;
use seal_api::external_secrets::ExternalSecret;

/// Well-formed or not.
pub(crate) type Guarded = DeserializeGuard<ExternalSecret>;

/// Names an ExternalSecret.
pub(crate) type Key = ObjectRef<Guarded>;
