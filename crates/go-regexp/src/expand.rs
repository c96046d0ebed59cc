//! Go's replacement syntax: `$1`, `${1}`, `$name`, `${name}`, `$$` (`Regexp.Expand`).

use regex::Captures;

/// Gives `put` the pieces of the replacement, in order. A `$` that names nothing is itself; a group that
/// does not exist, or took no part, is empty.
///
/// # Errors
/// Those of `put`.
pub fn expand<E>(
    captures: &Captures<'_>,
    template: &str,
    mut put: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        put(before)?;
        if let Some(after) = after.strip_prefix('$') {
            put("$")?;
            rest = after;
            continue;
        }
        let Some((name, after)) = group(after) else {
            put("$")?;
            rest = after;
            continue;
        };
        let found = match number(name) {
            Some(number) => captures.get(number),
            None => captures.name(name),
        };
        put(found.map_or("", |found| found.as_str()))?;
        rest = after;
    }
    put(rest)
}

/// The name of a group after `$`, and what follows it.
fn group(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{');
    let name = inside.unwrap_or(text);
    let of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let end = name.find(|letter| !of_name(letter)).unwrap_or(name.len());
    let (name, after) = name.split_at(end);
    let after = match inside {
        Some(_) => after.strip_prefix('}')?,
        None => after,
    };
    (!name.is_empty()).then_some((name, after))
}

/// Digits alone, without a leading zero and below 10⁸, are a number.
fn number(name: &str) -> Option<usize> {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = name.len() > 1 && name.starts_with('0');
    let number = (digits && !leading_zero).then(|| name.parse().ok())?;
    number.filter(|number| *number < 1_000_000_000)
}
