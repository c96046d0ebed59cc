//! Questions to the memory, besides whether somebody is new.

use super::KnownError;
use super::memory::Past;
use super::store::Store;
use crate::config::Matched;

/// Whether a key could read the file by its rule, as that was last confirmed on this machine. What
/// the configuration says now does not count: anybody may have written it.
pub(crate) fn remembers(matched: &Matched, to: &str) -> Result<bool, KnownError> {
    let memory = Store::of(None)?.read()?;
    let Past::Rule(rule) = memory.past(&matched.origin) else {
        return Ok(false);
    };
    let mut readers = rule.recipients.iter();
    Ok(readers.any(|reader| reader.to.as_deref() == Some(to)))
}
