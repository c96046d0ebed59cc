//! `dataFrom.rewrite`: changes of keys, one after another (contract §4).

mod merge;

use seal_api::external_secrets::{Regexp, Rewrite, Transform};
use template::{Engine, Items};
use zeroize::Zeroizing;

use crate::bounds::Bounds;
use crate::error::RewriteError;
use crate::{DataError, SecretData};

/// Bytes of all keys that one rewrite makes, together. Rewrites can double them, one after another; a Secret
/// holds 1 MiB of keys and values.
const KEYS: usize = 4 << 20;

/// Applies all rewrites in order. Where two keys become the same, the one that comes last in the order
/// of the keys before wins; upstream it is any of them.
///
/// # Errors
/// [`DataError::Rewrite`] with the place of the rewrite.
pub fn rewrite(
    data: SecretData,
    rewrites: &[Rewrite],
    engine: &dyn Engine,
    bounds: &Bounds<'_>,
) -> Result<SecretData, DataError> {
    rewrites
        .iter()
        .enumerate()
        .try_fold(data, |data, (index, rewrite)| {
            let rewritten = match (&rewrite.regexp, &rewrite.transform, &rewrite.merge) {
                (Some(regexp), None, None) => by_regexp(data, regexp, bounds),
                (None, Some(transform), None) => by_template(data, transform, engine, bounds),
                (None, None, Some(merge)) => merge::merge(data, merge, bounds),
                _ => Err(RewriteError::NotOne),
            };
            rewritten.map_err(|reason| DataError::Rewrite { index, reason })
        })
}

fn by_regexp(
    data: SecretData,
    regexp: &Regexp,
    bounds: &Bounds<'_>,
) -> Result<SecretData, RewriteError> {
    bounds.time()?;
    let source = go_regexp::compile(&regexp.source)?;
    let mut left = KEYS;
    let rewritten = data.into_iter().map(|(key, value)| {
        bounds.time()?;
        let mut rewritten = String::new();
        let mut put = |piece: &str| {
            spend(&mut left, piece.len())?;
            rewritten.push_str(piece);
            Ok::<_, RewriteError>(())
        };
        let mut at = 0;
        for captures in source.captures_iter(&key) {
            let Some(whole) = captures.get(0) else {
                continue;
            };
            put(&key[at..whole.start()])?;
            go_regexp::expand(&captures, &regexp.target, &mut put)?;
            at = whole.end();
        }
        put(&key[at..])?;
        Ok((rewritten, value))
    });
    rewritten.collect()
}

fn spend(left: &mut usize, bytes: usize) -> Result<(), RewriteError> {
    *left = left.checked_sub(bytes).ok_or(RewriteError::TooLong)?;
    Ok(())
}

fn by_template(
    data: SecretData,
    transform: &Transform,
    engine: &dyn Engine,
    bounds: &Bounds<'_>,
) -> Result<SecretData, RewriteError> {
    bounds.time()?;
    // What a template says of itself may be told; what it says of its items, here keys, may be, too.
    engine
        .check(&transform.template)
        .map_err(|error| RewriteError::Template(error.to_string()))?;
    let mut left = KEYS;
    let mut rewritten = SecretData::new();
    for (key, value) in data {
        bounds.time()?;
        let mut items = Items::new();
        items.insert("value", Zeroizing::new(key.into_bytes()));
        let rendered = engine
            .render(&transform.template, &items)
            .map_err(|error| RewriteError::Template(error.to_string()))?;
        spend(&mut left, rendered.len())?;
        let key = std::str::from_utf8(&rendered).map_err(|_| RewriteError::NoText)?;
        rewritten.insert(key.to_owned(), value);
    }
    Ok(rewritten)
}

#[cfg(test)]
mod tests {
    use super::*;
    use template::GoTemplate;

    fn data(entries: &[(&str, &str)]) -> SecretData {
        let entries = entries.iter();
        entries
            .map(|(key, value)| ((*key).to_owned(), Zeroizing::new(value.as_bytes().to_vec())))
            .collect()
    }

