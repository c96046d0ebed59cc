//! Renders Go templates. This crate opens no file and no socket, reads no clock and no environment,
//! and draws no randomness but from a seed it is given: the same template, items, moment and seed always
//! give the same bytes.
//!
//! - [`Engine`] is what callers hold; [`GoTemplate`] is Go's text/template with sprig's functions,
//!   in the set that Sealed Secrets or External Secrets offers ([`Dialect`]).
//! - [`Items`] is the root object, [`Limits`] what a render may cost. A hostile template ends with an
//!   error after a bounded number of steps and bytes; it cannot panic or exhaust memory.
//! - [`ParseError`] says where and what kind, from the template alone. [`TemplateError`] does so for a
//!   render, too; where that stops depends on the items, so it is for no one else than their readers.
//!   Neither holds template text, item values or rendered text: with the text/template of Go,
//!   `{{ fail .password }}` prints the password.
//!
//! The table of functions is in this crate's `README.md`; a test keeps it complete.

mod certificate;
mod convert;
mod date;
mod date_reader;
mod decimal;
mod dialect;
mod duration;
mod engine;
mod entropy;
mod error;
mod evaluate;
mod float;
mod functions;
mod json;
mod jwk;
mod layout;
mod limits;
mod meter;
mod outline;
mod pem;
mod pipeline;
mod pkcs12;
mod print;
mod printf;
mod private_key;
mod program;
mod subject;
mod url;
mod value;
mod version;
mod words;
mod zone;

pub use dialect::{Dialect, MissingKey};
pub use duration::{parse as go_duration, text as go_duration_text};
pub use engine::{Engine, GoTemplate, Items, Moment, Rendered};
pub use error::{Failure, ParseError, Position, TemplateError};
pub use functions::{Support, supported};
pub use limits::Limits;
