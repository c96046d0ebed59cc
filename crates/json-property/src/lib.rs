//! Finds a property in a JSON text by the path language of GJSON 1.18, which `property` has in the
//! manifests of External Secrets (contract §5.3). Pure and bounded: a path ends with an answer or with
//! [`Exceeded`] after a number of steps that its limits give, whatever the text.
//!
//! What GJSON makes of texts that are not JSON (cut off, with garbage at the end, with duplicate keys)
//! is part of the language: values were stored that way and synced for years. So the text is scanned
//! as far as the path asks and never checked. `tests/go.rs` compares with Go's own.

mod array_part;
mod bytes;
mod get;
mod literal;
mod members;
mod meter;
mod modifier;
mod multipath;
mod number;
mod object_part;
mod pattern;
mod query;
mod quote;
mod scan;
mod search;
mod unescape;
mod value;

use zeroize::Zeroizing;

pub use meter::{Exceeded, Limits};

/// What a path leads to.
pub struct Property {
    raw: Zeroizing<Vec<u8>>,
    text: Zeroizing<Vec<u8>>,
}

impl Property {
    /// As GJSON's `String()`: strings without quotes and escapes, null as nothing, whole numbers as they
    /// stand, others in their shortest decimal form, objects and arrays as they stand.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// [`Property::text`], taken.
    pub fn into_text(self) -> Zeroizing<Vec<u8>> {
        self.text
    }

    /// The JSON text itself.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

/// Follows the path into the text. `None` where it leads nowhere; null is something.
///
/// # Errors
/// [`Exceeded`], if that would cost more than `limits` allow.
///
/// ```
/// let json = br#"{"db": [{"user": "app", "port": 5432}]}"#;
/// let found = json_property::get(json, "db.#(user==\"app\").port", json_property::Limits::default());
/// assert_eq!(found.unwrap().unwrap().text(), b"5432");
/// ```
pub fn get(json: &[u8], path: &str, limits: Limits) -> Result<Option<Property>, Exceeded> {
    let meter = meter::Meter::new(limits);
    let value = get::get(json, path.as_bytes(), &meter)?;
    Ok(value.exists().then(|| Property {
        text: value.to_text(),
        raw: value.raw.to_vec_zeroizing(),
    }))
}
