//! Lists of files in one flag, as Go's flag library reads them: fields of CSV.

use std::path::PathBuf;

/// The files of every flag: commas part them, and quotation marks keep commas in a name. A flag that
/// is empty names none.
pub(super) fn paths(flags: &[String]) -> Vec<PathBuf> {
    let lists = flags.iter().filter(|flag| !flag.is_empty());
    lists
        .flat_map(|flag| fields(flag))
        .map(PathBuf::from)
        .collect()
}

fn fields(list: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_csv() {
        for (flags, files) in [
            (&["a"][..], &["a"][..]),
            (&["a,b", "c"], &["a", "b", "c"]),
            (&["", "a"], &["a"]),
            (&[","], &["", ""]),
            (&["a, b"], &["a", " b"]),
            (&["\"a,b\",c"], &["a,b", "c"]),
            (&["\"a\"\"b\""], &["a\"b"]),
        ] {
            let flags: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
            let expected: Vec<_> = files.iter().map(PathBuf::from).collect();
            assert_eq!(paths(&flags), expected, "{flags:?}");
        }
    }
}
