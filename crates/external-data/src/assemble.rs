//! From the stores' answers to the data of a Secret: phase two (contract §4).

use std::collections::BTreeMap;

use seal_api::external_secrets::{
    Data, DataFrom, DeletionPolicy, ExternalSecretSpec, Find, RemoteRef,
};
use template::Engine;
use zeroize::Zeroizing;

use crate::bounds::{Bounds, Exceeded, size};
use crate::want::{BadEntry, Entry, Want, entries, want_of};
use crate::{
    DataError, SecretData, check_null_bytes, convert_keys, decode, decode_all, extract, property,
    rewrite, validate_keys,
};

/// What a store answered to one [`Want`].
#[derive(Clone)]
pub enum Answer {
    /// A value, as text, as bytes, or as both.
    Value {
        /// As text.
        text: Option<Zeroizing<Vec<u8>>>,
        /// As bytes.
        binary: Option<Zeroizing<Vec<u8>>>,
    },
    /// Tags.
    Tags(BTreeMap<String, String>),
    /// What was found, by name.
    Found(SecretData),
    /// There is no such secret.
    Missing,
}

/// Data of a Secret.
pub struct Assembled {
    /// Values by key.
    pub data: SecretData,
    /// Entries whose secret is missing, and that were left out therefore.
    pub missing: Vec<(Entry, String)>,
}

/// Why there are no data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The specification asks for what no store answers.
    #[error(transparent)]
    Entry(#[from] BadEntry),
    /// Nobody answered. A fault of the caller.
    #[error("{0} was not asked for")]
    Unasked(Entry),
    /// A secret is missing, and the deletion policy is to retain what there is.
    #[error(
        "{entry}: secret {key} does not exist; create it, or set deletionPolicy to Delete or Merge, so that \
         its values go with it"
    )]
    Missing {
        /// The entry.
        entry: Entry,
        /// The secret.
        key: String,
    },
    /// What came is not what was asked for.
    #[error("{entry}: {reason}")]
    Data {
        /// The entry.
        entry: Entry,
        /// Why.
        reason: DataError,
    },
    /// Too many entries, or too large ones.
    #[error("{entry}: {reason}")]
    Exceeded {
        /// The entry that was too much.
        entry: Entry,
        /// What was exceeded.
        reason: Exceeded,
    },
}

/// Puts the answers together. `answer` gives what the store said to a want.
///
/// # Errors
/// [`AssembleError`]: all or nothing, except for secrets that are missing where the policy lets them go.
pub fn assemble<'a>(
    spec: &ExternalSecretSpec,
    answer: impl Fn(&Want) -> Option<&'a Answer>,
    engine: &dyn Engine,
    bounds: &Bounds<'_>,
) -> Result<Assembled, AssembleError> {
    let target = spec.target.as_ref();
    let deletion = target
        .and_then(|target| target.deletion_policy)
        .unwrap_or_default();
    let mut assembled = Assembled {
        data: SecretData::new(),
        missing: Vec::new(),
    };
    let mut held = 0;
    for entry in entries(spec) {
        let exceeded = |reason| AssembleError::Exceeded {
            entry: entry.clone(),
            reason,
        };
        bounds.time().map_err(exceeded)?;
        let want = want_of(spec, &entry)?;
        let Some(answer) = answer(&want) else {
            return Err(AssembleError::Unasked(entry));
        };
        if let Answer::Missing = answer {
            let key = key_of(spec, &entry).to_owned();
            if deletion == DeletionPolicy::Retain {
                return Err(AssembleError::Missing { entry, key });
            }
            assembled.missing.push((entry, key));
            continue;
        }
        let made = match &entry {
            Entry::Data(index) => spec.data.get(*index).map(|data| of_data(data, answer)),
            Entry::DataFrom(index) => spec
                .data_from
                .get(*index)
                .map(|from| of_data_from(from, answer, (engine, bounds))),
        };
        let made = made.unwrap_or_else(|| Ok(SecretData::new()));
        let made = made.map_err(|reason| AssembleError::Data {
            entry: entry.clone(),
            reason,
        })?;
        for (key, value) in made {
            held += size(&key, &value);
            let replaced = assembled.data.get(&key);
            held -= replaced.map_or(0, |replaced| size(&key, replaced));
            assembled.data.insert(key, value);
        }
        bounds.bytes(held).map_err(exceeded)?;
    }
    Ok(assembled)
}

