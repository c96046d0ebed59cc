//! `seal rekey`: from old certificates of a cluster to its newest one.

mod legacy;
mod old;

use std::path::PathBuf;

use seal_format::se1::RecipientName;
use seal_keys::RsaRecipient;
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use crate::args::ClusterArgs;
use crate::batch::{self, Batch, Done};
use crate::config::ConfigArgs;
use crate::context::Cluster;
use crate::environment;
use crate::error::CliError;
use crate::identity::{Identities, IdentityKeys};
use crate::readers_error::ReadersError;
use crate::recipient::{Asked, KmsArgs, Recipients, shown};
use crate::rules::{RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::verified::Verified;
pub(crate) use legacy::LegacyError;
use old::OldCertificates;

/// Wrap for a cluster's newest certificate instead of an old one
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Files, and folders with files, of SealedSecrets
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    /// The newest certificate: a PEM file, file:// or http(s):// URL [default: that of the cluster]
    #[arg(long, value_name = "FILE|URL")]
    cert: Option<String>,

    /// An old certificate; may be repeated [default: those of --private-key, or the one in the file]
    #[arg(long, value_name = "FILE")]
    old_cert: Vec<PathBuf>,

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
    new: Recipients,
    to: RecipientName,
    old: OldCertificates,
    identities: Identities,
    rules: Rules,
}

/// Opens data keys, wraps them for the new certificate instead of the old, writes.
pub(crate) fn run(mut args: Args) -> Result<(), CliError> {
    let batch = Batch::of(&args.files)?;
    args.cluster.complete_from(environment::variable);
    let kms = args.kms.connection();
    let cluster = Cluster::from(args.cluster);
    let new = match &args.cert {
        Some(cert) => {
            Asked::certificates(std::slice::from_ref(cert)).resolve(&cluster, kms.clone())?
        }
        None => Recipients::of_cluster(&cluster)?,
    };
    let to = new.only_certificate().map(|key| key.name().clone());
    let work = Work {
        to: to.ok_or(CliError::NoneNamed)?,
        new,
        old: OldCertificates::read(&args.old_cert)?,
        identities: Identities::new(&args.keys, kms)?,
        rules: Rules::new(&args.config),
    };
    let results = batch.each(|file| work.rekey(file, &batch));
    batch::report("rekey", results)
}

impl Work {
    fn rekey(&self, file: &SealedFile, batch: &Batch) -> Result<Done, CliError> {
        let rule = self.rules.of(&file.path)?;
        let mut done = Done::default();
        let (mut keys, mut values) = (0, 0);
        let text = file.edited(|sealed, object| {
            let mut edits = self.legacy(file, sealed)?;
            values += edits.len();
            if let Some(object) = object {
                let rewrapped = self.data_keys(file, sealed, object, rule.as_ref())?;
                let set = |edit: &&BlockEdit| matches!(edit, BlockEdit::SetDataKey { .. });
                keys += rewrapped.iter().filter(set).count();
                edits.extend(rewrapped);
            }
            Ok(edits)
        })?;
        done.changed = batch.replace(file, &text)?;
        let to = shown(&self.to);
        done.notes.push(if done.changed {
            format!("for {to} now: {keys} data keys, {values} values of the legacy format")
        } else {
            format!("nothing to do: it is for {to} already, or for no certificate")
        });
        Ok(done)
    }

    fn data_keys(
        &self,
        file: &SealedFile,
        sealed: &SealedDocument,
        object: Se1Object,
        rule: Option<&RuleReaders>,
    ) -> Result<Vec<BlockEdit>, CliError> {
        let mut due = Vec::new();
        for block in object.referenced() {
            let old = self
                .old
                .of(block, &self.to, &self.identities, rule)
                .map_err(file.of_readers(sealed))?;
            if !old.is_empty() {
                due.push((block.id().clone(), old));
            }
        }
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let trusted = rule.map(RuleReaders::kms_keys).unwrap_or_default();
        let verified = Verified::of(sealed, object, &self.identities, &trusted, |block| {
            due.iter().any(|(id, _)| id == block.id())
        })
        .map_err(file.of_keys(sealed))?;
        let mut edits = verified.drop_unused();
        for (block, key) in verified.blocks() {
            let old = due.iter().find(|(id, _)| id == block.id());
            let old = old.map(|(_, old)| old.as_slice()).unwrap_or_default();
            let there = |to: &RecipientName| block.wraps().iter().any(|wrap| wrap.to == *to);
            let new = self.new.without(there);
            let wrapped = new.wrap_all(&key.to_wrap(), verified.binding())?;
            let edit = verified.relisted(block, key, |to| !old.contains(to), wrapped.wraps);
            edits.push(edit.map_err(file.of_keys(sealed))?);
        }
        Ok(edits)
    }

    /// Values of the legacy format name no key: each is opened, and sealed for the new certificate.
    fn legacy(
        &self,
        file: &SealedFile,
        sealed: &SealedDocument,
    ) -> Result<Vec<BlockEdit>, CliError> {
        let refused = file.of_readers(sealed);
        let Some(certificate) = self.new.only_certificate() else {
            return Ok(Vec::new());
        };
        self.legacy_values(sealed, certificate).map_err(refused)
    }

    fn legacy_values(
        &self,
        sealed: &SealedDocument,
        certificate: &RsaRecipient,
    ) -> Result<Vec<BlockEdit>, ReadersError> {
        if sealed.spec.data.is_some() {
            return Err(ReadersError::Whole);
        }
        let label = legacy::label(sealed);
        let mut edits = Vec::new();
        for (item, value) in legacy::values(sealed) {
            if let Some(value) = legacy::rekeyed(value, &label, &self.identities, certificate)
                .map_err(|reason| ReadersError::Legacy {
                    item: item.to_owned(),
                    reason,
                })?
            {
                edits.push(BlockEdit::SetItem {
                    item: item.to_owned(),
                    value,
                });
            }
        }
        Ok(edits)
    }
}