    fn rewritten(entries: &[(&str, &str)], rewrites: &str) -> Result<String, DataError> {
        let rewrites: Vec<Rewrite> = serde_json::from_str(rewrites).unwrap();
        let bounds = Bounds {
            is_late: &|| false,
            bytes: Bounds::BYTES,
        };
        let data = rewrite(data(entries), &rewrites, &GoTemplate::default(), &bounds)?;
        let lines = data
            .iter()
            .map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(value)));
        Ok(lines.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn one_after_another() {
        let rewrites = r#"[{"regexp":{"source":"^db/(?P<name>.*)$","target":"my_${name}"}},
            {"transform":{"template":"{{ .value | upper }}"}}]"#;
        let result = rewritten(&[("db/user", "u"), ("other", "o")], rewrites);
        assert_eq!(result.unwrap(), "MY_USER=u OTHER=o");
    }

    #[test]
    fn keys_that_double_come_to_an_end() {
        for one in [
            r#"{"regexp":{"source":"(.+)","target":"$1$1"}}"#,
            r#"{"regexp":{"source":"x","target":"xx"}}"#,
            r#"{"transform":{"template":"{{ .value }}{{ .value }}"}}"#,
        ] {
            let many = |times| format!("[{}]", vec![one; times].join(","));
            let four = rewritten(&[("x", "1")], &many(2));
            assert_eq!(four.unwrap(), "xxxx=1");
            let error = rewritten(&[("x", "1")], &many(60)).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("too long") || text.contains("template"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_takes_too_long_ends() {
        for rewrites in [
            r#"[{"regexp":{"source":"a","target":"b"}}]"#,
            r#"[{"transform":{"template":"{{ .value }}"}}]"#,
            r#"[{"merge":{}}]"#,
        ] {
            let rewrites: Vec<Rewrite> = serde_json::from_str(rewrites).unwrap();
            let asked = std::cell::Cell::new(0);
            let is_late = || asked.replace(asked.get() + 1) >= 2;
            let bounds = Bounds {
                is_late: &is_late,
                bytes: Bounds::BYTES,
            };
            let data = data(&[("a", "{}"), ("b", "{}"), ("c", "{}")]);
            let late = rewrite(data, &rewrites, &GoTemplate::default(), &bounds);
            let reason = RewriteError::Exceeded(crate::Exceeded::Time);
            assert_eq!(late.err(), Some(DataError::Rewrite { index: 0, reason }));
        }
    }

    #[test]
    fn merging() {
        let values = &[
            ("a", r#"{"x":1.50,"s":"t<","b":true,"z":null}"#),
            ("b", r#"{"x":{"k":["<"]},"big":12345678901234567890}"#),
        ];
        for (rewrites, expected) in [
            (
                r#"[{"merge":{"conflictPolicy":"Ignore"}}]"#,
                Ok(r#"b=true big=12345678901234567000 s=t< x={"k":["\u003c"]} z="#),
            ),
            (
                r#"[{"merge":{"conflictPolicy":"Ignore","priority":["a"]}}]"#,
                Ok("b=true big=12345678901234567000 s=t< x=1.5 z="),
            ),
            (r#"[{"merge":{}}]"#, Err("rewrite 0: merge: member x")),
            (
                r#"[{"merge":{"priority":["c"],"conflictPolicy":"Ignore"}}]"#,
                Err("rewrite 0: merge: key c"),
            ),
            (
                r#"[{"merge":{"strategy":"JSON"}}]"#,
                Err("rewrite 0: merge: strategy JSON"),
            ),
            (
                r#"[{"merge":{},"regexp":{"source":"a","target":"b"}}]"#,
                Err("rewrite 0: give one"),
            ),
        ] {
            match (rewritten(values, rewrites), expected) {
                (Ok(result), Ok(expected)) => assert_eq!(result, expected),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().starts_with(expected), "{error}");
                }
                (result, _) => panic!("{rewrites}: {result:?}"),
            }
        }
    }
}
