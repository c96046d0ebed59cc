//! Settings that say by their names that they are secret: whether their values stand in the file. What a template
//! fills in is no value, and neither is what shows that it is none: a number, a path, the name of something else.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::literal::{FILLED, is_literal, without_actions};
use super::secret_name::{Says, says, words};

/// How lines begin that nobody reads.
const COMMENTS: [&str; 5] = ["#", ";", "//", "--", "*"];
/// Words around hexadecimal digits that are no secret.
const OF_DIGESTS: [&str; 27] = [
    "sha",
    "md",
    "hash",
    "digest",
    "checksum",
    "sum",
    "commit",
    "revision",
    "rev",
    "etag",
    "id",
    "uid",
    "uuid",
    "guid",
    "fingerprint",
    "thumbprint",
    "trace",
    "build",
    "version",
    "image",
    "ref",
    "public",
    "pub",
    "cert",
    "kid",
    "integrity",
    "tag",
];
/// Digits of 128 bits.
const HEX: usize = 32;

/// Longer values are looked at by their beginnings, in bytes.
const LONGEST: usize = 512;

/// A name and the sign before what it is set to, as in INI, YAML, JSON, shells and connection strings; or the start of
/// an element of XML.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r#"["']?([A-Za-z_][A-Za-z0-9_.-]*)\\?["']?"#;
    let element = r"<([A-Za-z_][A-Za-z0-9_.:-]*)>";
    Regex::new(&format!(r"(?-u){name}[ \t]*(=>|:=|=|:)[ \t]*|{element}")).ok()
});

/// Whether this is a secret by its name, and its value stands in the file.
pub(super) fn is_open(name: &str, value: &str) -> bool {
    let value = value.trim();
    let (domain, name) = name.rsplit_once('/').unwrap_or(("", name));
    says(name)
        // Of annotations of other programs most name an object.
        .filter(|says| domain.is_empty() || *says == Says::Secret)
        .is_some_and(|says| !value.contains('\n') && is_literal(&without_actions(value), says))
}

/// The first line of a text, from 1, that sets a secret to a value.
pub(super) fn open_line(text: &str) -> Option<usize> {
    let setting = SETTING.as_ref()?;
    let text = without_actions(text);
    let mut lines = (1..).zip(text.lines());
    let found = lines.find(|(_, line)| sets_secret(setting, line));
    found.map(|(line, _)| line)
}

/// Comments are passed over.
fn sets_secret(setting: &Regex, line: &str) -> bool {
    let text = line.trim_start();
    if COMMENTS.iter().any(|mark| text.starts_with(mark)) {
        return false;
    }
    let mut settings = setting.captures_iter(line.as_bytes());
    settings.any(|found| {
        let name = found.get(1).or(found.get(3)).map(|name| name.range());
        let says = name.and_then(|name| says(line.get(name)?));
        says.is_some_and(|says| value(line, &found).is_some_and(|it| is_literal(it, says)))
    })
}

/// What a setting is set to; `None` for what is none.
fn value<'l>(line: &'l str, found: &Captures<'_>) -> Option<&'l str> {
    let rest = line.get(found.get(0)?.end()..)?;
    let near = rest.get(..rest.floor_char_boundary(LONGEST))?;
    let (Some(name), Some(sign)) = (found.get(1), found.get(2)) else {
        return near.split_once("</").map(|(value, _)| value);
    };
    let inner = near.strip_prefix('\\').unwrap_or(near);
    if let Some(quote) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let value = inner.get(1..)?.split(quote).next()?;
        return Some(value.trim_end_matches('\\'));
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '}' | '&');
    let end = near.find(ends).unwrap_or(near.len());
    let (value, behind) = near.split_at(end);
    // `host:port` is no setting, and what goes on with more words is a sentence.
    let is_apart = sign.end() < found.get(0)?.end() || name.end() < sign.start();
    let is_end = behind.trim_start().is_empty()
        || behind
            .trim_start()
            .starts_with(['#', ',', ';', '}', '&', ']', FILLED]);
    (sign.as_bytes() != b":" || (is_apart && is_end)).then_some(value)
}

