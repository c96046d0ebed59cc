//! `seal recipients list`: who can read what, and whether that is certain.

use std::fmt::Write as _;

use seal_format::se1::{DataKeyBlock, Fault};
use sealing::{Se1Object, SealedDocument};
use serde::Serialize;

use super::legacy_items;
use crate::batch::Looked;
use crate::error::CliError;
use crate::identity::{Identities, IdentityArgs, Reach};
use crate::report::ReportArgs;
use crate::rules::{RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::ui;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    report: ReportArgs,

    #[command(flatten)]
    identities: IdentityArgs,
}

/// One SealedSecret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    file: String,
    document: usize,
    name: String,
    bound_to: Option<String>,
    data_keys: Vec<ListedKey>,
    legacy: Vec<String>,
}

#[derive(Serialize)]
struct ListedKey {
    id: String,
    items: Vec<String>,
    /// Whether a key at hand shows that the list is as its writer left it; `None` if there is none.
    verified: Option<bool>,
    /// The class of what is wrong.
    fault: Option<&'static str>,
    recipients: Vec<ListedReader>,
}

#[derive(Serialize)]
struct ListedReader {
    name: Option<String>,
    to: String,
}

/// What opens, and how far to go for it.
struct Keys {
    identities: Identities,
    reach: Reach,
}

/// Reads, opens what can be opened, tells.
pub(super) fn run(args: &Args) -> Result<(), CliError> {
    let format = args.report.format()?;
    // To look is no reason to be asked for a passphrase, unless keys were named for it.
    let keys = Keys {
        identities: args.identities.identities()?,
        reach: if args.identities.keys.are_named() {
            Reach::Full
        } else {
            Reach::Silent
        },
    };
    let rules = Rules::new(&args.report.config);
    let mut all = Vec::new();
    let looked = Looked::at(&args.report.files)?;
    for file in &looked.files {
        let rule = rules.of_what_is_there(&file.path);
        for sealed in &file.sealed {
            let object = file.object(sealed)?;
            all.push(keys.list(file, sealed, object.as_ref(), rule.as_ref()));
        }
    }
    format.write(&all, |listed| ui::printable(&text(listed)))?;
    looked.end()?;
    let is_wrong = |listed: &&Listed| listed.data_keys.iter().any(|key| key.fault.is_some());
    match all.iter().find(is_wrong) {
        Some(listed) => Err(CliError::Unsound(listed.file.clone())),
        None => Ok(()),
    }
}

impl Keys {
    fn list(
        &self,
        file: &SealedFile,
        sealed: &SealedDocument,
        object: Option<&Se1Object>,
        rule: Option<&RuleReaders>,
    ) -> Listed {
        let mut data_keys = Vec::new();
        if let Some(object) = object {
            let blocks = object.blocks().values();
            data_keys.extend(blocks.map(|block| self.list_key(object, block, rule)));
        }
        let legacy = legacy_items(sealed, object).into_iter();
        Listed {
            file: file.path.display().to_string(),
            document: sealed.index,
            name: sealed.name.clone(),
            bound_to: object.map(|object| object.object().to_string()),
            data_keys,
            legacy: legacy.map(str::to_owned).collect(),
        }
    }

    fn list_key(
        &self,
        object: &Se1Object,
        block: &DataKeyBlock,
        rule: Option<&RuleReaders>,
    ) -> ListedKey {
        let items = object.items_of(block.id());
        let trusted = rule.map(RuleReaders::kms_keys).unwrap_or_default();
        // What no value uses is never opened (docs/format.md, step 5).
        let opened = if items.is_empty() {
            Err(Fault::NoIdentity)
        } else {
            self.identities
                .unwrap(block, object.object(), &trusted, self.reach)
                .map_err(|unopened| unopened.fault)
        };
        let verified = opened.and_then(|bytes| object.verify(block, &bytes).map(|_| ()));
        let (verified, fault) = match verified {
            Ok(()) => (Some(true), None),
            Err(Fault::NoIdentity | Fault::Unavailable) => (None, None),
            Err(fault) => (Some(false), Some(fault.class())),
        };
        let reader = |to: &str| ListedReader {
            name: rule.and_then(|rule| rule.name_of(to)).map(str::to_owned),
            to: to.to_owned(),
        };
        ListedKey {
            id: block.id().to_string(),
            items: items.into_iter().map(str::to_owned).collect(),
            verified,
            fault,
            recipients: block
                .wraps()
                .iter()
                .map(|wrap| reader(wrap.to.as_str()))
                .collect(),
        }
    }
}

fn text(listed: &Listed) -> String {
    let mut text = format!("{}, document {}", listed.file, listed.document);
    if let Some(place) = &listed.bound_to {
        let _ = write!(text, ": {place}");
    }
    text.push('\n');
    for key in &listed.data_keys {
        let items = if key.items.is_empty() {
            "no value uses it".to_owned()
        } else {
            key.items.join(", ")
        };
        let state = match (key.verified, key.fault) {
            (Some(true), _) => "verified".to_owned(),
            (_, Some(fault)) => format!("REFUSED [{fault}]"),
            _ => "not verified: no key here opens it".to_owned(),
        };
        let _ = writeln!(text, "  data key {}: {items} ({state})", key.id);
        for reader in &key.recipients {
            let _ = match &reader.name {
                Some(name) => writeln!(text, "    {name}: {}", reader.to),
                None => writeln!(text, "    {}", reader.to),
            };
        }
    }
    if !listed.legacy.is_empty() {
        let items = listed.legacy.join(", ");
        let _ = writeln!(text, "  legacy format, for one certificate: {items}");
    }
    text
}
