//! Text that another program replaces before anything reaches a cluster: Helm's `{{ … }}`, Flux's
//! `${VARIABLE}`. What it will become is not known, so nothing is said about it.

/// What Helm alone has: the templates of a SealedSecret are rendered by the controller, from its items.
const OF_HELM: [&str; 7] = [
    ".Values.",
    ".Release.",
    ".Chart.",
    ".Capabilities.",
    ".Files.",
    ".Template.",
    "include \"",
];

/// Whether some of the text will be replaced.
pub(super) fn has(text: &str) -> bool {
    without(text).is_some()
}

/// Whether all of it will be.
pub(super) fn is_whole(text: &str) -> bool {
    without(text).is_some_and(|rest| rest.trim().is_empty())
}

/// What of a text stands in the file whatever is filled in: the parts between, and the values that
/// Flux takes where it knows no other. `None` if nothing is filled in.
pub(super) fn open_parts(text: &str) -> Option<Vec<OpenPart>> {
    let mut parts = Vec::new();
    let mut found = false;
    let mut rest = text;
    let mut before = String::new();
    let mut touches = false;
    while let Some(at) = rest.find(['{', '$']) {
        let (plain, from) = rest.split_at(at);
        before.push_str(plain);
        let Some(length) = of_helm(from).or_else(|| of_flux(from)) else {
            let literal = if from.starts_with("$$") { 2 } else { 1 };
            before.push_str(from.get(..literal).unwrap_or_default());
            rest = from.get(literal..).unwrap_or_default();
            continue;
        };
        let (filled, after) = from.split_at_checked(length)?;
        found = true;
        parts.push(OpenPart::between(
            std::mem::take(&mut before),
            touches,
            true,
        ));
        if let Some(default) = default_of(filled) {
            let text = default.to_owned();
            let is_default = true;
            parts.push(OpenPart {
                text,
                is_default,
                touches: false,
            });
        }
        touches = true;
        rest = after;
    }
    before.push_str(rest);
    parts.push(OpenPart::between(before, touches, false));
    parts.retain(|part| !part.text.trim().is_empty());
    found.then_some(parts)
}

/// A part of a text that stays as it is.
pub(super) struct OpenPart {
    pub(super) text: String,
    /// Written into the placeholder itself.
    pub(super) is_default: bool,
    /// A letter or digit of it stands right beside a placeholder.
    pub(super) touches: bool,
}

impl OpenPart {
    fn between(text: String, has_before: bool, has_after: bool) -> Self {
        let is_word = |c: char| c.is_alphanumeric();
        let touches =
            (has_before && text.starts_with(is_word)) || (has_after && text.ends_with(is_word));
        Self {
            text,
            is_default: false,
            touches,
        }
    }
}

/// The value in `${VARIABLE:=value}`, also with `:-`, `=` and `-`.
fn default_of(placeholder: &str) -> Option<&str> {
    let inner = placeholder.strip_prefix("${")?.strip_suffix('}')?;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let behind = inner.trim_start_matches(legal);
    let value = [":=", ":-", "=", "-"]
        .iter()
        .find_map(|mark| behind.strip_prefix(mark))?;
    (!value.is_empty()).then_some(value)
}

/// Whether a template is rendered by Helm before a controller sees it.
pub(super) fn is_of_helm(template: &str) -> bool {
    template.contains("{{") && OF_HELM.iter().any(|word| template.contains(word))
}

/// The text without what will be replaced; `None` if it stays as it is.
fn without(text: &str) -> Option<String> {
    let mut kept = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(['{', '$']) {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        let length = of_helm(from).or_else(|| of_flux(from));
        found |= length.is_some();
        // `$$` is how Flux writes a `$`.
        let literal = if from.starts_with("$$") { 2 } else { 1 };
        if length.is_none() {
            kept.push_str(from.get(..literal).unwrap_or_default());
        }
        rest = from.get(length.unwrap_or(literal)..).unwrap_or_default();
    }
    kept.push_str(rest);
    found.then_some(kept)
}

/// What stands for `{{ … }}` in a template that is read before it is rendered.
const OF_TEMPLATE: &str = "${_HELM_";

/// One of them.
pub(super) fn numbered(number: usize) -> String {
    format!("{OF_TEMPLATE}{number}}}")
}

/// Whether one of them is in a text.
pub(super) fn has_numbered(text: &str) -> bool {
    text.contains(OF_TEMPLATE)
}

/// No placeholder is longer, in bytes: one that has no end is not looked for again and again through a whole file.
const LONGEST: usize = 4096;

/// How long a `{{ … }}` at the beginning is.
fn of_helm(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("{{")?;
    let near = inner.get(..inner.floor_char_boundary(LONGEST))?;
    Some(near.find("}}")? + 4)
}

/// The same of `${VARIABLE}`, also with a default.
fn of_flux(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("${")?;
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let end = inner.bytes().take(LONGEST).position(|byte| byte == b'}')?;
    inner.starts_with(begins).then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_wholes() {
        for (text, part, whole) in [
            ("", false, false),
            ("db", false, false),
            ("${DB}", true, true),
            ("${DB:=db}", true, true),
            ("db-${ENV}", true, false),
            ("{{ .Values.db }}", true, true),
            ("{{ .Release.Name }}-{{ .Values.db }}\n", true, false),
            ("{{ .a }} ${B}", true, true),
            ("$DB", false, false),
            ("$${DB}", false, false),
            ("${", false, false),
            ("${1}", false, false),
            ("{{", false, false),
            ("{ä}", false, false),
        ] {
            assert_eq!((has(text), is_whole(text)), (part, whole), "{text}");
        }
    }

    #[test]
    fn parts_that_stay() {
        for (text, expected) in [
            ("${A}", &[][..]),
            ("${A:=b}", &["=b"]),
            ("${A:-b c}", &["=b c"]),
            ("${A:=}", &[]),
            ("${A:1:2}", &[]),
            ("${A}b", &["+b"]),
            ("b${A}-c", &["+b", "-c"]),
            ("{{ .A }}/b", &["/b"]),
            ("$${X} ${A}", &["$${X} "]),
        ] {
            let parts = open_parts(text).unwrap().into_iter();
            let parts: Vec<_> = parts
                .map(|part| match (part.is_default, part.touches) {
                    (true, _) => format!("={}", part.text),
                    (_, true) => format!("+{}", part.text),
                    _ => part.text,
                })
                .collect();
            assert_eq!(parts, expected, "{text}");
        }
        assert!(open_parts("a").is_none());
    }
}
