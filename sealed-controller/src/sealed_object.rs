//! A SealedSecret as it comes from the watch.

use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;
use seal_api::SealedSecret;

/// Well-formed or not.
pub(crate) type Guarded = DeserializeGuard<SealedSecret>;

/// Names a SealedSecret and its Secret.
pub(crate) type Key = ObjectRef<Guarded>;
