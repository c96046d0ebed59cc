//! The function table: what templates may call, and what they may not and why.

mod builtin;
mod cases;
mod ciphers;
mod clock;
mod dates;
mod dicts;
mod digest;
mod encode;
mod escape;
mod foreign;
mod hex;
mod keys;
mod lists;
mod logic;
mod numbers;
mod passwords;
mod paths;
mod patterns;
mod pem_blocks;
mod random;
mod reflect;
mod refused;
mod stores;
mod strings;
mod urls;
mod versions;
mod yaml;
mod zones;

pub(crate) use cases::{lower, upper};
pub(crate) use encode::decode;
pub(crate) use foreign::foreign;
pub(crate) use refused::NO_ENTROPY;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use crate::convert::to_integer;
use crate::date::Time;
use crate::dialect::Dialect;
use crate::entropy::Stream;
use crate::error::{Failure, Fault};
use crate::meter::Meter;
use crate::value::{Chars, Entry as MapEntry, List, Map, Text, Value};

/// Any number of arguments.
pub(crate) const ANY: usize = usize::MAX;

/// A function that templates may call.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// Fewest arguments.
    pub(crate) least: usize,
    /// Most arguments.
    pub(crate) most: usize,
    /// Whether it draws random data.
    pub(crate) draws: bool,
    pub(crate) run: fn(&mut Call<'_>) -> Result<Value, Fault>,
}

/// A function of the original that we refuse by name.
pub(crate) struct Refused {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) enum Entry {
    Function(&'static Function),
    Refused(&'static Refused),
}

/// Whether templates may call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It works.
    Yes,
    /// It is refused by name, for this reason.
    Refused(&'static str),
}

type Table = BTreeMap<&'static str, Entry>;

/// What both dialects have: Go's own functions and those of sprig that need nothing but arguments.
const SHARED: [&[Function]; 16] = [
    builtin::FUNCTIONS,
    cases::FUNCTIONS,
    dates::FUNCTIONS,
    dicts::FUNCTIONS,
    digest::FUNCTIONS,
    encode::FUNCTIONS,
    escape::FUNCTIONS,
    lists::FUNCTIONS,
    logic::FUNCTIONS,
    numbers::FUNCTIONS,
    paths::FUNCTIONS,
    patterns::FUNCTIONS,
    reflect::FUNCTIONS,
    strings::FUNCTIONS,
    urls::FUNCTIONS,
    versions::FUNCTIONS,
];

/// The functions of one dialect. Whoever renders one dialect only does not carry the other's code.
pub(crate) struct Functions {
    pub(crate) dialect: Dialect,
    table: LazyLock<Table>,
}

pub(crate) static SEALED_SECRETS: Functions = Functions {
    dialect: Dialect::SealedSecrets,
    table: LazyLock::new(|| table(&[], &[refused::SHARED, refused::SEALED_SECRETS])),
};

pub(crate) static EXTERNAL_SECRETS: Functions = Functions {
    dialect: Dialect::ExternalSecrets,
    table: LazyLock::new(|| {
        table(
            &[
                ciphers::FUNCTIONS,
                clock::FUNCTIONS,
                hex::FUNCTIONS,
                keys::FUNCTIONS,
                passwords::FUNCTIONS,
                pem_blocks::FUNCTIONS,
                random::FUNCTIONS,
                stores::FUNCTIONS,
                yaml::FUNCTIONS,
                zones::FUNCTIONS,
            ],
            &[refused::SHARED, refused::EXTERNAL_SECRETS],
        )
    }),
};

/// A dialect's own functions come before those of the same name that both have.
fn table(own: &[&'static [Function]], refused: &[&'static [Refused]]) -> Table {
    let functions = SHARED.iter().chain(own).copied().flatten();
    let refused = refused.iter().copied().flatten();
    functions
        .map(|function| (function.name, Entry::Function(function)))
        .chain(refused.map(|refused| (refused.name, Entry::Refused(refused))))
        .collect()
}

impl Functions {
    pub(crate) fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::SealedSecrets => &SEALED_SECRETS,
            Dialect::ExternalSecrets => &EXTERNAL_SECRETS,
        }
    }

    /// The function of that name.
    pub(crate) fn find(&self, name: &str) -> Option<Entry> {
        self.table.get(name).copied()
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dialect.fmt(f)
    }
}

