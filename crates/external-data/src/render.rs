//! From values to a Secret by its template (contract §9).

use std::collections::BTreeMap;

use seal_api::external_secrets::{
    DecodingStrategy, MergePolicy, Template, TemplateAs, TemplateFrom, TemplateSource,
};
use seal_manifest::Limits;
use template::{Engine, Items, Rendered};
use zeroize::Zeroizing;

use crate::bounds::{Bounds, Exceeded, size, size_of};
use crate::decoding::decode;
use crate::{DataError, SecretData};

/// Of what a template makes: the first document, and what a Secret could hold.
const LIMITS: Limits = Limits {
    documents: 1,
    nodes: 50_000,
    aliased_nodes: 10_000,
    aliased_bytes: 1 << 20,
};

/// Where a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// In a ConfigMap of the namespace.
    ConfigMap,
    /// In a Secret of the namespace.
    Secret,
}

/// Templates of other objects, by kind and name, and their items: what [`sources`] asked for.
pub type Sources = BTreeMap<(SourceKind, String), SecretData>;

/// What a Secret is to have.
#[derive(Default)]
pub struct RenderedSecret {
    /// Its data.
    pub data: SecretData,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Why a template makes no Secret. Holds no text of templates, values or what was rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// An object that a template is in is not there.
    #[error("{place}: {} {name} does not exist", kind_name(*.kind))]
    NoSource {
        /// Where in the specification.
        place: String,
        /// Kind of the object.
        kind: SourceKind,
        /// Its name.
        name: String,
    },
    /// It has no such item.
    #[error("{place}: {} {name} has no item {key}", kind_name(*.kind))]
    NoItem {
        /// Where in the specification.
        place: String,
        /// Kind of the object.
        kind: SourceKind,
        /// Its name.
        name: String,
        /// The item.
        key: String,
    },
    /// It cannot be parsed, or calls what is not there. Says where.
    #[error("{place}: the template cannot be rendered: {reason}")]
    Syntax {
        /// Where in the specification.
        place: String,
        /// Why.
        reason: String,
    },
    /// It failed on these values. Where and why is not told: that could depend on a value.
    #[error("{place}: the template fails on these values")]
    Failed {
        /// Where in the specification.
        place: String,
    },
    /// What it makes is not a YAML object of keys and texts.
    #[error("{place}: the template makes no YAML object of keys and texts")]
    NotAnObject {
        /// Where in the specification.
        place: String,
    },
    /// Where a template writes to is none of a Secret's.
    #[error("{place}: target must be Data, Labels or Annotations")]
    Target {
        /// Where in the specification.
        place: String,
    },
    /// Kubernetes would make a token of it, for whoever may write an ExternalSecret.
    #[error(
        "spec.target.template makes a token: Secrets of type bootstrap.kubernetes.io/token, and those of type \
         kubernetes.io/service-account-token that name an account, are refused"
    )]
    Token,
    /// What it makes cannot be decoded.
    #[error("{place}: {reason}")]
    Decode {
        /// Where in the specification.
        place: String,
        /// Why.
        reason: DataError,
    },
    /// Too many templates, or too expensive ones.
    #[error("{place}: {reason}")]
    Exceeded {
        /// Where in the specification.
        place: String,
        /// What was exceeded.
        reason: Exceeded,
    },
    /// A label or annotation that is no text.
    #[error("{place}: the template makes bytes that are no text")]
    NoText {
        /// Where in the specification.
        place: String,
    },
}

/// Objects whose items are needed.
pub fn sources(template: &Template) -> Vec<(SourceKind, String)> {
    let mut sources: Vec<_> = template
        .template_from
        .iter()
        .flat_map(named)
        .map(|(kind, source)| (kind, source.name.clone()))
        .collect();
    sources.sort();
    sources.dedup();
    sources
}

