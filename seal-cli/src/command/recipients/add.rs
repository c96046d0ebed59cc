//! `seal recipients add`: the same data keys, wrapped for more.

use std::path::PathBuf;

use seal_format::se1::{DataKey, DataKeyBlock, RecipientName};
use seal_manifest::BlockEdit;

use super::{all_called, legacy_stays};
use crate::args::ClusterArgs;
use crate::batch::{self, Batch, Done};
use crate::config::ConfigArgs;
use crate::context::Cluster;
use crate::environment;
use crate::error::CliError;
use crate::identity::{Identities, IdentityKeys};
use crate::readers_error::ReadersError;
use crate::recipient::{Asked, Cert, RecipientArgs, Recipients};
use crate::rules::{RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::verified::Verified;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Files, and folders with files, of SealedSecrets
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    recipients: RecipientArgs,

    /// Add readers, too, that the rule for a file does not name
    #[arg(long)]
    accept_new_recipients: bool,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    keys: IdentityKeys,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// What is the same for all files.
struct Work {
    recipients: Recipients,
    identities: Identities,
    rules: Rules,
    accept: bool,
}

/// Opens every data key, wraps them for the new readers, writes.
pub(super) fn run(mut args: Args) -> Result<(), CliError> {
    // What the environment says was not said about these files.
    let asked = Asked::of(&args.recipients, Cert::default(), |_| None)?;
    if asked.is_empty() {
        return Err(CliError::NoneNamed);
    }
    let batch = Batch::of(&args.files)?;
    args.cluster.complete_from(environment::variable);
    let cluster = Cluster::from(args.cluster);
    let kms = args.recipients.kms();
    let work = Work {
        recipients: asked.resolve(&cluster, kms.clone())?,
        identities: Identities::new(&args.keys, kms)?,
        rules: Rules::new(&args.config),
        accept: args.accept_new_recipients,
    };
    let results = batch.each(|file| work.add(file, &batch));
    batch::report("add", results)
}

impl Work {
    fn add(&self, file: &SealedFile, batch: &Batch) -> Result<Done, CliError> {
        let rule = self.rules.of(&file.path)?;
        let mut done = Done::default();
        let mut added: Vec<RecipientName> = Vec::new();
        let (mut keys, mut in_se1) = (0, false);
        let text = file.edited(|sealed, object| {
            done.warnings.extend(legacy_stays(sealed, object.as_ref()));
            let Some(object) = object else {
                return Ok(Vec::new());
            };
            in_se1 = true;
            let trusted = rule.as_ref().map(RuleReaders::kms_keys).unwrap_or_default();
            let verified = Verified::of(sealed, object, &self.identities, &trusted, |_| true)
                .map_err(file.of_keys(sealed))?;
            let mut edits = verified.drop_unused();
            for (block, key) in verified.blocks() {
                let Some((edit, new)) = self.relisted(file, sealed, &verified, block, key)? else {
                    continue;
                };
                self.admit(&new, rule.as_ref())
                    .map_err(file.of_readers(sealed))?;
                added.extend(new);
                keys += 1;
                edits.push(edit);
            }
            Ok(edits)
        })?;
        done.changed = batch.replace(file, &text)?;
        done.notes.push(if !in_se1 {
            "nothing is in SE1: seal it again with --format-version se1".to_owned()
        } else if keys == 0 {
            format!("nothing to add: {} can read it", self.recipients.called())
        } else {
            let added = all_called(&added, rule.as_ref());
            format!("added to {keys} data keys: {added}")
        });
        Ok(done)
    }

    /// `None` if all of them are there already.
    fn relisted(
        &self,
        file: &SealedFile,
        sealed: &sealing::SealedDocument,
        verified: &Verified<'_>,
        block: &DataKeyBlock,
        key: &DataKey,
    ) -> Result<Option<(BlockEdit, Vec<RecipientName>)>, CliError> {
        let there = |to: &RecipientName| block.wraps().iter().any(|wrap| wrap.to == *to);
        let missing = self.recipients.without(there);
        if missing.is_empty() {
            return Ok(None);
        }
        let mut wraps = missing.wrap_all(&key.to_wrap(), verified.binding())?.wraps;
        // Of an alias only KMS knows.
        wraps.retain(|wrap| !there(&wrap.to));
        if wraps.is_empty() {
            return Ok(None);
        }
        let new = wraps.iter().map(|wrap| wrap.to.clone()).collect();
        let edit = verified
            .relisted(block, key, |_| true, wraps)
            .map_err(file.of_keys(sealed))?;
        Ok(Some((edit, new)))
    }

    /// Whoever types a reader means it; but where there is a rule, the file would not follow it.
    fn admit(&self, new: &[RecipientName], rule: Option<&RuleReaders>) -> Result<(), ReadersError> {
        let Some(rule) = rule.filter(|_| !self.accept) else {
            return Ok(());
        };
        let strangers: Vec<_> = new
            .iter()
            .filter(|to| rule.names(to.as_str()) != Some(true))
            .collect();
        if strangers.is_empty() {
            return Ok(());
        }
        Err(ReadersError::NotInRule {
            rule: rule.place(),
            readers: all_called(strangers, Some(rule)),
        })
    }
}
