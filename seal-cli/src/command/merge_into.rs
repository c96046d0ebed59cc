//! `--merge-into`: the items of a Secret go into a SealedSecret that is there already. Its other
//! items, comments, order and notation stay.

mod convert;
mod error;
mod pick;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seal_format::Scope;
use sealing::{
    Namespace, PlainSecret, SealedDocument, Target, scope_of, set_scope, without_copies,
};

use crate::args::{self, InputArgs, SealArgs};
use crate::config::Format;
use crate::config::known::Said;
use crate::context::Context;
use crate::error::CliError;
use crate::input::{self, InputSecret, Place};
use crate::kubeconfig;
use crate::output::{self, Destination};
use crate::recipient::{self, Choice, OneCertificate, Readers};
use crate::sealed_edit::{self, SealedEdit};
use crate::sealed_file::SealedFile;
use crate::sealed_values::{self, Items};
use crate::title::Title;
use crate::ui;
use crate::which::Which;
pub(crate) use error::MergeError;
use pick::Pair;
use seal_manifest::{DocumentEdit, TextEdit};

/// Where a template has them.
const LABELS: [&str; 3] = ["template", "metadata", "labels"];
const ANNOTATIONS: [&str; 3] = ["template", "metadata", "annotations"];

/// Seal the items of a Secret into a file with a SealedSecret: seal merge FILE -f secret.yaml
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal merge db.sealed.yaml --cert pub.pem -f more.yaml")]
pub(crate) struct Args {
    /// File with the SealedSecret; replaced in one step
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    input: InputArgs,

    /// yaml or json [default: that of the file]
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        help_heading = "Input and output"
    )]
    format: Option<String>,

    /// Go on though the file's other values are for readers that the rule does not name
    #[arg(long, help_heading = "Recipients")]
    allow_other_readers: bool,

    #[command(flatten)]
    seal: SealArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    // The file keeps its notation, but nobody is to wonder why a wrong word does nothing.
    args::usual_format(None)?;
    let mut flags = args.input.add_to(args.seal.flags());
    flags.format = Some(args.format.unwrap_or_default());
    flags.sealed_secret_file = Some(String::new());
    merge(&flags.for_verb()?, &args.file, args.allow_other_readers)
}

/// kubeseal's way.
pub(crate) fn run(context: &Context, path: &Path) -> Result<(), CliError> {
    merge(context, path, false)
}

/// Reads, seals, writes: the whole change or none.
fn merge(context: &Context, path: &Path, allow_other_readers: bool) -> Result<(), CliError> {
    if matches!(context.destination, Destination::File(_)) {
        return Err(MergeError::OutputFile.into());
    }
    let file = SealedFile::read_to_edit(path)?;
    let secrets = input::secrets(context.secret_file.as_deref(), !context.by_verb)?;
    let pairs = pick::pick(context, &file, secrets)?;
    let merging = Merging {
        context,
        file: &file,
        from: input::name(context.secret_file.as_deref()),
        choice: choice(context, &file, &pairs)?,
        allow_other_readers,
    };
    let jobs: Vec<_> = pairs
        .into_iter()
        .map(|pair| merging.job(pair))
        .collect::<Result<_, _>>()?;
    let mut reports = Vec::new();
    let mut text = merging.merge(jobs, &mut reports)?;
    if let Some(format) = context.asked_format {
        let shown = || MergeError::Convert(path.display().to_string());
        text = convert::convert(text, format).ok_or_else(shown)?;
    }
    output::exchange(path, file.text.as_bytes(), text.as_bytes(), true)?;
    for report in reports {
        ui::hint(&report);
    }
    Ok(())
}

/// As with `seal set`: recipients come from flags, the environment or a rule, never from the file. A
/// file in the legacy format has one reader anyway, and without a word that is the cluster.
fn choice(context: &Context, file: &SealedFile, pairs: &[Pair<'_>]) -> Result<Choice, CliError> {
    let rules = &context.rules;
    let rule = rules.rule_for(&context.asked, Some(&file.path))?;
    let (args, cluster) = (&context.recipients, &context.cluster);
    let is_se1 = |pair: &Pair<'_>| !pair.sealed.spec.data_keys.is_empty();
    match Choice::of(&context.asked, args, rule, rules, cluster)? {
        Some(choice) => Ok(choice),
        None if !pairs.iter().any(is_se1) => Choice::of_cluster(cluster),
        None => Err(CliError::NoReaders(file.path.display().to_string())),
    }
}

/// What is the same for every Secret of the input.
struct Merging<'a> {
    context: &'a Context,
    file: &'a SealedFile,
    from: String,
    choice: Choice,
    allow_other_readers: bool,
}

/// One Secret, in the shape that is sealed.
struct Job<'a> {
    place: Place,
    items: Items,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    edit: SealedEdit<'a>,
}

