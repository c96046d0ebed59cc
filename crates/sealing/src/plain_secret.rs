//! A Secret before it is sealed.

use std::collections::BTreeMap;

use seal_api::TemplateMetadata;
use zeroize::Zeroizing;

/// A Secret with its values in the clear. It has no `Debug`: nothing prints it.
#[derive(Clone, Default)]
pub struct PlainSecret {
    /// Name, namespace, labels, annotations and what else goes into the template.
    pub metadata: TemplateMetadata,
    /// `type`, when given.
    pub secret_type: Option<String>,
    /// `immutable`, when given.
    pub immutable: Option<bool>,
    /// Values by item name; `stringData` has already won over `data`.
    pub data: BTreeMap<String, Zeroizing<Vec<u8>>>,
}
