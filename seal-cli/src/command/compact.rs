//! `seal compact`: one data key instead of many. Whoever reads the result could read all of it
//! before, or the rule names him and the user said so (rule W3 of docs/format.md).

use seal_format::se1::{DataKeyBlock, RecipientName};
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use super::recipients::all_called;
use crate::batch::{self, Done};
use crate::config::known::{self, KnownArgs};
use crate::data_key_change::{DataKeyChange, DataKeyChangeArgs};
use crate::error::CliError;
use crate::public_keys::PublicKeys;
use crate::readers_error::ReadersError;
use crate::rules::RuleReaders;
use crate::sealed_file::SealedFile;
use crate::verified::Verified;

/// Fold the data keys of files into one each, and drop those that no value uses
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Leave out readers who can read only some of the values
    #[arg(long)]
    drop_readers: bool,

    /// Certificate of a reader, where no rule names it; may be repeated
    #[arg(long, value_name = "FILE|URL")]
    cert: Vec<String>,

    #[command(flatten)]
    change: DataKeyChangeArgs,

    #[command(flatten)]
    known: KnownArgs,
}

/// What is the same for all files.
struct Work {
    change: DataKeyChange,
    public: PublicKeys,
    drop_readers: bool,
    known: KnownArgs,
}

/// Readers after folding.
struct Circle {
    all: Vec<RecipientName>,
    /// Who could read only some, and reads all now: the rule says so, and the user.
    widened: Vec<RecipientName>,
    /// Who could read only some, and reads nothing now.
    dropped: Vec<RecipientName>,
}

/// Opens every data key, seals all values under a fresh one, writes.
pub(crate) fn run(args: Args) -> Result<(), CliError> {
    let change = args.change.resolve()?.pinned(&args.known);
    let work = Work {
        public: change.public_keys(&args.cert)?,
        change,
        drop_readers: args.drop_readers,
        known: args.known,
    };
    let results = work.change.batch.each(|file| work.compact(file));
    batch::report("compact", results)
}

impl Work {
    fn compact(&self, file: &SealedFile) -> Result<Done, CliError> {
        let rule = self.change.rules.of(&file.path)?;
        let mut done = Done::default();
        let text = file.edited(|sealed, object| match object {
            Some(object) => self.fold(file, sealed, object, rule.as_ref(), &mut done),
            None => Ok(Vec::new()),
        })?;
        done.changed = self.change.batch.replace(file, &text)?;
        if !done.changed {
            done.notes.push("nothing to fold".to_owned());
        }
        Ok(done)
    }

    fn fold(
        &self,
        file: &SealedFile,
        sealed: &SealedDocument,
        object: Se1Object,
        rule: Option<&RuleReaders>,
        done: &mut Done,
    ) -> Result<Vec<BlockEdit>, CliError> {
        let used = object.referenced().len();
        let unused = object.blocks().len() - used;
        if unused > 0 {
            done.notes
                .push(format!("dropped {unused} data keys that no value uses"));
        }
        let folds = used > 1;
        let circle = self
            .circle(&object.referenced(), rule)
            .map_err(file.of_readers(sealed));
        let change = &self.change;
        let verified = change.verified(file, sealed, object, rule, |_| folds)?;
        let mut edits = verified.drop_unused();
        if !folds {
            return Ok(edits);
        }
        let circle = circle?;
        let refused = file.of_readers(sealed);
        let recipients = self.public.recipients(&circle.all, rule)?;
        let recipients =
            recipients.map_err(|missing| refused(ReadersError::NoCertificate(missing)))?;
        let ids: Vec<_> = verified
            .blocks()
            .map(|(block, _)| block.id().clone())
            .collect();
        circle.tell(&verified, rule, done);
        done.notes.push(format!(
            "folded {used} data keys into one for: {}",
            all_called(&circle.all, rule)
        ));
        edits.extend(verified.replace(file, ids, &recipients)?);
        Ok(edits)
    }

    fn circle(
        &self,
        blocks: &[&DataKeyBlock],
        rule: Option<&RuleReaders>,
    ) -> Result<Circle, ReadersError> {
        let everybody = blocks.iter().flat_map(|block| block.wraps());
        let mut everybody: Vec<_> = everybody.map(|wrap| wrap.to.clone()).collect();
        everybody.sort();
        everybody.dedup();
        let reads_all = |to: &RecipientName| {
            let mut blocks = blocks.iter();
            blocks.all(|block| block.wraps().iter().any(|wrap| wrap.to == *to))
        };
        let (mut all, some): (Vec<_>, Vec<_>) = everybody.into_iter().partition(reads_all);
        let is_named =
            |to: &RecipientName| rule.is_some_and(|rule| rule.names(to.as_str()) == Some(true));
        let (named, others): (Vec<_>, Vec<_>) = some.into_iter().partition(is_named);
        let (widened, mut dropped) = if self.known.accept() {
            (named, others)
        } else {
            (Vec::new(), [named.clone(), others].concat())
        };
        if !dropped.is_empty() && !self.drop_readers {
            return Err(ReadersError::Differ {
                readers: all_called(&dropped, rule),
                by_rule: dropped.iter().any(is_named),
            });
        }
        dropped.sort();
        if let Some(rule) = rule.filter(|_| !widened.is_empty()) {
            known::confirm(&rule.matched, &rule.to, &self.known)?;
        }
        all.extend(widened.iter().cloned());
        if all.is_empty() {
            return Err(ReadersError::Nobody("all values".to_owned()));
        }
        Ok(Circle {
            all,
            widened,
            dropped,
        })
    }
}

impl Circle {
    /// Names everybody for whom something changes, with the items.
    fn tell(&self, verified: &Verified<'_>, rule: Option<&RuleReaders>, done: &mut Done) {
        let items = |to: &RecipientName, could: bool| {
            let blocks = verified.blocks().map(|(block, _)| block);
            let mut items: Vec<_> = blocks
                .filter(|block| block.wraps().iter().any(|wrap| wrap.to == *to) == could)
                .flat_map(|block| verified.items_of(block.id()))
                .collect();
            items.sort_unstable();
            items.join(", ")
        };
        for to in &self.widened {
            let (who, items) = (all_called([to], rule), items(to, false));
            done.warnings
                .push(format!("{who} reads these, too, now: {items}"));
        }
        for to in &self.dropped {
            let (who, items) = (all_called([to], rule), items(to, true));
            done.warnings.push(format!(
                "{who} reads nothing any more; could read these, and still can in history: {items}"
            ));
        }
    }
}
