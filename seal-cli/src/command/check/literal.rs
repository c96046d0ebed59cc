//! Whether a value stands in a file: nobody fills it in, and it is no number, path or name of something else.

use super::secret_name::Says;

/// What stands for `{{ … }}` in a text: no value has it.
pub(super) const FILLED: char = '\u{fffc}';
/// Fewer characters are no secret, or none that a file could give away.
const SHORTEST: usize = 3;

/// Values that say themselves that they are none, in small letters and without what is no letter.
const PLACEHOLDERS: [&str; 36] = [
    "changeme",
    "changeit",
    "replaceme",
    "replace",
    "fixme",
    "todo",
    "tbd",
    "placeholder",
    "example",
    "dummy",
    "redacted",
    "hidden",
    "masked",
    "unset",
    "undefined",
    "none",
    "null",
    "nil",
    "empty",
    "na",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "enabled",
    "disabled",
    "required",
    "optional",
    "string",
    "str",
    "text",
    "basic",
    "bearer",
    "default",
];
/// How values begin that say where the secret is.
const REFERENCES: [&str; 16] = [
    "/",
    "./",
    "../",
    "~/",
    "arn:",
    "vault:",
    "ref+",
    "env:",
    "env.",
    "file:",
    "ENC[",
    "process.env",
    "os.environ",
    "op:",
    "valueFrom",
    "projects/",
];

/// Actions that print nothing, by their first word.
const SILENT: [&str; 8] = [
    "if", "else", "end", "range", "with", "define", "block", "/*",
];
/// Units of numbers, in small letters.
const UNITS: [&str; 18] = [
    "", "%", "ns", "us", "ms", "s", "sec", "m", "min", "h", "d", "w", "y", "b", "k", "kb", "mb",
    "gb",
];
/// Whether a value is one, and not where it comes from.
pub(super) fn is_literal(value: &str, says: Says) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let first = value.chars().next().unwrap_or_default();
    let is_filled = value.contains([FILLED, '\u{0}'])
        || value.contains("${")
        || value.contains("$(")
        || (value.starts_with('$')
            && value
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_alphabetic() || c == '_'));
    let is_framed = [
        ("<", ">"),
        ("%", "%"),
        ("@", "@"),
        ("__", "__"),
        ("{", ""),
        ("[", ""),
    ]
    .iter()
    .any(|(start, end)| value.starts_with(start) && value.ends_with(end));
    let is_reference = REFERENCES.iter().any(|start| value.starts_with(start))
        || value.contains("://")
        || value.get(1..).is_some_and(|rest| rest.starts_with(":\\"));
    let no_value = value.chars().count() < SHORTEST
        || is_filled
        || is_framed
        || is_reference
        || value.chars().all(|letter| letter == first)
        || is_placeholder(value)
        || is_number(value)
        || is_name_of(value, says);
    !no_value
}

/// What people write where a value is to come.
fn is_placeholder(value: &str) -> bool {
    let letters = value.chars().filter(char::is_ascii_alphanumeric);
    let letters = letters.collect::<String>().to_lowercase();
    let within = [
        "changeme",
        "changethis",
        "placeholder",
        "redacted",
        "replaceme",
        "replacewith",
    ];
    PLACEHOLDERS.contains(&letters.as_str())
        || within.iter().any(|word| letters.contains(word))
        || (letters.starts_with("your") && value.contains(['-', '_', ' ']))
}

fn is_number(value: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | '+' | '-' | ':');
    let unit = value.trim_start_matches(digits).trim().to_lowercase();
    value.starts_with(digits) && UNITS.contains(&unit.as_str())
}

/// The name of a variable, a call, a path below something; where the setting's own name leaves it open, also that of
/// an object or an item.
fn is_name_of(value: &str, says: Says) -> bool {
    let all = |legal: fn(char) -> bool| value.chars().all(legal);
    let is_variable =
        value.contains('_') && all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')));
    let is_call = end.is_some_and(|end| {
        end > 0
            && value
                .get(end..)
                .is_some_and(|rest| rest.starts_with(['(', '[']))
    });
    let is_small =
        all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/'));
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let is_path = is_small && value.contains('/');
    let is_object = is_small && digits < SHORTEST && value.contains(['-', '_', '.']);
    is_variable || is_call || is_path || (says == Says::Perhaps && is_object)
}

/// The text with a mark for each action that prints something, line by line as it was.
pub(super) fn without_actions(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        kept.push_str(before);
        let (action, after) = after.split_once("}}").unwrap_or((after, ""));
        let inner = action.trim_start_matches('-').trim_start();
        let is_silent = SILENT.iter().any(|word| inner.starts_with(word));
        kept.push(if is_silent { ' ' } else { FILLED });
        kept.extend(action.chars().filter(|letter| *letter == '\n'));
        rest = after;
    }
    kept.push_str(rest);
    kept
}
