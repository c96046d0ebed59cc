//! Flags that take lists, as Go's pflag reads them: commas part the parts, and a part between
//! quotes may hold commas, and quotes written twice.

/// The parts of all the texts; `None` where quotes do not match.
pub(crate) fn split(texts: &[String]) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let mut rest = Some(text.as_str());
        while let Some(text) = rest {
            let (part, behind) = match text.strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => plain(text)?,
            };
            parts.push(part);
            rest = behind;
        }
    }
    Some(parts)
}

/// A part, and what follows its comma if there is one.
type Split<'t> = (String, Option<&'t str>);

fn plain(text: &str) -> Option<Split<'_>> {
    let (part, behind) = match text.split_once(',') {
        Some((part, behind)) => (part, Some(behind)),
        None => (text, None),
    };
    (!part.contains('"')).then(|| (part.to_owned(), behind))
}

/// `text` begins behind the first quote.
fn unquote(text: &str) -> Option<Split<'_>> {
    let mut part = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"')?;
        part.push_str(before);
        if let Some(behind) = behind.strip_prefix('"') {
            part.push('"');
            rest = behind;
        } else if behind.is_empty() {
            return Some((part, None));
        } else {
            return Some((part, Some(behind.strip_prefix(',')?)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_go_reads_them() {
        for (texts, expected) in [
            (&["a"][..], Some(&["a"][..])),
            (&["a,b", "c"], Some(&["a", "b", "c"])),
            (&["", "a"], Some(&["a"])),
            (&["a,"], Some(&["a", ""])),
            (&["\"a,b\",c"], Some(&["a,b", "c"])),
            (&["\"a\"\"b\""], Some(&["a\"b"])),
            (&["k= x "], Some(&["k= x "])),
            (&["a\"b"], None),
            (&["\"a"], None),
            (&["\"a\"b"], None),
        ] {
            let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
            let found = split(&texts);
            let found = found.as_ref().map(|parts| parts.iter().map(String::as_str));
            let found = found.map(Iterator::collect::<Vec<_>>);
            assert_eq!(found.as_deref(), expected, "{texts:?}");
        }
    }
}
