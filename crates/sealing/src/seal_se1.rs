//! Secret → SealedSecret for several recipients, in two phases (docs/format.md).

use seal_api::TemplateMetadata;
use seal_format::Scope;
use seal_format::se1::{Binding, MAX_DOCUMENT, Wrap};
use zeroize::Zeroizing;

use crate::plain_secret::PlainSecret;
use crate::se1_object::size;
use crate::seal::{SealError, manifest};
use crate::sealed_items::{Random, SealedItems};
use crate::sealed_manifest::SealedManifest;

/// A Secret between the phases: values sealed, their data key not wrapped.
pub struct Se1Sealing {
    metadata: TemplateMetadata,
    secret_type: Option<String>,
    immutable: Option<bool>,
    items: SealedItems,
}

impl Se1Sealing {
    /// Phase one. The Secret has passed [`Target::apply`](crate::Target::apply), which also gave
    /// `scope`.
    ///
    /// # Errors
    /// [`SealError::NoNamespace`], [`SealError::Place`], [`SealError::Random`],
    /// [`SealError::Value`].
    pub fn prepare(
        secret: PlainSecret,
        scope: Scope,
        random: &mut Random<'_>,
    ) -> Result<Self, SealError> {
        let metadata = secret.metadata;
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        if scope != Scope::ClusterWide && namespace.is_empty() {
            return Err(SealError::NoNamespace);
        }
        let name = metadata.name.as_deref().unwrap_or_default();
        let object = Binding::new(scope, namespace, name).map_err(|_| SealError::Place)?;
        Ok(Self {
            items: SealedItems::seal(&secret.data, object, random)?,
            metadata,
            secret_type: secret.secret_type,
            immutable: secret.immutable,
        })
    }

    /// The data key's bytes, to be wrapped for each recipient.
    pub fn to_wrap(&self) -> Zeroizing<Vec<u8>> {
        self.items.to_wrap()
    }

    /// What the wraps are bound to.
    pub fn object(&self) -> &Binding {
        self.items.object()
    }

    /// Phase two: one wrap per recipient, in any order.
    ///
    /// # Errors
    /// [`SealError::Recipients`], [`SealError::TooLarge`].
    pub fn finish(self, wraps: Vec<Wrap>) -> Result<SealedManifest, SealError> {
        let scope = self.items.object().scope();
        let finished = self.items.finish(wraps)?;
        let mut sealed = manifest(
            self.metadata,
            self.secret_type,
            self.immutable,
            scope,
            finished.values,
        );
        // Without items nothing needs the key.
        if !sealed.spec.encrypted_data.is_empty() {
            sealed.spec.data_keys.insert(finished.id, finished.entry);
        }
        // No reader would open it.
        if size(&sealed.spec) > MAX_DOCUMENT {
            return Err(SealError::TooLarge);
        }
        Ok(sealed)
    }
}