/// Whether a word of digits is as long as keys are, and nothing near it says that it is a digest or a name.
pub(super) fn has_hex_key(item: &str, text: &str) -> bool {
    let is_of_digests = |text: &str| {
        let words = words(text);
        words
            .iter()
            .any(|word| OF_DIGESTS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    let is_key = |word: &str| {
        let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        let is_one_case = !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
        word.len() >= HEX
            && is_mixed
            && is_one_case
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let has_key = |line: &str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(is_key);
    let text = without_actions(text);
    let mut lines = text.lines().filter(|line| has_key(line));
    !is_of_digests(item) && lines.any(|line| !is_of_digests(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_what_stands_for_them() {
        for (name, value, expected) in [
            ("password", "hunter2", true),
            ("DB_PASSWORD", "Tr0ub4dor&3", true),
            ("api_key", "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c", true),
            ("client_secret", "hunter2", true),
            ("password", "my-own-words", true),
            ("password", "p/assW0rd", true),
            ("password", "$2y$10$abc", true),
            ("vendor.example/password", "hunter2", true),
            ("password", "", false),
            ("password", "{{ .password }}", false),
            ("password", "pre-{{ .password | quote }}", false),
            ("password", "${PASSWORD}", false),
            ("password", "$PASSWORD", false),
            ("password", "$(PASSWORD)", false),
            ("password", "changeme", false),
            ("password", "CHANGE_ME", false),
            ("password", "<your password>", false),
            ("password", "your-password-here", false),
            ("password", "********", false),
            ("password", "true", false),
            ("password", "/run/secrets/db", false),
            ("password", "file:/run/secrets/db", false),
            ("password", "https://vault.example/db", false),
            ("password", "os.getenv('PW')", false),
            ("password", "DB_PASSWORD", false),
            ("password", "secret/data/db", false),
            ("token", "3600", false),
            ("token", "1.5h", false),
            ("secret", "db-credentials", false),
            ("nginx.example/auth-secret", "basic", false),
            ("username", "hunter2", false),
            ("passwordPolicy", "strict", false),
        ] {
            assert_eq!(is_open(name, value), expected, "{name}: {value}");
        }
    }

    #[test]
    fn settings_are_found_in_texts() {
        for (text, line) in [
            ("[db]\nuser = me\npassword = hunter2\n", Some(3)),
            ("db:\n  user: me\n  password: hunter2 # mine\n", Some(3)),
            ("db:\r\n  password: \"hunter2\"\r\n", Some(2)),
            (r#"{"user":"me","password":"hunter2"}"#, Some(1)),
            ("export DB_PASSWORD='hunter2'", Some(1)),
            (r#"config: "{\"password\":\"hunter2\"}""#, Some(1)),
            (r#"{"a": {"b": "password=hunter2"}}"#, Some(1)),
            ("password: ''", None),
            ("dsn=host=db password=hunter2 user=me", Some(1)),
            ("Server=db;User=me;Password=hunter2;", Some(1)),
            ("<user>me</user>\n<password>hunter2</password>", Some(2)),
            ("https://db.example/?a=b&token=abcdef", Some(1)),
            ("{{ if .a }}\npassword = hunter2{{ end }}", Some(2)),
            ("{{ if\n.a }}\npassword = hunter2", Some(3)),
            ("[db]\npassword = {{ .password }}\n", None),
            ("password: \"{{ .password }}\"\ntokenTTL: 3600\n", None),
            ("{{ if eq .password \"hunter2\" }}x{{ end }}", None),
            ("{{ $password := \"hunter2\" }}", None),
            ("# password = hunter2\n", None),
            ("password: the one from the vault\n", None),
            (
                "secretName: db\nsecretKeyRef: {name: db, key: password}\n",
                None,
            ),
            ("redis://token:6379/", None),
            ("password:\n  min: 8\n", None),
            ("password: |\n", None),
            ("{{ unclosed password=hunter2", None),
        ] {
            assert_eq!(open_line(text), line, "{text}");
        }
    }

    #[test]
    fn keys_in_hexadecimal_are_told_from_digests() {
        let hex = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c";
        for (item, text, expected) in [
            ("config", format!("salt = {hex}"), true),
            ("config", hex.to_uppercase(), true),
            ("config", format!("image: a@sha256:{hex}{hex}"), false),
            ("checksum", hex.to_owned(), false),
            ("config", format!("commitId: {hex}"), false),
            ("config", hex[1..].to_owned(), false),
            ("config", "0".repeat(40), false),
            ("config", format!("{{{{ .{hex} }}}}"), false),
        ] {
            assert_eq!(has_hex_key(item, &text), expected, "{item}: {text}");
        }
    }
}