/// Renders. Without a template the values are the data, and `inherited` labels and annotations, those of
/// the ExternalSecret, the Secret's.
///
/// # Errors
/// The first [`RenderError`]; nothing is made in part.
pub fn render(
    template: Option<&Template>,
    values: SecretData,
    inherited: (&BTreeMap<String, String>, &BTreeMap<String, String>),
    sources: &Sources,
    (engine, bounds): (&dyn Engine, &Bounds<'_>),
) -> Result<RenderedSecret, RenderError> {
    let Some(template) = template else {
        return Ok(RenderedSecret {
            data: values,
            labels: inherited.0.clone(),
            annotations: inherited.1.clone(),
        });
    };
    let mut items = Items::new();
    for (key, value) in &values {
        items.insert(key.clone(), value.clone());
    }
    let mut rendering = Rendering {
        engine,
        bounds,
        held: 0,
        items,
        secret: RenderedSecret::default(),
    };
    let plain = template.data.is_empty() && template.template_from.is_empty();
    if plain || template.merge_policy.unwrap_or_default() == MergePolicy::Merge {
        rendering.held = size_of(&values);
        rendering.secret.data = values;
    }
    for (index, from) in template.template_from.iter().enumerate() {
        rendering.from(
            &format!("spec.target.template.templateFrom[{index}]"),
            from,
            sources,
        )?;
    }
    for (key, text) in &template.data {
        let place = format!("spec.target.template.data.{key}");
        let value = rendering.one(&place, text)?;
        rendering.put(&place, Target::Data, key, value)?;
    }
    if let Some(metadata) = &template.metadata {
        for (target, texts) in [
            (Target::Labels, &metadata.labels),
            (Target::Annotations, &metadata.annotations),
        ] {
            for (key, text) in texts {
                let place = format!("spec.target.template.metadata.{}.{key}", target.field());
                let value = rendering.one(&place, text)?;
                rendering.put(&place, target, key, value)?;
            }
        }
    }
    if makes_token(template, &rendering.secret) {
        return Err(RenderError::Token);
    }
    Ok(rendering.secret)
}

/// Whether Kubernetes would act on the Secret (contract §10).
fn makes_token(template: &Template, secret: &RenderedSecret) -> bool {
    match template.secret_type.as_deref() {
        Some("bootstrap.kubernetes.io/token") => true,
        Some("kubernetes.io/service-account-token") => secret
            .annotations
            .contains_key("kubernetes.io/service-account.name"),
        _ => false,
    }
}

/// Which part of a Secret a template writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Data,
    Labels,
    Annotations,
}

impl Target {
    fn read(text: Option<&str>) -> Option<Self> {
        let text = text.unwrap_or_default();
        [Self::Data, Self::Labels, Self::Annotations]
            .into_iter()
            .find(|target| text.eq_ignore_ascii_case(target.field()))
            .or_else(|| text.is_empty().then_some(Self::Data))
    }

    fn field(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }
}

struct Rendering<'e> {
    engine: &'e dyn Engine,
    bounds: &'e Bounds<'e>,
    /// Bytes that were made so far, replaced ones included.
    held: usize,
    items: Items,
    secret: RenderedSecret,
}

