//! `seal recipients sync`: files as their rules say. Who is new needs a word of the user, known rule
//! or not: a file may have been moved under the rule by somebody else (rule W3).

use std::collections::BTreeSet;

use seal_format::se1::{DataKeyId, RecipientName};
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use super::{all_called, legacy_stays};
use crate::batch::{self, Done, Results};
use crate::config;
use crate::config::known::{self, KnownArgs};
use crate::data_key_change::{DataKeyChange, DataKeyChangeArgs};
use crate::error::CliError;
use crate::public_keys::PublicKeys;
use crate::readers_error::ReadersError;
use crate::recipient::Recipients;
use crate::rules::RuleReaders;
use crate::sealed_file::SealedFile;
use crate::ui;
use crate::verified::Verified;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Only tell what would be done; the exit code is 1 if there is anything
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    change: DataKeyChangeArgs,

    #[command(flatten)]
    known: KnownArgs,
}

/// What is the same for all files.
struct Work {
    change: DataKeyChange,
    public: PublicKeys,
    known: KnownArgs,
}

/// A rule with the keys of everybody whom it names.
struct Wanted<'a> {
    rule: &'a RuleReaders,
    recipients: &'a Recipients,
    keys: Vec<RecipientName>,
}

/// How a data key's list differs from the rule.
struct Difference {
    id: DataKeyId,
    added: Vec<RecipientName>,
    removed: Vec<RecipientName>,
}

/// Compares, opens, re-wraps or seals anew, writes.
pub(super) fn run(args: Args) -> Result<(), CliError> {
    let change = args.change.resolve()?.pinned(&args.known);
    let work = Work {
        public: change.public_keys(&[])?,
        change,
        known: args.known,
    };
    let files = &work.change.batch;
    if args.dry_run {
        return tell(files.each(|file| work.plan(file)));
    }
    let results = files.each(|file| work.sync(file));
    batch::report("sync", results)
}

/// What would be done to each file.
fn tell(results: Results<Vec<String>>) -> Result<(), CliError> {
    let total = results.len();
    let (mut due, mut failed, mut code) = (0, 0, 0);
    for (path, result) in results {
        match result {
            Ok(lines) => {
                due += usize::from(!lines.is_empty());
                for line in lines {
                    ui::hint(&format!("{}: {line}", path.display()));
                }
            }
            Err(error) if total == 1 => return Err(error),
            Err(error) => {
                failed += 1;
                code = error.exit_code();
                ui::error(&error);
            }
        }
    }
    if failed > 0 {
        return Err(CliError::SomeFailed {
            failed,
            total,
            code,
        });
    }
    match due {
        0 => Ok(()),
        due => Err(CliError::Due { due, total }),
    }
}

impl Work {
    /// Nothing is opened for this: the lists are as the file has them.
    fn plan(&self, file: &SealedFile) -> Result<Vec<String>, CliError> {
        let rule = self.rule(file)?;
        let recipients = self.public.of_rule(&rule)?;
        let mut lines = Vec::new();
        for sealed in &file.sealed {
            let Some(object) = file.object(sealed)? else {
                continue;
            };
            let wanted = wanted(file, sealed, &rule, &recipients)?;
            let differences = wanted.differences(&object);
            let items_of = |id: &DataKeyId| object.items_of(id);
            for (added, items) in wanted.by_readers(&differences, |it| &it.added, items_of) {
                lines.push(format!("{items}: add {added}"));
            }
            for (removed, items) in wanted.by_readers(&differences, |it| &it.removed, items_of) {
                lines.push(format!("{items}: remove {removed}"));
            }
        }
        Ok(lines)
    }

    fn sync(&self, file: &SealedFile) -> Result<Done, CliError> {
        let rule = self.rule(file)?;
        let recipients = self.public.of_rule(&rule)?;
        let mut done = Done::default();
        let text = file.edited(|sealed, object| {
            done.warnings.extend(legacy_stays(sealed, object.as_ref()));
            let Some(object) = object else {
                return Ok(Vec::new());
            };
            let wanted = wanted(file, sealed, &rule, &recipients)?;
            let differences = wanted.differences(&object);
            if differences.is_empty() {
                return Ok(Vec::new());
            }
            self.admit(&wanted, &differences, &object)
                .map_err(file.of_readers(sealed))?;
            let change = &self.change;
            let verified = change.verified(file, sealed, object, Some(&rule), |block| {
                differences.iter().any(|other| other.id == *block.id())
            })?;
            wanted.tell(&differences, &verified, &mut done);
            wanted.edits(file, sealed, &differences, &verified)
        })?;
        done.changed = self.change.batch.replace(file, &text)?;
        // Whoever was taken off the rule is new when he comes back; that this is remembered is not what
        // was asked for.
        let forgotten = known::forget_others(&rule.matched, &recipients.named(), &self.known);
        let unforgotten = forgotten.err().map(|error| error.to_string());
        done.warnings.extend(unforgotten);
        if !done.changed {
            done.notes.push("as the rule says".to_owned());
        }
        Ok(done)
    }

    fn rule(&self, file: &SealedFile) -> Result<RuleReaders, CliError> {
        match self.change.rules.of(&file.path)? {
            Some(rule) => Ok(rule),
            None => Err(config::nothing_for(&file.path, self.change.rules.named())?.into()),
        }
    }

