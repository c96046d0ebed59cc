//! Random Secrets, sealed with our library.

use std::fs;

use age::ssh;
use aws_lc_rs::rand::fill;
use seal_age::{AgeRecipient, wrap_for};
use seal_api::TemplateMetadata;
use seal_format::Scope;
use seal_format::se1::{RecipientName, Wrap};
use seal_keys::{Certificate, Recipient as _, RsaRecipient};
use sealing::{PlainSecret, Se1Sealing, set_scope};
use suite::vectors;
use zeroize::Zeroizing;

use crate::identity::Identity;
use crate::reader::Items;

/// Who may be a recipient: the identity's file.
pub(crate) const READERS: [&str; 5] = [
    "keys/rsa-2048.pem",
    "keys/rsa-4096.pem",
    "se1/keys/age-1.txt",
    "se1/keys/age-2.txt",
    "se1/keys/ssh-ed25519.pem",
];

const SCOPES: [Scope; 3] = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide];

/// A Secret to seal, and for whom.
pub(crate) struct Case {
    pub(crate) scope: Scope,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) items: Items,
    /// Files of [`READERS`], at least one.
    pub(crate) recipients: Vec<String>,
}

impl Case {
    pub(crate) fn random() -> Self {
        let mut recipients: Vec<_> = READERS
            .iter()
            .filter(|_| below(2) == 1)
            .map(|reader| (*reader).to_owned())
            .collect();
        if recipients.is_empty() {
            recipients.push(READERS[below(READERS.len())].to_owned());
        }
        Self {
            scope: SCOPES[below(SCOPES.len())],
            namespace: text("abcxyz0189", 1 + below(63)),
            name: text("abcxyz0189", 1 + below(253)),
            items: (0..=below(6))
                .map(|_| {
                    let length = [below(4), below(100), below(5000)][below(3)];
                    let name = text("aZ09_-", 1) + &text("aZ09_-.", below(253));
                    (name, bytes(length))
                })
                .collect(),
            recipients,
        }
    }

    /// The three fields of the binding.
    pub(crate) fn place(&self) -> [&str; 3] {
        [self.scope.as_str(), &self.namespace, &self.name]
    }

    /// The object that our library makes of it.
    pub(crate) fn seal(&self) -> String {
        let mut annotations = None;
        set_scope(&mut annotations, self.scope);
        let items = self.items.iter();
        let secret = PlainSecret {
            metadata: TemplateMetadata {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                annotations,
                ..TemplateMetadata::default()
            },
            data: items
                .map(|(item, value)| (item.clone(), Zeroizing::new(value.clone())))
                .collect(),
            ..PlainSecret::default()
        };
        let mut random = |bytes: &mut [u8]| fill(bytes).is_ok();
        let sealing = Se1Sealing::prepare(secret, self.scope, &mut random).unwrap();
        let key = sealing.to_wrap();
        let wraps = self.recipients.iter().map(|reader| wrap(reader, &key));
        let sealed = sealing.finish(wraps.collect()).unwrap();
        seal_manifest::write_json(&sealed).unwrap()
    }

    /// The recipients as `to` spells them; RSA keys stay files.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |reader: &String| match Identity::load(reader) {
            Identity::Age(key) => key.recipient_name(),
            Identity::Ssh(_, name) => name,
            Identity::Rsa(_) | Identity::Kms(_) => reader.clone(),
        };
        self.recipients.iter().map(text).collect()
    }
}

fn wrap(reader: &str, key: &[u8]) -> Wrap {
    let (to, blob) = match Identity::load(reader) {
        Identity::Rsa(_) => {
            let path = vectors().join(reader.replace("keys/", "certificates/"));
            let certificate = Certificate::from_pem(&fs::read(path).unwrap()).unwrap();
            let recipient = RsaRecipient::from_spki(certificate.spki()).unwrap();
            (
                recipient.name().as_str().to_owned(),
                recipient.wrap(key, b"").unwrap(),
            )
        }
        Identity::Age(identity) => {
            let name = identity.recipient_name();
            let recipient = AgeRecipient::parse(&name).unwrap();
            (name, recipient.wrap(key).unwrap())
        }
        Identity::Ssh(_, name) => {
            let recipient: ssh::Recipient = name.parse().unwrap();
            let blob = wrap_for(&recipient, key).unwrap();
            (name, blob)
        }
        Identity::Kms(_) => panic!("no KMS here"),
    };
    Wrap {
        to: RecipientName::from_text(&to).unwrap(),
        blob,
    }
}

fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill(&mut bytes).unwrap();
    bytes
}

/// A number from 0, evenly enough.
fn below(bound: usize) -> usize {
    let mut bytes = [0; 8];
    fill(&mut bytes).unwrap();
    usize::try_from(u64::from_le_bytes(bytes) % bound as u64).unwrap()
}

fn text(alphabet: &str, length: usize) -> String {
    let letters = alphabet.as_bytes();
    (0..length)
        .map(|_| char::from(letters[below(letters.len())]))
        .collect()
}
