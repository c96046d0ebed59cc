//! Secret → SealedSecret, in two phases.

use std::collections::BTreeMap;

use seal_api::{SealedSecretSpec, SecretTemplate, TemplateMetadata};
use seal_format::se1::Fault;
use seal_format::{Envelope, EnvelopeError, PayloadError, Scope, SessionKey};
use zeroize::Zeroizing;

use crate::plain_secret::PlainSecret;
use crate::scope::set_scope;
use crate::sealed_manifest::{SealedManifest, SealedMetadata};

/// Copies of the whole object that `kubectl apply` and kubecfg leave behind: plaintext.
const LAST_APPLIED: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
];

/// A Secret between the phases: session keys drawn, not yet wrapped.
pub struct Sealing {
    metadata: TemplateMetadata,
    secret_type: Option<String>,
    immutable: Option<bool>,
    scope: Scope,
    label: Vec<u8>,
    items: Vec<Item>,
}

struct Item {
    name: String,
    value: Zeroizing<Vec<u8>>,
    key: SessionKey,
}

/// One data key to wrap.
pub struct WrapNeed<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// What the wrap is bound to.
    pub label: &'a [u8],
}

/// Why sealing failed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// Not strict, not namespace-wide without a namespace.
    #[error("secret must declare a namespace")]
    NoNamespace,
    /// The system gave no random bytes.
    #[error("the system's random number generator failed")]
    Random,
    /// As many wraps are needed as there are items.
    #[error("{needed} data keys need a wrap, {given} were given")]
    Wraps {
        /// Number of items.
        needed: usize,
        /// Number of wraps.
        given: usize,
    },
    /// One item cannot be encrypted.
    #[error("item {item}: {reason}")]
    Payload {
        /// Name of the item.
        item: String,
        /// Why.
        reason: PayloadError,
    },
    /// Kubernetes takes no such key of a Secret's data.
    #[error(
        "{0:?} cannot be the name of an item; names are letters, digits, `-`, `_` and `.`, at most 253 of them, and do not begin with `..`"
    )]
    ItemName(String),
    /// More than readers of SE1 take.
    #[error(
        "the sealed object would be larger than 3 MiB, which no reader takes; make several Secrets of it"
    )]
    TooLarge,
    /// One item cannot be sealed in SE1.
    #[error("item {item}: {reason}")]
    Value {
        /// Name of the item.
        item: String,
        /// Why.
        reason: Fault,
    },
    /// The recipients cannot stand together in one data key.
    #[error("the recipients do not fit the format (1 to 16, each once): {0}")]
    Recipients(Fault),
    /// SE1 binds values to legal names only.
    #[error(
        "namespace or name is not one that Kubernetes takes: lower-case letters, digits, `-` and, in the name, `.`"
    )]
    Place,
    /// One item does not fit the format.
    #[error("item {item}: {reason}")]
    Envelope {
        /// Name of the item.
        item: String,
        /// Why.
        reason: EnvelopeError,
    },
}

impl Sealing {
    /// Phase one. `random` gives 32 fresh bytes per call. The Secret has passed
    /// [`Target::apply`](crate::Target::apply), which also gave `scope`.
    pub fn prepare(
        secret: PlainSecret,
        scope: Scope,
        random: &mut dyn FnMut() -> Option<Zeroizing<[u8; SessionKey::LEN]>>,
    ) -> Result<Self, SealError> {
        let namespace = secret.metadata.namespace.as_deref().unwrap_or_default();
        if scope != Scope::ClusterWide && namespace.is_empty() {
            return Err(SealError::NoNamespace);
        }
        let name = secret.metadata.name.as_deref().unwrap_or_default();
        let label = scope.label(namespace, name);
        let items = secret
            .data
            .into_iter()
            .map(|(name, value)| {
                let bytes = random().ok_or(SealError::Random)?;
                let key = SessionKey::from_fresh_bytes(bytes);
                Ok(Item { name, value, key })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            metadata: secret.metadata,
            secret_type: secret.secret_type,
            immutable: secret.immutable,
            scope,
            label,
            items,
        })
    }

    /// The keys to wrap, one per item.
    pub fn needs(&self) -> impl Iterator<Item = WrapNeed<'_>> {
        self.items.iter().map(|item| WrapNeed {
            key: item.key.expose(),
            label: &self.label,
        })
    }

    /// Phase two: `wraps` in the order of [`Self::needs`].
    pub fn finish(self, wraps: Vec<Vec<u8>>) -> Result<SealedManifest, SealError> {
        if wraps.len() != self.items.len() {
            return Err(SealError::Wraps {
                needed: self.items.len(),
                given: wraps.len(),
            });
        }
        let encrypted_data = self
            .items
            .into_iter()
            .zip(wraps)
            .map(|(item, wrapped_key)| item.finish(wrapped_key))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(manifest(
            self.metadata,
            self.secret_type,
            self.immutable,
            self.scope,
            encrypted_data,
        ))
    }
}

impl Item {
    fn finish(self, wrapped_key: Vec<u8>) -> Result<(String, String), SealError> {
        let Self { name, value, key } = self;
        let payload = match key.seal(&value) {
            Ok(payload) => payload,
            Err(reason) => return Err(SealError::Payload { item: name, reason }),
        };
        let envelope = Envelope {
            wrapped_key,
            payload,
        };
        match envelope.to_text() {
            Ok(text) => Ok((name, text)),
            Err(reason) => Err(SealError::Envelope { item: name, reason }),
        }
    }
}

/// The document around the sealed values, which is the same in every format.
pub(crate) fn manifest(
    metadata: TemplateMetadata,
    secret_type: Option<String>,
    immutable: Option<bool>,
    scope: Scope,
    encrypted_data: BTreeMap<String, String>,
) -> SealedManifest {
    let mut own = SealedMetadata {
        name: metadata.name.clone().unwrap_or_default(),
        namespace: metadata.namespace.clone(),
        annotations: None,
    };
    set_scope(&mut own.annotations, scope);
    let template = SecretTemplate {
        metadata: Some(without_copies(metadata)),
        secret_type,
        immutable,
        data: None,
    };
    let spec = SealedSecretSpec {
        template: Some(template),
        data: None,
        data_keys: BTreeMap::new(),
        encrypted_data,
    };
    SealedManifest::new(own, spec)
}

/// A Secret's metadata as its template may have it: without annotations that hold the whole object
/// once more, in the clear.
pub fn without_copies(mut metadata: TemplateMetadata) -> TemplateMetadata {
    if let Some(annotations) = &mut metadata.annotations {
        for key in LAST_APPLIED {
            annotations.remove(key);
        }
        if annotations.is_empty() {
            metadata.annotations = None;
        }
    }
    metadata
}
