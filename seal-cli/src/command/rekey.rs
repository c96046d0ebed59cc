//! `seal rekey`: from old certificates of a cluster to its newest one.

mod legacy;
mod old;

use std::path::PathBuf;

use seal_format::se1::RecipientName;
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use crate::batch::{self, Done};
use crate::data_key_change::{DataKeyChange, DataKeyChangeArgs};
use crate::error::CliError;
use crate::readers_error::ReadersError;
use crate::recipient::{Asked, OneCertificate, Recipients, shown};
use crate::rules::RuleReaders;
use crate::sealed_file::SealedFile;
pub(crate) use legacy::LegacyError;
use old::OldCertificates;

/// Wrap for a cluster's newest certificate instead of an old one
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The newest certificate: a PEM file, file:// or http(s):// URL [default: that of the cluster]
    #[arg(long, value_name = "FILE|URL")]
    cert: Option<String>,

    /// An old certificate, or rsa:… as seal recipients list shows it; may be repeated [default: those
    /// of --private-key, or the one that the rule had before, as known on this machine]
    #[arg(long, value_name = "FILE")]
    old_cert: Vec<PathBuf>,

    #[command(flatten)]
    change: DataKeyChangeArgs,
}

/// What is the same for all files.
struct Work {
    change: DataKeyChange,
    new: Recipients,
    to: RecipientName,
    old: OldCertificates,
}

/// Opens data keys, wraps them for the new certificate instead of the old, writes.
pub(crate) fn run(args: Args) -> Result<(), CliError> {
    let change = args.change.resolve()?;
    let new = match &args.cert {
        Some(cert) => Asked::certificates(std::slice::from_ref(cert))
            .resolve(&change.cluster, change.kms.clone())?,
        None => Recipients::of_cluster(&change.cluster)?,
    };
    let to = new.only_certificate().map(|it| it.name().clone());
    let work = Work {
        to: to.ok_or(CliError::NoneNamed)?,
        new,
        old: OldCertificates::read(&args.old_cert)?,
        change,
    };
    let results = work.change.batch.each(|file| work.rekey(file));
    batch::report("rekey", results)
}

impl Work {
    fn rekey(&self, file: &SealedFile) -> Result<Done, CliError> {
        let rule = self.change.rules.of(&file.path)?;
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
        done.changed = self.change.batch.replace(file, &text)?;
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
                .of(block, &self.to, &self.change.identities, rule)
                .map_err(file.of_readers(sealed))?;
            if !old.is_empty() {
                due.push((block.id().clone(), old));
            }
        }
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let change = &self.change;
        let verified = change.verified(file, sealed, object, rule, |block| {
            due.iter().any(|(id, _)| id == block.id())
        })?;
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
        certificate: OneCertificate<'_>,
    ) -> Result<Vec<BlockEdit>, ReadersError> {
        if sealed.spec.data.is_some() {
            return Err(ReadersError::Whole);
        }
        let mut edits = Vec::new();
        for (item, value) in legacy::values(sealed) {
            if let Some(value) =
                legacy::rekeyed(value, sealed, &self.change.identities, certificate).map_err(
                    |reason| ReadersError::Legacy {
                        item: item.to_owned(),
                        reason,
                    },
                )?
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
