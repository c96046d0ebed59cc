//! `seal open`: back to the Secret, for whoever has a key.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;
use sealing::{OpenedSecret, Opening, SealedDocument};
use serde_json::{Map, Value, json};
use template::{GoTemplate, Limits};
use zeroize::{Zeroize as _, Zeroizing};

use crate::config::ConfigArgs;
use crate::error::CliError;
use crate::identity::{Identities, IdentityArgs};
use crate::output::{self, Format};
use crate::rules::{RuleKms, RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::ui;
use crate::wiped_json::wipe;

/// Decrypt a file: the whole Secret, or one value
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// File of SealedSecrets; - is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Write the value of this item, raw, and nothing else
    #[arg(long, value_name = "KEY", conflicts_with = "output")]
    key: Option<String>,

    /// The SealedSecret to open, by its number among the documents of the file [default: all]
    #[arg(long, value_name = "N")]
    document: Option<usize>,

    /// yaml or json
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "yaml")]
    output: String,

    /// Write to a terminal, too: plaintext stays in its scrollback
    #[arg(long)]
    show: bool,

    #[command(flatten)]
    identities: IdentityArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// What opens.
struct Keys {
    identities: Identities,
    /// KMS keys that the rule for the file names.
    of_rule: RuleKms,
}

/// Reads, opens, writes to stdout: all of it or nothing.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let format = match args.output.as_str() {
        "yaml" => Format::Yaml,
        "json" => Format::Json,
        _ => return Err(CliError::Format(args.output.clone())),
    };
    if std::io::stdout().is_terminal() && !args.show {
        return Err(CliError::Terminal);
    }
    let file = SealedFile::read(&args.file)?;
    let rule = Rules::new(&args.config).of_what_is_there(&args.file);
    let keys = Keys {
        identities: args.identities.identities()?,
        of_rule: rule.as_ref().map(RuleReaders::kms_keys).unwrap_or_default(),
    };
    let pieces = if let Some(key) = &args.key {
        vec![value(&file, file.only(args.document)?, key, &keys)?]
    } else {
        let documents = match args.document {
            Some(_) => vec![file.only(args.document)?],
            None => file.sealed.iter().collect(),
        };
        // All answers first: rayon would give any of the errors, people want the first.
        documents
            .into_par_iter()
            .map(|sealed| secret(&file, sealed, &keys, format))
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<_, _>>()?
    };
    if let Some(rule) = &rule {
        warn_of_strangers(&file, rule);
    }
    output::reveal(&pieces)
}

/// Others can read it, too, whom the user's rule does not name.
fn warn_of_strangers(file: &SealedFile, rule: &RuleReaders) {
    let specs = file.sealed.iter().map(|sealed| &sealed.spec);
    let wraps = specs.flat_map(|spec| spec.data_keys.values().flat_map(|entry| &entry.wraps));
    for stranger in rule.strangers(wraps.map(|wrap| wrap.to.as_str())) {
        let from = file.path.display();
        ui::warn(&format!("{from}: {}", rule.does_not_name(stranger)));
    }
}

fn value(
    file: &SealedFile,
    sealed: &SealedDocument,
    key: &str,
    keys: &Keys,
) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let mut opened = open(file, sealed, keys)?;
    opened.data.remove(key).ok_or_else(|| CliError::NoSuchItem {
        from: file.path.display().to_string(),
        item: key.to_owned(),
    })
}

/// Opens one document, as the controller would.
fn open(file: &SealedFile, sealed: &SealedDocument, keys: &Keys) -> Result<OpenedSecret, CliError> {
    let mut details = Vec::new();
    let namespace = sealed.namespace.as_deref().unwrap_or_default();
    let opened =
        Opening::prepare(&sealed.spec, sealed.scope, namespace, &sealed.name).and_then(|opening| {
            let (answers, found) = keys.identities.answers(&opening, &keys.of_rule);
            details = found;
            opening.finish(&answers, &GoTemplate::new(Limits::default()))
        });
    opened.map_err(|reason| CliError::Open {
        from: file.path.display().to_string(),
        document: sealed.index,
        reason,
        details,
    })
}

/// The Secret as kubectl would take it. Copies of values that are made here are wiped.
fn secret(
    file: &SealedFile,
    sealed: &SealedDocument,
    keys: &Keys,
    format: Format,
) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let opened = open(file, sealed, keys)?;
    let mut metadata = Map::new();
    metadata.insert("name".into(), sealed.name.clone().into());
    if let Some(namespace) = &sealed.namespace {
        metadata.insert("namespace".into(), namespace.clone().into());
    }
    for (field, map) in [
        ("labels", &opened.metadata.labels),
        ("annotations", &opened.metadata.annotations),
    ] {
        if let Some(map) = map.as_ref().filter(|map| !map.is_empty()) {
            metadata.insert(field.into(), json!(map));
        }
    }
    let data: BTreeMap<&str, String> = opened
        .data
        .iter()
        .map(|(item, value)| (item.as_str(), STANDARD.encode(value.as_slice())))
        .collect();
    let mut secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": opened.secret_type.as_deref().unwrap_or("Opaque"),
        "data": data,
    });
    if opened.immutable == Some(true) {
        secret["immutable"] = Value::Bool(true);
    }
    for mut value in data.into_values() {
        value.zeroize();
    }
    let written = match format {
        Format::Yaml => Ok(seal_manifest::write_yaml(&secret)),
        Format::Json => seal_manifest::write_json(&secret),
    };
    wipe(&mut secret);
    let text = Zeroizing::new(written.map_err(|_| CliError::EncodeSecret(sealed.index))?);
    let start = match format {
        Format::Yaml => "---\n",
        Format::Json => "",
    };
    Ok(Zeroizing::new([start, text.as_str()].concat().into_bytes()))
}
