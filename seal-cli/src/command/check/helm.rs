//! Templates of Helm as YAML: what they will become is not known, but what they hold whatever comes is.

use super::placeholder;

/// The template with placeholders in the place of `{{ … }}`, and nothing where only that stands on a line. The
/// lines stay those of the file.
pub(super) fn without_actions(template: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut number = 0;
    let mut rest = template;
    // Whether nothing stands on the last line of the text yet.
    let mut is_blank = true;
    while let Some((before, from)) = rest.split_once("{{") {
        let Some((action, after)) = from.split_once("}}") else {
            break;
        };
        let line = before.rsplit('\n').next().unwrap_or_default();
        let begins = line.trim().is_empty() && (before.contains('\n') || is_blank);
        text.push_str(before);
        let behind = after.trim_start_matches([' ', '\t', '\r']);
        let ends = behind.is_empty() || behind.starts_with('\n') || behind.starts_with("{{");
        let is_alone = begins && ends;
        if !is_alone {
            number += 1;
            // Values, keys and pieces of both: all of them tell apart what stands in the file.
            text.push_str(&placeholder::numbered(number));
        }
        text.extend(action.chars().filter(|c| *c == '\n'));
        is_blank = is_alone || action.contains('\n');
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Whether a text is a template that makes Secrets.
pub(super) fn makes_secret(text: &str) -> bool {
    let is_kind = |line: &str| {
        let value = line.trim().strip_prefix("kind:").map(str::trim);
        value.is_some_and(|kind| kind.trim_matches(['"', '\'']) == "Secret")
    };
    text.contains("{{") && text.lines().any(is_kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_make_room() {
        for (template, expected) in [
            ("a: {{ .b }}\n", "a: ${_HELM_1}\n"),
            (
                "{{- if .a }}\nb: \"{{ .c }}\"\n{{- end }}\n",
                "\nb: \"${_HELM_1}\"\n\n",
            ),
            ("{{/* a\nb */}}\nc: d", "\n\nc: d"),
            (
                "a:\n  {{ .b }}: {{ .c }}x\n",
                "a:\n  ${_HELM_1}: ${_HELM_2}x\n",
            ),
            ("  {{ if .a }}{{ .b }}{{ end }}\nc: d", "  \nc: d"),
            ("a: {{ b", "a: {{ b"),
            (
                "a: {{ b\n}}\n{{ c }}\nd: {{e}}{{f}}\n",
                "a: ${_HELM_1}\n\n\nd: ${_HELM_2}${_HELM_3}\n",
            ),
        ] {
            assert_eq!(without_actions(template), expected, "{template}");
        }
    }
}
