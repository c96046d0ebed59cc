//! `seal recipients remove`: fresh data keys for those who stay (rules W1 and W4).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use seal_format::se1::{DataKeyBlock, DataKeyId, RecipientName};
use seal_keys::Certificate;
use seal_manifest::BlockEdit;
use sealing::{Se1Object, SealedDocument};

use super::{all_called, legacy_stays};
use crate::batch::{self, Done};
use crate::data_key_change::{DataKeyChange, DataKeyChangeArgs};
use crate::error::CliError;
use crate::public_keys::PublicKeys;
use crate::readers_error::ReadersError;
use crate::rules::RuleReaders;
use crate::sealed_file::SealedFile;
use crate::verified::Verified;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Who shall not read any more: as seal recipients list shows it, by a name of .seal.yaml, or
    /// cert:FILE; may be repeated
    #[arg(short = 'r', long, value_name = "RECIPIENT", required = true)]
    recipient: Vec<String>,

    /// Certificate of a reader who stays, where no rule names it; may be repeated
    #[arg(long, value_name = "FILE|URL")]
    cert: Vec<String>,

    #[command(flatten)]
    change: DataKeyChangeArgs,
}

/// What is the same for all files.
struct Work {
    change: DataKeyChange,
    public: PublicKeys,
    removed: Vec<Removed>,
}

/// Who was typed.
enum Removed {
    Key(RecipientName),
    /// What a configuration calls somebody, and else the certificate in a file of that name.
    Name(String, Option<RecipientName>),
}

/// Opens the data keys of whoever goes, seals their values anew, writes.
pub(super) fn run(args: Args) -> Result<(), CliError> {
    let removed = args.recipient.iter().map(|text| Removed::of(text));
    let removed = removed.collect::<Result<_, _>>()?;
    let change = args.change.resolve()?;
    let work = Work {
        public: change.public_keys(&args.cert)?,
        change,
        removed,
    };
    let results = work.change.batch.each(|file| work.remove(file));
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
        if let Some(path) = text.strip_prefix("cert:") {
            return of_certificate(path).map(Self::Key);
        }
        if text.contains([':', '/', ' ']) || text.is_empty() {
            let nobody = CliError::NoReader(text.to_owned());
            return match of_certificate(text) {
                Err(CliError::Input { .. }) => Err(nobody),
                read => read.map(Self::Key),
            };
        }
        // Whoever goes may have put a file of that name there, to stay.
        let file = of_certificate(text).ok();
        Ok(Self::Name(text.to_owned(), file))
    }

    fn is(&self, to: &RecipientName, rule: Option<&RuleReaders>) -> bool {
        match self {
            Self::Key(key) => key == to,
            Self::Name(name, file) => match rule.and_then(|rule| rule.key_of(name)) {
                Some(key) => key == to.as_str(),
                None => file.as_ref() == Some(to),
            },
        }
    }
}

/// Whoever goes by hand comes back with the next `sync`, if the rule has it so.
fn still_named(gone: &[RecipientName], rule: &RuleReaders) -> Option<String> {
    let named = gone
        .iter()
        .filter(|to| rule.names(to.as_str()) == Some(true));
    let named = all_called(named, Some(rule));
    let place = rule.place();
    (!named.is_empty()).then(|| {
        format!("the rule ({place}) still names {named}: take them out of it, or what is sealed next is for them again")
    })
}

impl Work {
    fn remove(&self, file: &SealedFile) -> Result<Done, CliError> {
        let rule = self.change.rules.of(&file.path)?;
        let rule = rule.as_ref();
        self.check_names(rule)?;
        let mut done = Done::default();
        let mut all_gone = Vec::new();
        let text = file.edited(|sealed, object| {
            done.warnings
                .extend(legacy_stays(sealed, object.as_ref()));
            let Some(object) = object else {
                return Ok(Vec::new());
            };
            let affected = affected(&object, |to| self.goes(to, rule));
            if affected.is_empty() {
                return Ok(Vec::new());
            }
            let change = &self.change;
            let verified = change.verified(file, sealed, object, rule, |block| {
                affected.contains(block.id())
            })?;
            let (edits, items) = self.reseal(file, sealed, &verified, rule)?;
            let mut gone = Vec::new();
            for (block, _) in verified.blocks() {
                let wraps = block.wraps().iter().map(|wrap| wrap.to.clone());
                gone.extend(wraps.filter(|to| self.goes(to, rule)));
            }
            done.warnings.push(format!(
                "{} could read these, and still can in history; change them where they come from: {}",
                all_called(&gone, rule),
                items.join(", ")
            ));
            all_gone.extend(gone);
            Ok(edits)
        })?;
        done.changed = self.change.batch.replace(file, &text)?;
        done.warnings
            .extend(rule.and_then(|rule| still_named(&all_gone, rule)));
        done.notes.push(if done.changed {
            format!("removed {}", all_called(&all_gone, rule))
        } else {
            "nobody to remove".to_owned()
        });
        Ok(done)
    }

    /// A name that nobody has would remove nobody without a word.
    fn check_names(&self, rule: Option<&RuleReaders>) -> Result<(), CliError> {
        for removed in &self.removed {
            if let Removed::Name(name, None) = removed
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

/// An expired certificate is good enough to be removed.
fn of_certificate(path: &str) -> Result<RecipientName, CliError> {
    let pem = fs::read(path).map_err(|reason| CliError::Input {
        from: path.to_owned(),
        reason,
    })?;
    let certificate = Certificate::from_pem(&pem);
    let certificate = certificate.map_err(|reason| CliError::Certificate {
        from: path.to_owned(),
        reason,
    })?;
    let name = RecipientName::from_text(&format!("rsa:{}", certificate.fingerprint()));
    name.map_err(|_| CliError::NoReader(path.to_owned()))
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
