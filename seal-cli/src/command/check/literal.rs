//! Whether a value stands in a file: nobody fills it in, and it is no number, path or name of something else.

use super::secret_name::{OF_KEY, Says, words};

/// What stands for `{{ … }}` in a text: no value has it.
pub(super) const FILLED: char = '\u{fffc}';
/// Fewer characters are no secret, or none that a file could give away.
const SHORTEST: usize = 3;

/// Values that say themselves that they are none, in small letters and without what is no letter.
const PLACEHOLDERS: [&str; 38] = [
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
    "await",
    "new",
];
/// How values begin that say where the secret is.
const REFERENCES: [&str; 16] = [
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
    "valueFrom",
    "projects/",
    "secret/data/",
    "kv/data/",
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
/// Whether the value of a name is one, and not where it comes from.
pub(super) fn is_literal(name: &str, value: &str, says: Says) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let first = value.chars().next().unwrap_or_default();
    let no_value = value.chars().count() < SHORTEST
        || is_filled(value)
        || is_reference(value)
        || value.chars().all(|letter| letter == first)
        || is_placeholder(value)
        || is_number(value)
        || is_name_of(value, says)
        || repeats(name, value)
        || (says == Says::Perhaps && is_object_word(name, value));
    !no_value
}

/// Whether what stands without quotes says where the value comes from: a command, a call, a field of something. A
/// call may have blanks, so all that is left of the line counts.
pub(super) fn is_expression(value: &str, line: &str) -> bool {
    let has_end = |open: char, close: char| {
        let inner = line.split_once(open).map(|(_, inner)| inner);
        inner.is_some_and(|inner| inner.trim().is_empty() || inner.contains(close))
    };
    let is_command = line.starts_with('`') && has_end('`', '`');
    let is_collection = (line.starts_with('{') && has_end('{', '}'))
        || (line.starts_with('[') && has_end('[', ']'));
    let is_call = match called(line) {
        Some('(') => has_end('(', ')'),
        Some('[') => has_end('[', ']'),
        _ => false,
    };
    is_command || is_collection || is_call || is_field(value)
}

/// `a.b_c`, with no more digits than names have.
fn is_field(value: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_end_matches('?');
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    value.contains('.') && value.split('.').all(is_word) && digits(value) < SHORTEST
}

/// What another program puts in, at least partly.
fn is_filled(value: &str) -> bool {
    let is_variable = value.strip_prefix('$').is_some_and(|name| {
        let legal = |c: char| c.is_ascii_alphanumeric() || "_.:/[]()'\"->$".contains(c);
        name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(legal)
    });
    let of_python = value.split_once("%(");
    is_variable
        || value.contains([FILLED, '\u{0}'])
        || ["${", "$(", "#{"].iter().any(|start| value.contains(start))
        || of_python.is_some_and(|(_, after)| after.contains(')'))
}

/// A place, or what stands between signs for something else.
fn is_reference(value: &str) -> bool {
    let is_framed = [
        ("<", ">"),
        ("%", "%"),
        ("@", "@"),
        ("__", "__"),
        ("{", "}"),
        ("[", "]"),
        ("`", "`"),
    ]
    .iter()
    .any(|(start, end)| value.starts_with(start) && value.ends_with(end));
    // Base64 begins so, too, and has other signs.
    let is_path = value.starts_with('/')
        && value
            .chars()
            .all(|c| c.is_alphanumeric() || " ._-/@:,*~".contains(c));
    is_framed
        || is_path
        || REFERENCES.iter().any(|start| value.starts_with(start))
        || value.contains("://")
        || value.get(1..).is_some_and(|rest| rest.starts_with(":\\"))
}

/// `label.password=Password`: translations, and fields that are called the same elsewhere.
fn repeats(name: &str, value: &str) -> bool {
    let is_words = value
        .chars()
        .all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '_' | '-' | ':'));
    is_words && words(name).ends_with(&words(value))
}

/// One small word behind `secret` or `credentials`, which is an object's name; not behind `client_secret`.
fn is_object_word(name: &str, value: &str) -> bool {
    let words = words(name);
    let (last, before) = match words.as_slice() {
        [.., before, last] => (last.as_str(), before.as_str()),
        [last] => (last.as_str(), ""),
        [] => return false,
    };
    let is_of_program = before == "client" || OF_KEY.contains(&before);
    value.chars().all(|c| c.is_ascii_lowercase())
        && !matches!(last, "key" | "keys")
        && !is_of_program
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
    let is_call = match called(value) {
        Some('(') => value.ends_with(')'),
        Some('[') => value.ends_with(']'),
        _ => false,
    };
    let is_small =
        all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/'));
    let is_path = is_small && value.contains('/') && (digits(value) == 0 || has_extension(value));
    let is_object = is_small && digits(value) < SHORTEST && value.contains(['-', '_', '.', '/']);
    is_variable(value) || is_call || is_path || (says == Says::Perhaps && is_object)
}

/// `DB_PASSWORD`, `S3_KEY`; `P_A55` has no word that says anything.
fn is_variable(value: &str) -> bool {
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_word =
        |word: &str| word.len() >= SHORTEST && word.chars().all(|c| c.is_ascii_uppercase());
    let digits = digits(value);
    value.contains('_')
        && value.chars().all(legal)
        && (digits == 0 || (digits < SHORTEST && value.split('_').any(is_word)))
}

/// The bracket behind the name of a function or a field.
fn called(text: &str) -> Option<char> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))?;
    let bracket = text.get(end..)?.chars().next();
    bracket.filter(|c| end > 0 && matches!(c, '(' | '['))
}

/// `tls.key`, `db.json`.
fn has_extension(path: &str) -> bool {
    let Some((stem, extension)) = path.rsplit_once('.') else {
        return false;
    };
    !stem.ends_with('/')
        && (1..=4).contains(&extension.len())
        && extension.chars().all(|c| c.is_ascii_alphabetic())
}

fn digits(value: &str) -> usize {
    value.chars().filter(char::is_ascii_digit).count()
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
