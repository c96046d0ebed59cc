//! ExternalSecrets as they come from the watch.

use std::sync::Arc;

use kube::Resource as _;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::ObjectRef;
use seal_api::external_secrets::ExternalSecret;

/// Well-formed or not.
pub(crate) type Guarded = DeserializeGuard<ExternalSecret>;

/// Names an ExternalSecret.
pub(crate) type Key = ObjectRef<Guarded>;

/// The one copy of a key that all records of an object share ([`crate::targets::Targets::id`]): there are a dozen
/// of them for each of thousands.
pub(crate) type Id = Arc<Key>;

/// Without what [`ObjectRef::from_obj`] adds.
pub(crate) fn key_of(object: &Guarded) -> Key {
    let metadata = object.meta();
    let key = Key::new(metadata.name.as_deref().unwrap_or_default());
    key.within(metadata.namespace.as_deref().unwrap_or_default())
}