impl Rendering<'_> {
    fn from(
        &mut self,
        place: &str,
        from: &TemplateFrom,
        sources: &Sources,
    ) -> Result<(), RenderError> {
        let target = Target::read(from.target.as_deref()).ok_or_else(|| RenderError::Target {
            place: place.to_owned(),
        })?;
        let decoding = from.values_decoding_strategy.unwrap_or_default();
        for (kind, source) in named(from) {
            for item in &source.items {
                let text = find(place, kind, source, &item.key, sources)?;
                let entry = format!("{place}.{}.{}", source.name, item.key);
                let rendered = self.entry(place, &entry, &text)?;
                match item.template_as.unwrap_or_default() {
                    TemplateAs::Values => {
                        let value = decoded(place, rendered, decoding, &item.key)?;
                        self.put(place, target, &item.key, value)?;
                    }
                    TemplateAs::KeysAndValues => self.many(place, target, &rendered, decoding)?,
                }
            }
        }
        match &from.literal {
            Some(text) => {
                let rendered = self.one(place, text)?;
                self.many(place, target, &rendered, decoding)
            }
            None => Ok(()),
        }
    }

    fn one(&self, place: &str, text: &str) -> Result<Rendered, RenderError> {
        self.entry(place, place, text)
    }

    /// What is drawn at random differs from entry to entry, equal as the templates may be.
    fn entry(&self, place: &str, entry: &str, text: &str) -> Result<Rendered, RenderError> {
        let time = self.bounds.time();
        time.map_err(|reason| exceeded(place, reason))?;
        self.engine
            .check(text)
            .map_err(|reason| RenderError::Syntax {
                place: place.to_owned(),
                reason: reason.to_string(),
            })?;
        let rendered = self.engine.render_entry(entry, text, &self.items);
        rendered.map_err(|_| RenderError::Failed {
            place: place.to_owned(),
        })
    }

    /// A YAML object; scalars that are no texts become what kubectl makes of them.
    fn many(
        &mut self,
        place: &str,
        target: Target,
        yaml: &[u8],
        decoding: DecodingStrategy,
    ) -> Result<(), RenderError> {
        let bad = || RenderError::NotAnObject {
            place: place.to_owned(),
        };
        let documents = seal_manifest::read_within(yaml, &LIMITS).map_err(|_| bad())?;
        let Some(document) = documents.first() else {
            return Ok(());
        };
        for (key, node) in document.root().entries() {
            let text = node.coerced().ok_or_else(bad)?.into_text();
            let value = Zeroizing::new(text.as_bytes().to_vec());
            let value = decoded(place, value, decoding, key)?;
            self.put(place, target, key, value)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        place: &str,
        target: Target,
        key: &str,
        value: Zeroizing<Vec<u8>>,
    ) -> Result<(), RenderError> {
        self.held += size(key, &value);
        let bytes = self.bounds.bytes(self.held);
        bytes.map_err(|reason| exceeded(place, reason))?;
        let texts = match target {
            Target::Data => {
                self.secret.data.insert(key.to_owned(), value);
                return Ok(());
            }
            Target::Labels => &mut self.secret.labels,
            Target::Annotations => &mut self.secret.annotations,
        };
        let text = std::str::from_utf8(&value).map_err(|_| RenderError::NoText {
            place: place.to_owned(),
        })?;
        texts.insert(key.to_owned(), text.to_owned());
        Ok(())
    }
}

fn exceeded(place: &str, reason: Exceeded) -> RenderError {
    RenderError::Exceeded {
        place: place.to_owned(),
        reason,
    }
}

fn named(from: &TemplateFrom) -> impl Iterator<Item = (SourceKind, &TemplateSource)> {
    let config_map = from
        .config_map
        .iter()
        .map(|source| (SourceKind::ConfigMap, source));
    config_map.chain(
        from.secret
            .iter()
            .map(|source| (SourceKind::Secret, source)),
    )
}

/// A template's text. What is no UTF-8 is no template.
fn find(
    place: &str,
    kind: SourceKind,
    source: &TemplateSource,
    key: &str,
    sources: &Sources,
) -> Result<Zeroizing<String>, RenderError> {
    let name = source.name.clone();
    let place = place.to_owned();
    let Some(items) = sources.get(&(kind, name.clone())) else {
        return Err(RenderError::NoSource { place, kind, name });
    };
    let text = items
        .get(key)
        .and_then(|text| std::str::from_utf8(text).ok());
    match text {
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None => Err(RenderError::NoItem {
            place,
            kind,
            name,
            key: key.to_owned(),
        }),
    }
}

fn decoded(
    place: &str,
    value: Zeroizing<Vec<u8>>,
    decoding: DecodingStrategy,
    key: &str,
) -> Result<Zeroizing<Vec<u8>>, RenderError> {
    decode(value, decoding, key).map_err(|reason| RenderError::Decode {
        place: place.to_owned(),
        reason,
    })
}

fn kind_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::ConfigMap => "ConfigMap",
        SourceKind::Secret => "Secret",
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
