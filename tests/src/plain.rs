//! Secrets in the clear, to be sealed by our library as `seal` does it.

use jiff::Timestamp;
use seal_api::SealedSecret;
use seal_format::Scope;
use seal_keys::{Certificate, Recipient as _};
use sealing::{PlainSecret, Se1Sealing, SealedManifest, Sealing, Target};
use zeroize::Zeroizing;

use crate::reader::Reader;

/// A Secret before it is sealed.
#[derive(Clone)]
pub struct Plain {
    secret: PlainSecret,
    scope: Scope,
}

impl Plain {
    /// One without items.
    pub fn new(namespace: &str, name: &str) -> Self {
        let mut secret = PlainSecret::default();
        secret.metadata.namespace = Some(namespace.to_owned());
        secret.metadata.name = Some(name.to_owned());
        Self {
            secret,
            scope: Scope::Strict,
        }
    }

    /// Adds an item.
    #[must_use]
    pub fn item(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = Zeroizing::new(value.as_ref().to_vec());
        self.secret.data.insert(name.to_owned(), value);
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        let labels = self.secret.metadata.labels.get_or_insert_default();
        labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds an annotation.
    #[must_use]
    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        let annotations = self.secret.metadata.annotations.get_or_insert_default();
        annotations.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the type.
    #[must_use]
    pub fn kind(mut self, kind: &str) -> Self {
        self.secret.secret_type = Some(kind.to_owned());
        self
    }

    /// Makes it immutable.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.secret.immutable = Some(true);
        self
    }

    /// Sets the scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Seals it for a certificate, in the legacy format.
    pub fn seal(self, certificate: &Certificate) -> SealedSecret {
        let (secret, scope) = self.targeted();
        let mut random = || {
            let mut bytes = Zeroizing::new([0; 32]);
            aws_lc_rs::rand::fill(bytes.as_mut()).ok()?;
            Some(bytes)
        };
        let sealing = Sealing::prepare(secret, scope, &mut random).unwrap();
        let recipient = certificate.recipient(Timestamp::now()).unwrap();
        let wraps = sealing
            .needs()
            .map(|need| recipient.wrap(need.key, need.label).unwrap())
            .collect();
        as_object(&sealing.finish(wraps).unwrap())
    }

    /// Seals it for several readers, in SE1: one data key for all items.
    pub fn seal_se1(self, readers: &[&dyn Reader]) -> SealedSecret {
        let (secret, scope) = self.targeted();
        let mut random = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).is_ok();
        let sealing = Se1Sealing::prepare(secret, scope, &mut random).unwrap();
        let key = sealing.to_wrap();
        let wraps = readers
            .iter()
            .map(|reader| reader.wrap_for(&key, sealing.object()))
            .collect();
        as_object(&sealing.finish(wraps).unwrap())
    }

    fn targeted(self) -> (PlainSecret, Scope) {
        let mut secret = self.secret;
        let target = Target {
            scope: self.scope,
            allow_empty: true,
            ..Target::default()
        };
        let scope = target.apply(&mut secret).unwrap();
        (secret, scope)
    }
}

fn as_object(manifest: &SealedManifest) -> SealedSecret {
    serde_json::from_value(serde_json::to_value(manifest).unwrap()).unwrap()
}
