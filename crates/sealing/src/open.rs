//! SealedSecret → Secret, in two phases (contract §1.3, §1.4, §2.1).

use std::collections::BTreeMap;

use seal_api::{SealedSecretSpec, SecretTemplate, TemplateMetadata};
use seal_format::se1::{
    Binding, DataKey, DataKeyBlock, DataKeyId, Fault, ValueFormat, value_format,
};
use seal_format::{Envelope, Scope, SessionKey};
use template::{Engine, Items};
use zeroize::Zeroizing;

use crate::open_error::{ItemError, OpenError};
use crate::se1_object::Se1Object;
use crate::whole_secret;

/// A SealedSecret between the phases: read, nothing decrypted.
pub struct Opening<'a> {
    label: Vec<u8>,
    template: Option<&'a SecretTemplate>,
    sealed: Sealed,
}

enum Sealed {
    /// One value per item, of either format.
    Items(Vec<(String, Envelope)>, Option<Se1Object>),
    /// `spec.data`: a whole Secret as one value.
    Whole(Envelope),
}

/// One data key to unwrap.
pub struct UnwrapNeed<'a> {
    /// What the sealer's recipient made of the key.
    pub wrapped: &'a [u8],
    /// What the wrap is bound to.
    pub label: &'a [u8],
}

/// One data key to unwrap; any one of its wraps will do.
pub struct DataKeyNeed<'a> {
    /// The wraps, and who they are for.
    pub block: &'a DataKeyBlock,
    /// What the wraps are bound to.
    pub object: &'a Binding,
}

/// What identities made of the needs.
#[derive(Default)]
pub struct Answers {
    /// In the order of [`Opening::needs`].
    pub session_keys: Vec<Result<Zeroizing<Vec<u8>>, NoSessionKey>>,
    /// In the order of [`Opening::data_keys`]: the 40 bytes, or why there are none
    /// ([`Fault::NoIdentity`], [`Fault::BadWrap`], [`Fault::Unavailable`]).
    pub data_keys: Vec<Result<Zeroizing<Vec<u8>>, Fault>>,
}

/// Why there is no session key for a value of the legacy format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSessionKey {
    /// No key fits.
    NoKey,
    /// A service that may have the key did not answer.
    Unavailable,
    /// Nobody was asked, as the object does not open anyway.
    NotTried,
}

/// What the Secret is to hold. It has no `Debug`: nothing prints it.
pub struct OpenedSecret {
    /// Values by item name.
    pub data: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Labels, annotations, finalizers; name and namespace are the SealedSecret's, not these.
    pub metadata: TemplateMetadata,
    /// `type`, when given.
    pub secret_type: Option<String>,
    /// `immutable`, when given.
    pub immutable: Option<bool>,
}

impl<'a> Opening<'a> {
    /// Phase one. Scope, namespace and name are the SealedSecret's own.
    pub fn prepare(
        spec: &'a SealedSecretSpec,
        scope: Scope,
        namespace: &str,
        name: &str,
    ) -> Result<Self, OpenError> {
        let sealed = match &spec.data {
            Some(_) if !spec.encrypted_data.is_empty() => {
                return Err(OpenError::of(ItemError::BothFormats, "data"));
            }
            Some(_) if !spec.data_keys.is_empty() => {
                return Err(OpenError::of(Fault::Malformed.into(), "data"));
            }
            Some(text) => Sealed::Whole(
                Envelope::from_text(text).map_err(|error| OpenError::of(error.into(), "data"))?,
            ),
            None => {
                // First: its limits hold for legacy values, too.
                let se1 = Se1Object::read(spec, scope, namespace, name)?;
                Sealed::Items(envelopes(&spec.encrypted_data)?, se1)
            }
        };
        Ok(Self {
            label: scope.label(namespace, name),
            template: spec.template.as_ref(),
            sealed,
        })
    }

