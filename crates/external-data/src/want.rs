//! What an ExternalSecret needs of its stores: phase one, before anything is asked.

use seal_api::external_secrets::{
    Data, DataFrom, ExternalSecretSpec, Find, MetadataPolicy, RemoteRef, SourceRef, StoreKind,
    StoreRef,
};

/// Something to ask a store for. The same want of two entries, or of two objects, is one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The store.
    pub store: StoreName,
    /// What it is asked for.
    pub what: What,
}

/// A store by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreName {
    /// In the namespace, or for the cluster.
    pub kind: StoreKind,
    /// Its name.
    pub name: String,
}

/// What a store is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The value of a secret.
    Value {
        /// Name or ARN.
        key: String,
        /// As `remoteRef.version` has it.
        version: Option<String>,
    },
    /// The tags of a secret.
    Tags {
        /// Name or ARN.
        key: String,
    },
    /// The values of all secrets that are found.
    Find(Find),
}

/// An entry of the specification, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Entry {
    /// One of `spec.data`.
    #[error("spec.data[{0}]")]
    Data(usize),
    /// One of `spec.dataFrom`.
    #[error("spec.dataFrom[{0}]")]
    DataFrom(usize),
}

/// An entry that no store can answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// It names no store, nor does the specification.
    #[error("{0} names no store: give spec.secretStoreRef, or the entry's sourceRef.storeRef")]
    NoStore(Entry),
    /// It names a generator.
    #[error("{0} names a generator, which this controller does not serve; use a store")]
    Generator(Entry),
    /// More than anybody needs.
    #[error(
        "there are more than {MOST} entries in data and dataFrom; make several ExternalSecrets of this one"
    )]
    TooMany,
    /// It asks for nothing, or for two things.
    #[error("{0}: give either extract or find")]
    NotOne(Entry),
}

/// What one entry needs.
///
/// # Errors
/// [`BadEntry`].
pub fn want_of(spec: &ExternalSecretSpec, entry: &Entry) -> Result<Want, BadEntry> {
    match entry {
        Entry::Data(index) => {
            let data = spec
                .data
                .get(*index)
                .ok_or_else(|| BadEntry::NotOne(entry.clone()))?;
            of_data(spec, data, entry)
        }
        Entry::DataFrom(index) => {
            let from = spec.data_from.get(*index);
            of_data_from(
                spec,
                from.ok_or_else(|| BadEntry::NotOne(entry.clone()))?,
                entry,
            )
        }
    }
}

/// All entries, in the order in which they count: those of `dataFrom` first, as those of `data` win.
pub fn entries(spec: &ExternalSecretSpec) -> impl Iterator<Item = Entry> {
    let from = (0..spec.data_from.len()).map(Entry::DataFrom);
    from.chain((0..spec.data.len()).map(Entry::Data))
}

/// Every store that the specification names, even where it makes no sense otherwise.
pub fn stores(spec: &ExternalSecretSpec) -> Vec<StoreName> {
    let own = |source: &Option<SourceRef>| source.as_ref().and_then(|it| it.store_ref.clone());
    let of_data = spec.data.iter().map(|data| own(&data.source_ref));
    let of_data_from = spec.data_from.iter().map(|from| own(&from.source_ref));
    let named = of_data.chain(of_data_from).flatten();
    let mut stores: Vec<_> = named
        .chain(spec.secret_store_ref.clone())
        .filter_map(|store| {
            let kind = store.kind();
            Some(StoreName {
                kind,
                name: store.name?,
            })
        })
        .collect();
    stores.sort();
    stores.dedup();
    stores
}

/// Everything that the specification needs, each once.
///
/// # Errors
/// The first [`BadEntry`].
pub fn wants(spec: &ExternalSecretSpec) -> Result<Vec<Want>, BadEntry> {
    let wants = first_wants(spec)?;
    Ok(wants.into_iter().map(|(_, want)| want).collect())
}

/// The same with the first entry that needs it.
///
/// # Errors
/// The first [`BadEntry`].
pub fn first_wants(spec: &ExternalSecretSpec) -> Result<Vec<(Entry, Want)>, BadEntry> {
    if spec.data.len() + spec.data_from.len() > MOST {
        return Err(BadEntry::TooMany);
    }
    let mut wants: Vec<(Entry, Want)> = Vec::new();
    for entry in entries(spec) {
        let want = want_of(spec, &entry)?;
        if !wants.iter().any(|(_, known)| *known == want) {
            wants.push((entry, want));
        }
    }
    Ok(wants)
}