fn key_of<'s>(spec: &'s ExternalSecretSpec, entry: &Entry) -> &'s str {
    let remote = match entry {
        Entry::Data(index) => spec.data.get(*index).map(|data| &data.remote_ref),
        Entry::DataFrom(index) => spec
            .data_from
            .get(*index)
            .and_then(|from| from.extract.as_ref()),
    };
    remote.map_or("", |remote| remote.key.as_str())
}

fn of_data(data: &Data, answer: &Answer) -> Result<SecretData, DataError> {
    let remote = &data.remote_ref;
    let value = part(remote, answer)?;
    let value = decode(
        value,
        remote.decoding_strategy.unwrap_or_default(),
        &data.secret_key,
    )?;
    let made = SecretData::from([(data.secret_key.clone(), value)]);
    check_null_bytes(&made, remote.null_byte_policy.unwrap_or_default())?;
    Ok(made)
}

fn of_data_from(
    from: &DataFrom,
    answer: &Answer,
    (engine, bounds): (&dyn Engine, &Bounds<'_>),
) -> Result<SecretData, DataError> {
    let (conversion, decoding, null_bytes, data) = match (&from.extract, &from.find, answer) {
        (Some(remote), _, answer) => (
            remote.conversion_strategy,
            remote.decoding_strategy,
            remote.null_byte_policy,
            extract(&part(remote, answer)?, &remote.key)?,
        ),
        (None, Some(find), Answer::Found(found)) => {
            let Find {
                conversion_strategy,
                decoding_strategy,
                null_byte_policy,
                ..
            } = find;
            (
                *conversion_strategy,
                *decoding_strategy,
                *null_byte_policy,
                found.clone(),
            )
        }
        _ => return Ok(SecretData::new()),
    };
    let data = if from.rewrite.is_empty() {
        convert_keys(data, conversion.unwrap_or_default())?
    } else {
        rewrite(data, &from.rewrite, engine, bounds)?
    };
    let data = decode_all(validate_keys(data)?, decoding.unwrap_or_default())?;
    check_null_bytes(&data, null_bytes.unwrap_or_default())?;
    Ok(data)
}

/// The whole value, or the part that a property names: of the bytes if there are any, as upstream has it.
fn part(remote: &RemoteRef, answer: &Answer) -> Result<Zeroizing<Vec<u8>>, DataError> {
    let path = remote.property.as_deref().filter(|path| !path.is_empty());
    let (text, binary) = match answer {
        Answer::Value { text, binary } => (text.clone(), binary.clone()),
        Answer::Tags(tags) => (Some(json(tags)), None),
        Answer::Found(_) | Answer::Missing => (None, None),
    };
    match path {
        Some(path) => property(&binary.or(text).unwrap_or_default(), path, &remote.key),
        None => Ok(text.or(binary).unwrap_or_default()),
    }
}

/// Tags as Go writes them: sorted, with `<`, `>` and `&` escaped.
fn json(tags: &BTreeMap<String, String>) -> Zeroizing<Vec<u8>> {
    let plain = serde_json::to_string(tags).unwrap_or_default();
    let escaped = ['<', '>', '&'].iter().fold(plain, |text, letter| {
        text.replace(*letter, &format!("\\u{:04x}", u32::from(*letter)))
    });
    Zeroizing::new(escaped.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use template::GoTemplate;

    fn value(text: &str) -> Answer {
        Answer::Value {
            text: Some(Zeroizing::new(text.as_bytes().to_vec())),
            binary: None,
        }
    }

    fn assembled(spec: &str, answers: &[Answer]) -> Result<String, AssembleError> {
        assembled_within(
            spec,
            answers,
            &Bounds {
                is_late: &|| false,
                bytes: Bounds::BYTES,
            },
        )
    }

    fn assembled_within(
        spec: &str,
        answers: &[Answer],
        bounds: &Bounds<'_>,
    ) -> Result<String, AssembleError> {
        let spec: ExternalSecretSpec = serde_json::from_str(spec).unwrap();
        let wants = crate::want::wants(&spec).unwrap();
        let answer = |want: &Want| {
            let place = wants.iter().position(|known| known == want)?;
            answers.get(place)
        };
        let assembled = assemble(&spec, answer, &GoTemplate::default(), bounds)?;
        let lines = assembled.data.iter();
        let lines = lines.map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(value)));
        Ok(lines.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn all_entries_together_are_bounded() {
        let spec = r#"{"secretStoreRef":{"name":"s"},"dataFrom":[{"extract":{"key":"a"}},
            {"extract":{"key":"a"}},
            {"extract":{"key":"a"},"rewrite":[{"regexp":{"source":"k","target":"l"}}]}]}"#;
        let values = [value(r#"{"k":"123456789"}"#)];
        let within = |is_late: bool, bytes| {
            assembled_within(
                spec,
                &values,
                &Bounds {
                    is_late: &|| is_late,
                    bytes,
                },
            )
        };
        assert!(within(false, 20).is_ok(), "what is replaced does not count");
        let exceeded = |index, reason| {
            let entry = Entry::DataFrom(index);
            Err(AssembleError::Exceeded { entry, reason })
        };
        assert_eq!(within(false, 19), exceeded(2, Exceeded::Bytes));
        assert_eq!(within(true, 20), exceeded(0, Exceeded::Time));
    }

    #[test]
    fn data_win_over_what_is_extracted() {
        let spec = r#"{"secretStoreRef":{"name":"s"},
            "data":[{"secretKey":"user","remoteRef":{"key":"b","property":"u.n"}}],
            "dataFrom":[{"extract":{"key":"a"}}]}"#;
        let answers = [
            value(r#"{"user":"x","a/b":1.50}"#),
            value(r#"{"u":{"n":"y"}}"#),
        ];
        assert_eq!(assembled(spec, &answers).unwrap(), "a_b=1.50 user=y");
    }

    #[test]
    fn rewrites_take_the_place_of_conversion() {
        let spec = r#"{"secretStoreRef":{"name":"s"},"dataFrom":[{"find":{"name":{"regexp":"."}},
            "rewrite":[{"regexp":{"source":"/","target":"-"}}]}]}"#;
        let found = [("prod/db", "1"), ("prod/x y", "2")]
            .map(|(name, text)| (name.to_owned(), Zeroizing::new(text.as_bytes().to_vec())));
        let good = Answer::Found(SecretData::from([found[0].clone()]));
        assert_eq!(assembled(spec, &[good]).unwrap(), "prod-db=1");
        let bad = Answer::Found(SecretData::from(found));
        let error = assembled(spec, &[bad]).unwrap_err().to_string();
        assert!(
            error.starts_with("spec.dataFrom[0]: key \"prod-x y\""),
            "{error}"
        );
    }

    #[test]
    fn missing_secrets_by_deletion_policy() {
        let spec = |policy: &str| {
            r#"{"secretStoreRef":{"name":"s"},"target":{"deletionPolicy":"POLICY"},"data":[
            {"secretKey":"a","remoteRef":{"key":"gone"}},{"secretKey":"b","remoteRef":{"key":"here"}}]}"#
                .replace("POLICY", policy)
        };
        let answers = [Answer::Missing, value("1")];
        for policy in ["Delete", "Merge"] {
            assert_eq!(assembled(&spec(policy), &answers).unwrap(), "b=1");
        }
        let error = assembled(&spec("Retain"), &answers)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("spec.data[0]: secret gone does not exist"),
            "{error}"
        );
    }

    #[test]
    fn tags_and_bytes() {
        let spec = r#"{"secretStoreRef":{"name":"s"},"data":[
            {"secretKey":"all","remoteRef":{"key":"k","metadataPolicy":"Fetch"}},
            {"secretKey":"one","remoteRef":{"key":"k","metadataPolicy":"Fetch","property":"a.b"}},
            {"secretKey":"bytes","remoteRef":{"key":"k"}},
            {"secretKey":"part","remoteRef":{"key":"k","property":"p"}}]}"#;
        let tags = [("a.b", "<1>"), ("z", "2")].map(|(key, tag)| (key.to_owned(), tag.to_owned()));
        let answers = [
            Answer::Tags(BTreeMap::from(tags)),
            Answer::Value {
                text: Some(Zeroizing::new(b"text".to_vec())),
                binary: Some(Zeroizing::new(br#"{"p":"q"}"#.to_vec())),
            },
        ];
        let expected = r#"all={"a.b":"\u003c1\u003e","z":"2"} bytes=text one=<1> part=q"#;
        assert_eq!(assembled(spec, &answers).unwrap(), expected);
    }
}