/// Every function of a dialect that we know, in alphabetical order. Those that draw random data work where
/// the engine [has a seed](crate::GoTemplate::with_entropy).
pub fn supported(dialect: Dialect) -> impl Iterator<Item = (&'static str, Support)> {
    let functions = Functions::of(dialect);
    functions.table.iter().map(|(name, entry)| match entry {
        Entry::Function(_) => (*name, Support::Yes),
        Entry::Refused(refused) => (*name, Support::Refused(refused.reason)),
    })
}

/// One line of the table.
const fn function(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&mut Call<'_>) -> Result<Value, Fault>,
) -> Function {
    Function {
        name,
        least,
        most,
        draws: false,
        run,
    }
}

/// A line for a function that draws random data.
const fn drawing(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&mut Call<'_>) -> Result<Value, Fault>,
) -> Function {
    Function {
        name,
        least,
        most,
        draws: true,
        run,
    }
}

/// The arguments of one call, and the budget it runs on.
pub(crate) struct Call<'a> {
    pub(crate) arguments: &'a [Value],
    pub(crate) meter: &'a mut Meter,
    /// The moment of the render, where the caller gave one.
    pub(crate) now: Option<Time>,
    pub(crate) dialect: Dialect,
    /// Random data, where the caller gave a seed.
    pub(crate) stream: Option<&'a mut Stream>,
}

/// What a function gives.
type Outcome = Result<Value, Fault>;

impl<'a> Call<'a> {
    /// An argument of Go's type `interface{}`.
    fn any(&self, at: usize) -> &'a Value {
        self.arguments.get(at).unwrap_or(&Value::Nil)
    }

    fn count(&self) -> usize {
        self.arguments.len()
    }

    fn from(&self, at: usize) -> &'a [Value] {
        self.arguments.get(at..).unwrap_or_default()
    }

    /// An argument of Go's type `string`, as bytes.
    fn bytes(&self, at: usize) -> Result<&'a [u8], Fault> {
        self.text(at).map(Text::as_bytes)
    }

    fn text(&self, at: usize) -> Result<&'a Text, Fault> {
        match self.any(at) {
            Value::Str(text) => Ok(text),
            other => Err(wrong(other)),
        }
    }

    /// An argument of Go's type `string`, as characters.
    fn chars(&self, at: usize) -> Result<Chars<'a>, Fault> {
        self.text(at).map(Text::chars)
    }

    /// An argument of Go's type `int`. An `int64` is refused there, as in Go.
    fn int(&self, at: usize) -> Result<i64, Fault> {
        match self.any(at) {
            Value::Int(number) => Ok(*number),
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Ok(crate::convert::truncate(*number))
            }
            other => Err(wrong(other)),
        }
    }

    /// An argument of any type, as a whole number.
    fn integer(&self, at: usize) -> i64 {
        to_integer(self.any(at), self.dialect)
    }

    /// An argument of Go's type `map[string]interface{}`.
    fn dict(&self, at: usize) -> Result<&'a Map, Fault> {
        match self.any(at) {
            Value::Map(map) if map.entry == MapEntry::Any => Ok(map),
            other => Err(wrong(other)),
        }
    }

    /// What random functions draw from.
    fn random(&mut self) -> Result<&mut Stream, Fault> {
        self.stream
            .as_deref_mut()
            .ok_or(Failure::Unsupported.into())
    }

    /// An argument that must be a slice.
    fn list(&self, at: usize) -> Result<&'a List, Fault> {
        match self.any(at) {
            Value::List(list) => Ok(list),
            other => Err(wrong(other)),
        }
    }

    /// A list of values, charged before it is made.
    fn make(&mut self, items: Vec<Value>) -> Outcome {
        self.charge(items.len())?;
        Ok(Value::list(items))
    }

    /// A list of strings, charged before it is made.
    fn make_strings(&mut self, items: Vec<Value>) -> Outcome {
        self.charge(items.len())?;
        Ok(Value::strings(items))
    }

    fn charge(&mut self, items: usize) -> Result<(), Fault> {
        self.meter.bytes(items.saturating_mul(size_of::<Value>()))
    }
}

/// Why a value does not fit a parameter.
fn wrong(value: &Value) -> Fault {
    if value.is_nil() {
        Failure::MissingValue.into()
    } else {
        Failure::WrongType.into()
    }
}