    /// Rules W2 and W3: the rule is as it was confirmed, and so is everyone who gets to read old
    /// values by it.
    fn admit(
        &self,
        wanted: &Wanted<'_>,
        differences: &[Difference],
        object: &Se1Object,
    ) -> Result<(), ReadersError> {
        if differences.iter().all(|other| other.added.is_empty()) {
            return Ok(());
        }
        if !self.known.accept() {
            let new = differences.iter().filter(|other| !other.added.is_empty());
            let items = new.clone().flat_map(|other| object.items_of(&other.id));
            let items: BTreeSet<_> = items.collect();
            let readers = new.flat_map(|other| &other.added);
            return Err(ReadersError::New {
                readers: all_called(readers, Some(wanted.rule)),
                items: items.into_iter().collect::<Vec<_>>().join(", "),
                rule: wanted.rule.place(),
            });
        }
        let to = wanted.recipients.named();
        known::confirm(&wanted.rule.matched, &to, &self.known)?;
        Ok(())
    }
}

/// The readers that a file should have.
fn wanted<'a>(
    file: &SealedFile,
    sealed: &SealedDocument,
    rule: &'a RuleReaders,
    recipients: &'a Recipients,
) -> Result<Wanted<'a>, CliError> {
    let keys = recipients.keys().ok_or_else(|| {
        let rule = rule.place();
        file.of_readers(sealed)(ReadersError::Alias { rule })
    })?;
    Ok(Wanted {
        rule,
        recipients,
        keys,
    })
}

impl Wanted<'_> {
    fn differences(&self, object: &Se1Object) -> Vec<Difference> {
        let mut differences = Vec::new();
        for block in object.referenced() {
            let present: Vec<_> = block.wraps().iter().map(|wrap| &wrap.to).collect();
            let added = self.keys.iter().filter(|key| !present.contains(key));
            let removed = present.iter().filter(|key| !self.keys.contains(key));
            let difference = Difference {
                id: block.id().clone(),
                added: added.cloned().collect(),
                removed: removed.map(|key| (*key).clone()).collect(),
            };
            if !difference.added.is_empty() || !difference.removed.is_empty() {
                differences.push(difference);
            }
        }
        differences
    }

    /// Where nobody goes, the data key stays and is wrapped for more; all others are replaced by
    /// one.
    fn edits(
        &self,
        file: &SealedFile,
        sealed: &SealedDocument,
        differences: &[Difference],
        verified: &Verified<'_>,
    ) -> Result<Vec<BlockEdit>, CliError> {
        let mut edits = verified.drop_unused();
        let mut replaced = Vec::new();
        for (block, key) in verified.blocks() {
            let mut of_block = differences.iter().filter(|other| other.id == *block.id());
            if of_block.any(|difference| !difference.removed.is_empty()) {
                replaced.push(block.id().clone());
                continue;
            }
            let there = |to: &RecipientName| block.wraps().iter().any(|wrap| wrap.to == *to);
            let missing = self.recipients.without(there);
            let wrapped = missing.wrap_all(&key.to_wrap(), verified.binding())?;
            let edit = verified.relisted(block, key, |_| true, wrapped.wraps);
            edits.push(edit.map_err(file.of_keys(sealed))?);
        }
        if !replaced.is_empty() {
            edits.extend(verified.replace(file, replaced, self.recipients)?);
        }
        Ok(edits)
    }

    fn tell(&self, differences: &[Difference], verified: &Verified<'_>, done: &mut Done) {
        let rule = Some(self.rule);
        let added: Vec<_> = differences.iter().flat_map(|d| &d.added).collect();
        if !added.is_empty() {
            done.notes
                .push(format!("added {}", all_called(added, rule)));
        }
        let removed: Vec<_> = differences.iter().flat_map(|d| &d.removed).collect();
        if !removed.is_empty() {
            done.notes
                .push(format!("removed {}", all_called(removed, rule)));
        }
        let items_of = |id: &DataKeyId| verified.items_of(id);
        for (removed, items) in self.by_readers(differences, |it| &it.removed, items_of) {
            done.warnings.push(format!(
                "{removed} could read these, and still can in history; change them where they come from: {items}"
            ));
        }
    }

    /// Readers, and all items that the same ones come to or go from, whichever the data keys.
    fn by_readers<'a>(
        &self,
        differences: &[Difference],
        readers: impl Fn(&Difference) -> &[RecipientName],
        items_of: impl Fn(&DataKeyId) -> Vec<&'a str>,
    ) -> Vec<(String, String)> {
        let mut groups: Vec<(String, BTreeSet<&str>)> = Vec::new();
        for difference in differences.iter().filter(|it| !readers(it).is_empty()) {
            let called = all_called(readers(difference), Some(self.rule));
            let items = items_of(&difference.id);
            match groups.iter_mut().find(|(known, _)| *known == called) {
                Some((_, known)) => known.extend(items),
                None => groups.push((called, items.into_iter().collect())),
            }
        }
        let told = groups.into_iter().map(|(called, items)| {
            let items: Vec<_> = items.into_iter().collect();
            (called, items.join(", "))
        });
        told.collect()
    }
}
