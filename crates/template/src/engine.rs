//! The way in: a template and its items become bytes.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::date::Time;
use crate::dialect::{Dialect, MissingKey};
use crate::entropy::Entropy;
use crate::error::{ParseError, TemplateError};
use crate::evaluate::Machine;
use crate::functions::{self, Functions};
use crate::limits::Limits;
use crate::program::Program;
use crate::value::{Entries, Entry, Map, Text, Value};

/// Rendered text, wiped when dropped.
pub type Rendered = Zeroizing<Vec<u8>>;

/// Renders the text/template entries of one object.
pub trait Engine {
    /// Whether `template` can be rendered at all: its syntax, and that it calls only functions that are
    /// known and allowed. Looks at no items, so its answer tells nothing about them.
    fn check(&self, template: &str) -> Result<(), ParseError>;

    /// Renders `template` with `items` as its root object.
    fn render(&self, template: &str, items: &Items) -> Result<Rendered, TemplateError> {
        self.render_entry("", template, items)
    }

    /// As [`Self::render`], for the entry of that name. What a template draws at random depends on the
    /// name, too: two entries with the same text get different values.
    fn render_entry(
        &self,
        entry: &str,
        template: &str,
        items: &Items,
    ) -> Result<Rendered, TemplateError>;
}

/// What a template sees as `.`: a flat map from item name to decrypted value (contract §2.1).
///
/// Values are bytes, as in Go: a binary value passes through `{{ .item }}`, `b64enc` or `sha256sum`
/// unchanged; functions on characters see U+FFFD for every byte that is not UTF-8, as Go's do.
#[derive(Default)]
pub struct Items(BTreeMap<String, Zeroizing<Vec<u8>>>);

impl Items {
    /// No items.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, bytes: Zeroizing<Vec<u8>>) {
        self.0.insert(name.into(), bytes);
    }

    /// Whether there is an item of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn root(&self) -> Value {
        let entries: Entries = self
            .0
            .iter()
            .map(|(name, bytes)| {
                (
                    Text::from(name.as_bytes()),
                    Value::Str(Text::from(bytes.as_slice())),
                )
            })
            .collect();
        Value::Map(Map::new(Entry::Str, entries))
    }
}

/// The moment that a template takes for now: the engine itself reads no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(Time);

impl Moment {
    /// Seconds since 1970, and nanoseconds of the second that follows.
    #[must_use]
    pub fn new(seconds: i64, nanos: u32) -> Self {
        Self(Time {
            nanos: nanos % 1_000_000_000,
            ..Time::from_unix(seconds)
        })
    }
}

/// Go's text/template with sprig's functions: parsed by `gotmpl`, evaluated here.
#[derive(Debug, Clone)]
pub struct GoTemplate {
    limits: Limits,
    functions: &'static Functions,
    missing_key: MissingKey,
    now: Option<Time>,
    entropy: Option<Entropy>,
}

impl GoTemplate {
    /// An engine for the templates of SealedSecrets, whose renders stay within `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with(&functions::SEALED_SECRETS, limits)
    }

    /// An engine for the templates of `dialect`, whose renders stay within `limits`.
    #[must_use]
    pub fn of(dialect: Dialect, limits: Limits) -> Self {
        Self::with(Functions::of(dialect), limits)
    }

    fn with(functions: &'static Functions, limits: Limits) -> Self {
        Self {
            limits,
            functions,
            missing_key: functions.dialect.missing_key(),
            now: None,
            entropy: None,
        }
    }

    /// The same engine with another answer to a missing key. The templates that rewrite keys of an
    /// ExternalSecret (`rewrite[].transform`) need [`MissingKey::NoValue`].
    #[must_use]
    pub fn with_missing_key(self, missing_key: MissingKey) -> Self {
        Self {
            missing_key,
            ..self
        }
    }

    /// The same engine at a moment: what `now` is. Without one, functions that need it fail.
    #[must_use]
    pub fn at(self, moment: Moment) -> Self {
        Self {
            now: Some(moment.0),
            ..self
        }
    }

    /// The same engine with a seed, from which random functions draw: the same seed, entry, template and
    /// items give the same bytes. Without one these functions are refused by name. The seed must be secret,
    /// and another one for each object and each version of its values.
    #[must_use]
    pub fn with_entropy(self, seed: Zeroizing<[u8; 32]>) -> Self {
        Self {
            entropy: Some(Entropy::new(seed)),
            ..self
        }
    }

    fn parse<'t>(&self, template: &'t str) -> Result<Program<'t>, ParseError> {
        Program::parse(template, self.functions, self.entropy.is_some())
    }
}

impl Default for GoTemplate {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Engine for GoTemplate {
    fn check(&self, template: &str) -> Result<(), ParseError> {
        self.parse(template).map(|_| ())
    }

    fn render_entry(
        &self,
        entry: &str,
        template: &str,
        items: &Items,
    ) -> Result<Rendered, TemplateError> {
        let program = self.parse(template)?;
        let stream = self
            .entropy
            .as_ref()
            .map(|entropy| entropy.stream(entry, template));
        Machine::new(&program, &self.limits, items.root())
            .with_missing_key(self.missing_key)
            .at(self.now)
            .drawing_from(stream)
            .run()
    }
}
