//! `seal recipients remove`: fresh data keys for those who stay (rules W1 and W4).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use seal_format::se1::{DataKeyBlock, DataKeyId, RecipientName};
use seal_keys::Certificate;
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use super::all_called;
use crate::args::ClusterArgs;
use crate::batch::{self, Batch, Done};
use crate::config::ConfigArgs;
use crate::environment;
use crate::error::CliError;
use crate::identity::{Identities, IdentityKeys};
use crate::public_keys::PublicKeys;
use crate::readers_error::ReadersError;
use crate::recipient::{Asked, KmsArgs};
use crate::rules::{RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::verified::Verified;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Files, and folders with files, of SealedSecrets
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    /// Who shall not read any more: as seal recipients list shows it, by a name of .seal.yaml, or
    /// cert:FILE; may be repeated
    #[arg(short = 'r', long, value_name = "RECIPIENT", required = true)]
    recipient: Vec<String>,

    /// Certificate of a reader who stays, where no rule names it; may be repeated
    #[arg(long, value_name = "FILE|URL")]
    cert: Vec<String>,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    keys: IdentityKeys,

    #[command(flatten)]
    kms: KmsArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// What is the same for all files.
struct Work {
    removed: Vec<Removed>,
    identities: Identities,
    public: PublicKeys,
    rules: Rules,
}

/// Who was typed.
enum Removed {
    Key(RecipientName),
    /// What a configuration calls somebody.
    Name(String),
}

/// Opens the data keys of whoever goes, seals their values anew, writes.
pub(super) fn run(mut args: Args) -> Result<(), CliError> {
    let removed = args.recipient.iter().map(|text| Removed::of(text));
    let removed = removed.collect::<Result<_, _>>()?;
    let batch = Batch::of(&args.files)?;
    args.cluster.complete_from(environment::variable);
    let kms = args.kms.connection();
    let identities = Identities::new(&args.keys, kms.clone())?;
    let certificates = Asked::certificates(&args.cert);
    let work = Work {
        removed,
        public: PublicKeys::new(&certificates, &identities, args.cluster.into(), kms)?,
        identities,
        rules: Rules::new(&args.config),
    };
    let results = batch.each(|file| work.remove(file, &batch));
    batch::report("remove", results)
}

impl Removed {
    fn of(text: &str) -> Result<Self, CliError> {
        let text = text.trim();
        // A comment is no part of an SSH key.
        let bare: Vec<_> = text.split_ascii_whitespace().take(2).collect();
        if let Ok(name) = RecipientName::from_text(&bare.join(" ")) {
            return Ok(Self::Key(name));
        }
        if let Some(key) = text.strip_prefix("kms:")
            && let Ok(name) = RecipientName::from_text(key)
        {
            return Ok(Self::Key(name));
        }
        // An expired certificate is good enough to be removed.
        let path = text.strip_prefix("cert:").unwrap_or(text);
        if let Ok(pem) = fs::read(path) {
            let certificate = Certificate::from_pem(&pem);
            let certificate = certificate.map_err(|reason| CliError::Certificate {
                from: path.to_owned(),
                reason,
            })?;
            let name = RecipientName::from_text(&format!("rsa:{}", certificate.fingerprint()));
            return name
                .map(Self::Key)
                .map_err(|_| CliError::NoReader(text.to_owned()));
        }
        if text.is_empty() || text.contains([':', '/', ' ']) {
            return Err(CliError::NoReader(text.to_owned()));
        }
        Ok(Self::Name(text.to_owned()))
    }

    fn is(&self, to: &RecipientName, rule: Option<&RuleReaders>) -> bool {
        match self {
            Self::Key(key) => key == to,
            Self::Name(name) => rule.and_then(|rule| rule.key_of(name)) == Some(to.as_str()),
        }
    }
}

impl Work {
    fn remove(&self, file: &SealedFile, batch: &Batch) -> Result<Done, CliError> {
        let rule = self.rules.of(&file.path)?;
        let rule = rule.as_ref();
        self.check_names(rule)?;
        let mut done = Done::default();
        let mut gone = Vec::new();
        let text = file.edited(|sealed, object| {
            let Some(object) = object else {
                return Ok(Vec::new());
            };
            let affected = affected(&object, |to| self.goes(to, rule));
            if affected.is_empty() {
                return Ok(Vec::new());
            }
            let trusted = rule.map(RuleReaders::kms_keys).unwrap_or_default();
            let verified = Verified::of(sealed, object, &self.identities, &trusted, |block| {
                affected.contains(block.id())
            })
            .map_err(file.of_keys(sealed))?;
            let (edits, items) = self.reseal(file, sealed, &verified, rule)?;
            for (block, _) in verified.blocks() {
                let wraps = block.wraps().iter().map(|wrap| wrap.to.clone());
                gone.extend(wraps.filter(|to| self.goes(to, rule)));
            }
            done.warnings.push(format!(
                "{} could read these, and still can in history; change them where they come from: {}",
                all_called(&gone, rule),
                items.join(", ")
            ));
            Ok(edits)
        })?;
        done.changed = batch.replace(file, &text)?;
        done.notes.push(if done.changed {
            format!("removed {}", all_called(&gone, rule))
        } else {
            "nobody to remove".to_owned()
        });
        Ok(done)
    }

    /// A name that nobody has would remove nobody without a word.
    fn check_names(&self, rule: Option<&RuleReaders>) -> Result<(), CliError> {
        for removed in &self.removed {
            if let Removed::Name(name) = removed
                && rule.is_none_or(|rule| rule.key_of(name).is_none())
            {
                return Err(CliError::NoReader(name.clone()));
            }
        }
        Ok(())
    }

    fn goes(&self, to: &RecipientName, rule: Option<&RuleReaders>) -> bool {
        self.removed.iter().any(|removed| removed.is(to, rule))
    }

    /// A fresh data key for each list of readers who stay: nobody gets to read more than before.
    fn reseal(
        &self,
        file: &SealedFile,
        sealed: &SealedDocument,
        verified: &Verified<'_>,
        rule: Option<&RuleReaders>,
    ) -> Result<(Vec<BlockEdit>, Vec<String>), CliError> {
        let mut groups: BTreeMap<Vec<RecipientName>, Vec<DataKeyId>> = BTreeMap::new();
        let mut items = Vec::new();
        for (block, _) in verified.blocks() {
            items.extend(verified.items_of(block.id()));
            let wraps = block.wraps().iter().map(|wrap| &wrap.to);
            let stay: Vec<_> = wraps.filter(|to| !self.goes(to, rule)).cloned().collect();
            groups.entry(stay).or_default().push(block.id().clone());
        }
        items.sort_unstable();
        let mut edits = verified.drop_unused();
        for (stay, ids) in groups {
            if stay.is_empty() {
                let nobody = ReadersError::Nobody(verified.items_of_all(&ids).join(", "));
                return Err(file.of_readers(sealed)(nobody));
            }
            let recipients = self
                .public
                .recipients(&stay, rule)?
                .map_err(|missing| file.of_readers(sealed)(ReadersError::NoCertificate(missing)))?;
            edits.extend(verified.replace(file, ids, &recipients)?);
        }
        Ok((edits, items.into_iter().map(str::to_owned).collect()))
    }
}

/// The data keys of somebody.
fn affected(object: &Se1Object, is: impl Fn(&RecipientName) -> bool) -> BTreeSet<DataKeyId> {
    let blocks = object.referenced().into_iter();
    blocks
        .filter(|block| block.wraps().iter().any(|wrap| is(&wrap.to)))
        .map(DataKeyBlock::id)
        .cloned()
        .collect()
}