    /// The session keys to unwrap, one per value of the legacy format.
    pub fn needs(&self) -> impl Iterator<Item = UnwrapNeed<'_>> {
        let (items, whole) = match &self.sealed {
            Sealed::Items(items, _) => (items.as_slice(), None),
            Sealed::Whole(envelope) => (&[][..], Some(envelope)),
        };
        items
            .iter()
            .map(|(_, envelope)| envelope)
            .chain(whole)
            .map(|envelope| UnwrapNeed {
                wrapped: &envelope.wrapped_key,
                label: &self.label,
            })
    }

    /// The data keys to unwrap, each once however many values it has.
    pub fn data_keys(&self) -> impl Iterator<Item = DataKeyNeed<'_>> {
        self.se1().into_iter().flat_map(|se1| {
            let object = se1.object();
            se1.referenced()
                .into_iter()
                .map(move |block| DataKeyNeed { block, object })
        })
    }

    fn se1(&self) -> Option<&Se1Object> {
        match &self.sealed {
            Sealed::Items(_, se1) => se1.as_ref(),
            Sealed::Whole(_) => None,
        }
    }

    /// Phase two. All or nothing: one failing item fails the whole.
    pub fn finish(self, answers: &Answers, engine: &dyn Engine) -> Result<OpenedSecret, OpenError> {
        let values = match self.sealed {
            Sealed::Items(items, se1) => open_items(items, se1.as_ref(), answers)?,
            Sealed::Whole(envelope) => {
                let json = whole(&envelope, answers)?;
                return whole_secret::parse(&json)
                    .map_err(|error| OpenError::of(error.into(), "data"));
            }
        };
        let Some(template) = self.template else {
            return Ok(OpenedSecret {
                data: values,
                metadata: TemplateMetadata::default(),
                secret_type: None,
                immutable: None,
            });
        };
        Ok(OpenedSecret {
            data: render(values, template, engine)?,
            metadata: template.metadata.clone().unwrap_or_default(),
            secret_type: template.secret_type.clone().filter(|kind| !kind.is_empty()),
            immutable: template.immutable,
        })
    }

    /// Phase two without rendering: the values as they were sealed.
    ///
    /// # Errors
    /// As [`Self::finish`]; [`ItemError::BothFormats`] never, [`ItemError::Answers`] for a whole
    /// Secret, which has no items.
    pub fn values(
        self,
        answers: &Answers,
    ) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, OpenError> {
        match self.sealed {
            Sealed::Items(items, se1) => open_items(items, se1.as_ref(), answers),
            Sealed::Whole(_) => Err(OpenError::of(ItemError::Answers, "data")),
        }
    }

    /// Phase two for those who only ask whether: everything decrypts. Nothing is rendered, and of what is in
    /// there nothing is looked at, so that the answer follows from keys, place and ciphertext alone.
    ///
    /// # Errors
    /// As [`Self::finish`] without those that follow from templates or contents.
    pub fn opens(self, answers: &Answers) -> Result<(), OpenError> {
        match self.sealed {
            Sealed::Items(items, se1) => open_items(items, se1.as_ref(), answers).map(drop),
            Sealed::Whole(envelope) => whole(&envelope, answers).map(drop),
        }
    }
}

/// The one value of the format before 0.7.
fn whole(envelope: &Envelope, answers: &Answers) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let [key] = answers.session_keys.as_slice() else {
        return Err(OpenError::of(ItemError::Answers, "data"));
    };
    open_value(envelope, key.as_ref().map_err(|why| *why))
        .map_err(|error| OpenError::of(error, "data"))
}

fn envelopes(encrypted: &BTreeMap<String, String>) -> Result<Vec<(String, Envelope)>, OpenError> {
    let mut errors = OpenError::none();
    let mut items = Vec::with_capacity(encrypted.len());
    for (name, text) in encrypted {
        if value_format(text) != ValueFormat::Legacy {
            continue;
        }
        match Envelope::from_text(text) {
            Ok(envelope) => items.push((name.clone(), envelope)),
            Err(error) => errors.add(error.into(), name),
        }
    }
    errors.or(items)
}

fn open_items(
    items: Vec<(String, Envelope)>,
    se1: Option<&Se1Object>,
    answers: &Answers,
) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, OpenError> {
    if items.len() != answers.session_keys.len() {
        return Err(OpenError::of(ItemError::Answers, "encryptedData"));
    }
    let mut errors = OpenError::none();
    let mut values = BTreeMap::new();
    for ((name, envelope), key) in items.into_iter().zip(&answers.session_keys) {
        match open_value(&envelope, key.as_ref().map_err(|why| *why)) {
            Ok(value) => {
                values.insert(name, value);
            }
            Err(error) => errors.add(error, &name),
        }
    }
    if let Some(se1) = se1 {
        let keys = data_keys(se1, &answers.data_keys)?;
        for (name, sealed) in se1.values() {
            let Some(key) = keys.get(&sealed.id) else {
                errors.add(ItemError::Answers, name);
                continue;
            };
            match key
                .as_ref()
                .map_err(|fault| *fault)
                .and_then(|key| key.open(se1.object(), name, sealed))
            {
                Ok(value) => {
                    values.insert(name.clone(), value);
                }
                Err(fault) => errors.add(fault.into(), name),
            }
        }
    }
    errors.or(values)
}

