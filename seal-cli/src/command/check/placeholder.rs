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

/// How long a `{{ … }}` at the beginning is.
fn of_helm(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("{{")?;
    Some(inner.find("}}")? + 4)
}

/// The same of `${VARIABLE}`, also with a default.
fn of_flux(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("${")?;
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let end = inner.find('}')?;
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
}
