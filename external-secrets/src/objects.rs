//! ExternalSecrets as they come from the watch.

use kube::Resource as _;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;
use seal_api::external_secrets::ExternalSecret;

/// Well-formed or not.
pub(crate) type Guarded = DeserializeGuard<ExternalSecret>;

/// Names an ExternalSecret.
pub(crate) type Key = ObjectRef<Guarded>;

/// Without what [`ObjectRef::from_obj`] adds: keys are kept a dozen times for each object.
pub(crate) fn key_of(object: &Guarded) -> Key {
    let metadata = object.meta();
    let key = Key::new(metadata.name.as_deref().unwrap_or_default());
    key.within(metadata.namespace.as_deref().unwrap_or_default())
}