/// The data keys, verified, or why they are not known.
fn data_keys(
    se1: &Se1Object,
    unwrapped: &[Result<Zeroizing<Vec<u8>>, Fault>],
) -> Result<BTreeMap<DataKeyId, Result<DataKey, Fault>>, OpenError> {
    let referenced = se1.referenced();
    if referenced.len() != unwrapped.len() {
        return Err(OpenError::of(ItemError::Answers, "dataKeys"));
    }
    let keys = referenced.into_iter().zip(unwrapped).map(|(block, bytes)| {
        let key = match bytes {
            Ok(bytes) => se1.verify(block, bytes),
            Err(fault) => Err(*fault),
        };
        (block.id().clone(), key)
    });
    Ok(keys.collect())
}

fn open_value(
    envelope: &Envelope,
    key: Result<&Zeroizing<Vec<u8>>, NoSessionKey>,
) -> Result<Zeroizing<Vec<u8>>, ItemError> {
    let key = key.map_err(|why| match why {
        NoSessionKey::NoKey => ItemError::NoKey,
        NoSessionKey::Unavailable => Fault::Unavailable.into(),
        NoSessionKey::NotTried => ItemError::NotTried,
    })?;
    SessionKey::from_unwrapped(key)
        .and_then(|key| key.open(&envelope.payload))
        .map_err(|_| ItemError::NoKey)
}

/// Templates see the decrypted items and, where none shadows them, their siblings' raw text. A
/// decrypted value wins over a template of the same name; null leaves the item out.
///
/// All are checked before the first is rendered, and all are rendered even if one fails: what is told
/// about a template depends on its text alone, and how far a pass comes on no value.
fn render(
    mut values: BTreeMap<String, Zeroizing<Vec<u8>>>,
    template: &SecretTemplate,
    engine: &dyn Engine,
) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, OpenError> {
    let Some(templates) = template.data.as_ref().filter(|data| !data.is_empty()) else {
        return Ok(values);
    };
    let mut errors = OpenError::none();
    let mut root = Items::default();
    let mut due = Vec::new();
    for (name, text) in templates {
        let Some(text) = text else { continue };
        if values.contains_key(name) {
            continue;
        }
        root.insert(name.clone(), Zeroizing::new(text.as_bytes().to_vec()));
        match engine.check(text) {
            Ok(()) => due.push((name, text)),
            Err(error) => errors.add(error.into(), name),
        }
    }
    let due = errors.or(due)?;
    for (name, value) in &values {
        root.insert(name.clone(), value.clone());
    }
    values.retain(|name, _| templates.get(name) != Some(&None));
    let mut failed = false;
    for (name, text) in due {
        match engine.render(text, &root) {
            Ok(rendered) => {
                values.insert(name.clone(), rendered);
            }
            Err(_) => failed = true,
        }
    }
    if failed {
        return Err(OpenError(vec![(ItemError::Rendering, Vec::new())]));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use template::{GoTemplate, Limits};

    use super::*;

    fn rendered(
        password: &str,
        templates: &[(&str, &str)],
    ) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, OpenError> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        let entries = templates
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Some((*text).to_owned())));
        let template = SecretTemplate {
            data: Some(entries.collect()),
            ..SecretTemplate::default()
        };
        let values = [("password".to_owned(), password)].into();
        render(values, &template, &GoTemplate::new(Limits::default()))
    }

    #[test]
    fn where_a_template_fails_does_not_spell_out_a_value() {
        let templates = [
            (
                "one",
                "{{ if hasPrefix \"a\" .password }}{{ fail \"\" }}{{ end }}\n{{ if hasPrefix \"b\" .password }}{{ div 1 0 }}{{ end }}",
            ),
            (
                "two",
                "{{ if hasPrefix \"c\" .password }}{{ index \"\" 1 }}{{ end }}",
            ),
        ];
        assert!(rendered("d", &templates).is_ok());
        for password in ["a", "b", "c"] {
            let error = rendered(password, &templates).err().unwrap();
            assert_eq!(error.reasons(), [(ItemError::Rendering, Vec::new())]);
            assert_eq!(error.to_string(), ItemError::Rendering.to_string());
        }
    }

    #[test]
    fn templates_are_checked_before_any_is_rendered() {
        let templates = [
            ("a-fails", "{{ fail .password }}"),
            ("b-unknown", "\n{{ include .password }}"),
            ("c-unknown", "\n{{ include \"x\" }}"),
            ("d-syntax", "{{ if }}"),
            ("password", "{{ never looked at }}"),
        ];
        let error = rendered("hunter2", &templates).err().unwrap().to_string();
        let (unknown, syntax) = error.split_once('\n').unwrap();
        assert_eq!(
            unknown,
            "template: template calls an unknown function `include` at line 2, column 4 (b-unknown, c-unknown)"
        );
        assert!(syntax.ends_with("(d-syntax)"), "{syntax}");
    }
}