impl<'a> Merging<'a> {
    fn path(&self) -> String {
        self.file.path.display().to_string()
    }

    /// Holds a Secret to its object.
    fn job(&self, pair: Pair<'a>) -> Result<Job<'a>, CliError> {
        let Pair { input, sealed } = pair;
        let InputSecret { place, mut secret } = input;
        let annotations = self.annotations(&secret, sealed, place)?;
        let title = self.aim(&mut secret, sealed, place)?;
        if let Some(rule) = self.choice.rule() {
            rule.hold(&title, self.path())?;
        }
        let edit = SealedEdit::new(self.file, Which { sealed, title })?;
        self.check_scope(&edit)?;
        secret.metadata.annotations = Some(annotations);
        let metadata = without_copies(secret.metadata);
        Ok(Job {
            place,
            items: secret.data,
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            edit,
        })
    }

    /// The Secret's annotations as kubeseal would seal them. They, and `--scope`, may say the scope of
    /// the file or none: items of several scopes never open together.
    fn annotations(
        &self,
        secret: &PlainSecret,
        sealed: &SealedDocument,
        place: Place,
    ) -> Result<BTreeMap<String, String>, CliError> {
        let mut annotations = secret.metadata.annotations.clone();
        let said = self.context.scope;
        if let Some(scope) = said.filter(|scope| *scope != Scope::Strict) {
            set_scope(&mut annotations, scope);
        }
        let (own, asked) = (sealed.scope, scope_of(annotations.as_ref()));
        let is_silent = said.is_none() && asked == Scope::Strict;
        if asked == own || is_silent {
            return Ok(annotations.unwrap_or_default());
        }
        let file = self.path();
        Err(match said {
            Some(said) if said == asked => MergeError::ScopeOfFlag { file, own, asked },
            _ => MergeError::ScopeOfInput {
                from: self.from.clone(),
                place,
                file,
                own,
                asked,
            },
        }
        .into())
    }

    /// Gives the Secret the place of its object.
    fn aim(
        &self,
        secret: &mut PlainSecret,
        sealed: &SealedDocument,
        place: Place,
    ) -> Result<Title, CliError> {
        let mut title = Title::of_sealed(sealed);
        if let (Some(own), Some(given)) = (&sealed.namespace, &self.context.namespace)
            && own != given
            && title.scope != Scope::ClusterWide
        {
            return Err(CliError::OtherNamespace {
                from: self.path(),
                name: title.name,
                own: own.clone(),
                given: given.clone(),
            });
        }
        if sealed.namespace.is_some() {
            secret.metadata.namespace.clone_from(&sealed.namespace);
        }
        let target = Target {
            name: Some(title.name.clone()),
            scope: title.scope,
            namespace: self.namespace(secret, title.scope)?,
            allow_empty: self.context.allow_empty,
        };
        target.apply(secret).map_err(|reason| CliError::Target {
            from: self.from.clone(),
            place,
            reason,
        })?;
        if let Some(namespace) = &secret.metadata.namespace
            && title.namespace.is_empty()
            && title.scope != Scope::ClusterWide
        {
            title.namespace.clone_from(namespace);
        }
        Ok(title)
    }

    /// Of an object that names none. The kubeconfig is read only if nobody else says it.
    fn namespace(&self, secret: &PlainSecret, scope: Scope) -> Result<Namespace, CliError> {
        if let Some(given) = &self.context.namespace {
            return Ok(Namespace::Given(given.clone()));
        }
        let rule = self.choice.rule();
        if let Some(ruled) = rule.and_then(|rule| rule.target.namespace.clone()) {
            return Ok(Namespace::Default(ruled));
        }
        let named = secret.metadata.namespace.as_deref();
        if scope == Scope::ClusterWide || named.is_some_and(|name| !name.is_empty()) {
            return Ok(Namespace::Unknown);
        }
        let namespace = kubeconfig::namespace(&self.context.cluster.connection)?;
        Ok(namespace.map_or(Namespace::Unknown, Namespace::Default))
    }

    /// Rule W2 (docs/format.md): values of SE1 are never wider than strict because a file says so. The
    /// legacy format leaves it to the file, unless a rule says otherwise.
    fn check_scope(&self, edit: &SealedEdit<'_>) -> Result<(), CliError> {
        let title = edit.title();
        if self.certificate(edit)?.is_some() && self.choice.scope().is_none() {
            return Ok(());
        }
        let trusted = self.context.scope.or(self.choice.scope());
        let trusted = trusted.unwrap_or_default();
        if title.scope == trusted {
            return Ok(());
        }
        Err(CliError::ScopeOfFile {
            from: self.path(),
            own: title.scope,
            trusted,
        })
    }

    /// The certificate to seal for in the legacy format, if that was asked for, or else if the object is
    /// in it.
    fn certificate(&self, edit: &SealedEdit<'_>) -> Result<Option<OneCertificate<'_>>, CliError> {
        let of_file = if edit.has_se1() {
            Format::Se1
        } else {
            Format::Legacy
        };
        let asked = self.context.format_version;
        self.choice.legacy_certificate(asked, of_file)
    }

    /// The text with the Secrets in it.
    fn merge(&self, jobs: Vec<Job<'_>>, reports: &mut Vec<String>) -> Result<String, CliError> {
        let titles = jobs.iter().map(|job| job.edit.title().clone());
        let titles: Vec<_> = titles.collect();
        self.check_places(&titles)?;
        let mut merged = Vec::with_capacity(jobs.len());
        for job in jobs {
            let Job {
                place,
                items,
                labels,
                annotations,
                mut edit,
            } = job;
            if !items.is_empty() {
                self.seal(items, &mut edit, place, reports)?;
            }
            merged.push((edit.plan()?, labels, annotations));
        }
        self.remember(&titles)?;
        // The file's order, not that of the Secrets.
        merged.sort_by_key(|(edit, ..)| edit.index());
        let edits = merged.iter().map(|(edit, labels, annotations)| {
            let texts = [(&LABELS, labels), (&ANNOTATIONS, annotations)];
            let texts = texts.map(|(path, texts)| TextEdit { path, texts });
            DocumentEdit {
                document: edit.index(),
                blocks: &edit.edits,
                texts: texts.into(),
            }
        });
        let edits: Vec<_> = edits.collect();
        let text = seal_manifest::edit_documents(&self.file.text, &edits);
        let text = text.map_err(|reason| CliError::Edit {
            from: self.path(),
            reason,
        })?;
        let objects = merged.iter();
        let objects: Vec<_> = objects
            .map(|(edit, ..)| (edit.index(), &edit.title))
            .collect();
        sealed_edit::check(self.file, &objects, &text)?;
        Ok(text)
    }

    /// Gives the items their values.
    fn seal(
        &self,
        items: Items,
        edit: &mut SealedEdit<'_>,
        place: Place,
        reports: &mut Vec<String>,
    ) -> Result<(), CliError> {
        let title = edit.title().clone();
        let names: Vec<_> = items.keys().map(String::as_str).collect();
        let names = names.join(", ");
        let failed = |reason| CliError::Seal {
            from: self.from.clone(),
            place,
            reason,
        };
        if let Some(certificate) = self.certificate(edit)? {
            let certificate = certificate.for_legacy(title.scope);
            let certificate = certificate.map_err(|reason| CliError::ItemInKms {
                from: self.path(),
                reason,
            })?;
            if title.scope != Scope::Strict && self.context.scope.is_none() {
                // Whoever can write the file can have widened it.
                reports.push(format!("sealed {names} of {title}, as the file has it"));
            }
            let values = sealed_values::legacy(items, &title, certificate).map_err(failed)?;
            for (item, value) in values {
                edit.set(&item, value);
            }
            return Ok(());
        }
        let (items, readers) = sealed_values::se1(&items, edit, &self.choice, &failed)?;
        self.choice.confirm(&readers, &self.context.rules)?;
        edit.set_under(items)?;
        self.check_other_readers(edit, &readers)?;
        reports.push(format!("sealed {names} of {title} for: {readers}"));
        Ok(())
    }

    /// A file that says it has readers whom the rule does not name may be someone's trick, or older
    /// than the rule.
    fn check_other_readers(
        &self,
        edit: &SealedEdit<'_>,
        readers: &Readers,
    ) -> Result<(), CliError> {
        let others = edit.other_readers(readers).into_iter();
        let others: Vec<_> = others.map(recipient::shown).collect();
        if others.is_empty() {
            return Ok(());
        }
        let (from, others) = (self.path(), others.join(", "));
        if self.choice.rule().is_some() && !self.allow_other_readers {
            return Err(MergeError::OtherReaders { from, others }.into());
        }
        ui::warn(&format!(
            "{from}: other values in it are also for {others}, not named here"
        ));
        Ok(())
    }

    fn check_places(&self, titles: &[Title]) -> Result<(), CliError> {
        let titles = titles.iter().map(|title| {
            let said = Said {
                namespace: self.context.namespace.is_some(),
                name: self.context.name.as_ref() == Some(&title.name),
            };
            (title, said)
        });
        let titles: Vec<_> = titles.collect();
        self.choice.check_places(&titles, &self.context.rules)
    }

    /// Where the objects of the file are, for the next time.
    fn remember(&self, titles: &[Title]) -> Result<(), CliError> {
        let present: Vec<_> = self.file.sealed.iter().map(Title::of_sealed).collect();
        self.choice
            .remember_places(titles, &present, &self.context.rules)
    }
}