/// Entries of one ExternalSecret. A Secret of 1 MiB holds no more that are of any use, and whoever writes the
/// object shares the process with others.
const MOST: usize = 2_000;

fn of_data(spec: &ExternalSecretSpec, data: &Data, entry: &Entry) -> Result<Want, BadEntry> {
    Ok(Want {
        store: store(spec, data.source_ref.as_ref(), entry)?,
        what: of_remote(&data.remote_ref),
    })
}

fn of_data_from(
    spec: &ExternalSecretSpec,
    from: &DataFrom,
    entry: &Entry,
) -> Result<Want, BadEntry> {
    let store = store(spec, from.source_ref.as_ref(), entry)?;
    let what = match (&from.extract, &from.find) {
        (Some(extract), None) => of_remote(extract),
        (None, Some(find)) => What::Find(question(find)),
        _ => return Err(BadEntry::NotOne(entry.clone())),
    };
    Ok(Want { store, what })
}

fn of_remote(remote: &RemoteRef) -> What {
    let key = remote.key.clone();
    match remote.metadata_policy.unwrap_or_default() {
        MetadataPolicy::Fetch => What::Tags { key },
        MetadataPolicy::None => What::Value {
            key,
            version: remote.version.clone().filter(|version| !version.is_empty()),
        },
    }
}

/// Without what is done with the answer.
fn question(find: &Find) -> Find {
    Find {
        path: find.path.clone(),
        name: find.name.clone(),
        tags: find.tags.clone(),
        ..Find::default()
    }
}

fn store(
    spec: &ExternalSecretSpec,
    source: Option<&SourceRef>,
    entry: &Entry,
) -> Result<StoreName, BadEntry> {
    if source.is_some_and(|source| source.generator_ref.is_some()) {
        return Err(BadEntry::Generator(entry.clone()));
    }
    let own = source.and_then(|source| source.store_ref.as_ref());
    let named = own.or(spec.secret_store_ref.as_ref()).and_then(named);
    named.ok_or_else(|| BadEntry::NoStore(entry.clone()))
}

fn named(store: &StoreRef) -> Option<StoreName> {
    let name = store.name.clone().filter(|name| !name.is_empty())?;
    Some(StoreName {
        kind: store.kind(),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> ExternalSecretSpec {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn each_question_once() {
        let spec = spec(
            r#"{"secretStoreRef":{"name":"s"},"data":[
            {"secretKey":"a","remoteRef":{"key":"db","property":"user"}},
            {"secretKey":"b","remoteRef":{"key":"db","property":"password"}},
            {"secretKey":"c","remoteRef":{"key":"db","version":"AWSPREVIOUS"}},
            {"secretKey":"d","remoteRef":{"key":"db","metadataPolicy":"Fetch"}},
            {"secretKey":"e","remoteRef":{"key":"db"},
             "sourceRef":{"storeRef":{"name":"s","kind":"ClusterSecretStore"}}}],
            "dataFrom":[{"extract":{"key":"db","decodingStrategy":"Base64"}},{"find":{"name":{"regexp":"x"}}}]}"#,
        );
        let wants = wants(&spec).unwrap();
        let shown: Vec<_> = wants
            .iter()
            .map(|want| format!("{} {:?}", want.store.kind.as_str(), want.what))
            .collect();
        assert_eq!(shown.len(), 5, "{shown:#?}");
        assert!(
            shown[0].contains("Value") && shown[1].contains("Find"),
            "{shown:#?}"
        );
    }

    #[test]
    fn entries_that_nobody_can_answer() {
        for (text, error) in [
            (
                r#"{"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}"#,
                BadEntry::NoStore(Entry::Data(0)),
            ),
            (
                r#"{"dataFrom":[{"sourceRef":{"generatorRef":{"kind":"UUID","name":"x"}}}]}"#,
                BadEntry::Generator(Entry::DataFrom(0)),
            ),
            (
                r#"{"secretStoreRef":{"name":"s"},"dataFrom":[{}]}"#,
                BadEntry::NotOne(Entry::DataFrom(0)),
            ),
        ] {
            assert_eq!(wants(&spec(text)), Err(error));
        }
    }
}
