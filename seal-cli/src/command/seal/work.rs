//! One file's Secrets on their way to SealedSecrets: all of them, or none.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use seal_format::Scope;
use sealing::{Namespace, SealedManifest, SealedMetadata, Target, scope_of};

use super::plan::Plan;
use super::reuse::{OldFile, OldValues};
use super::se1::Report;
use crate::config::Matched;
use crate::context::Context;
use crate::error::CliError;
use crate::input::{self, InputSecret, Place};
use crate::kubeconfig;
use crate::output::Format;
use crate::title::Title;

/// What is the same for every Secret of a file.
pub(super) struct Work {
    pub(super) from: String,
    target: Target,
    /// The scope that flags or rules ask for; `None` leaves it to each Secret, as kubeseal does.
    trusted: Option<Scope>,
    format: Format,
    /// Whether two Secrets for one place are a mistake; kubeseal thinks nothing of them.
    unique: bool,
}

/// The result, not written yet.
pub(super) struct Sealed {
    pub(super) documents: Vec<String>,
    /// Number of Secrets.
    pub(super) count: usize,
    /// Where each is used, if a rule holds them to something.
    pub(super) titles: Vec<Title>,
    /// For whom, where that is not plain.
    pub(super) report: Option<Report>,
    /// What is to be told of old values.
    pub(super) notes: Vec<String>,
}

impl Work {
    /// `from` is the input, `None` stdin.
    pub(super) fn new(
        context: &Context,
        plan: &Plan<'_>,
        from: Option<&Path>,
        secrets: &[InputSecret],
        format: Format,
    ) -> Result<Self, CliError> {
        Ok(Self {
            from: input::name(from),
            target: target(context, plan, secrets)?,
            // Who types a scope means it; kubeseal lets annotations widen it without a word.
            trusted: plan
                .trusted_scope()
                .or(context.scope.filter(|_| context.by_verb)),
            format,
            unique: context.by_verb,
        })
    }

    /// Neither flags nor rules hold the Secrets to a scope.
    pub(super) fn trusts_annotations(&self) -> bool {
        self.trusted.is_none()
    }

    /// Seals all of them, but for what `old` has already.
    pub(super) fn seal(
        &self,
        mut secrets: Vec<InputSecret>,
        plan: &Plan<'_>,
        old: Option<&OldFile<'_>>,
    ) -> Result<Sealed, CliError> {
        let titles = match plan.rule() {
            Some(rule) => self.hold(&mut secrets, rule)?,
            None => Vec::new(),
        };
        let count = secrets.len();
        let places: Vec<_> = secrets.iter().map(|input| input.place).collect();
        let mut notes = Vec::new();
        let old = old.map(|old| old.read(&mut notes));
        let (documents, report) = match &old {
            Some(old) => self.beside(old, secrets, plan, &places, &mut notes)?,
            None => self.anew(secrets, plan, &places)?,
        };
        Ok(Sealed {
            documents,
            count,
            titles,
            report,
            notes,
        })
    }

    /// Seals and writes each in one go: what one Secret takes of memory is there for the next.
    fn anew(
        &self,
        secrets: Vec<InputSecret>,
        plan: &Plan<'_>,
        places: &[Place],
    ) -> Result<(Vec<String>, Option<Report>), CliError> {
        let (written, report) = self.each_sealed(secrets, plan, None, &|one| {
            let metadata = one.manifest.metadata.clone();
            Ok((self.encode(one.manifest)?, metadata))
        })?;
        let (documents, metadata): (Vec<_>, Vec<_>) = written.into_iter().unzip();
        self.told_apart(&metadata, places)?;
        Ok((documents, report))
    }

    /// Seals what has changed since, in the old text if that has place for it.
    fn beside(
        &self,
        old: &OldValues<'_>,
        secrets: Vec<InputSecret>,
        plan: &Plan<'_>,
        places: &[Place],
        notes: &mut Vec<String>,
    ) -> Result<(Vec<String>, Option<Report>), CliError> {
        let (sealed, report) = self.each_sealed(secrets, plan, Some(old), &Ok)?;
        let sealed = sealed.into_iter().map(|one| (one.manifest, one.note));
        let (manifests, told): (Vec<_>, Vec<_>) = sealed.unzip();
        notes.extend(told.into_iter().flatten());
        self.told_apart(manifests.iter().map(|it| &it.metadata), places)?;
        if let Some(text) = old.text(&manifests, self.format) {
            return Ok((vec![text], report));
        }
        notes.extend(old.lost());
        let documents = each(manifests, |manifest| self.encode(manifest))?;
        Ok((documents, report))
    }

    /// `end` is what becomes of each, beside the others.
    fn each_sealed<R: Send>(
        &self,
        secrets: Vec<InputSecret>,
        plan: &Plan<'_>,
        old: Option<&OldValues<'_>>,
        end: &(impl Fn(One) -> Result<R, CliError> + Sync),
    ) -> Result<(Vec<R>, Option<Report>), CliError> {
        if let Some(certificate) = plan.legacy_certificate()? {
            return Ok((self.legacy(secrets, certificate, old, end)?, None));
        }
        let (all, report) = self.se1(secrets, plan, old, end)?;
        Ok((all, Some(report)))
    }

    /// Brings a Secret into the shape that is sealed.
    pub(super) fn aim(&self, input: &mut InputSecret) -> Result<Scope, CliError> {
        let place = input.place;
        let applied = self.target.apply(&mut input.secret);
        let scope = applied.map_err(|reason| CliError::Target {
            from: self.from.clone(),
            place,
            reason,
        })?;
        match self.trusted {
            Some(trusted) if trusted != scope => Err(CliError::ScopeOfInput {
                from: self.from.clone(),
                place,
                own: scope,
                trusted,
            }),
            _ => Ok(scope),
        }
    }

    /// Rule W2: no Secret is sealed for another place than the rule says. Tells where each will be.
    fn hold(&self, secrets: &mut [InputSecret], rule: &Matched) -> Result<Vec<Title>, CliError> {
        let secrets = secrets.iter_mut();
        let titles = secrets.map(|input| {
            let scope = self.aim(input)?;
            let title = Title::of(&input.secret, scope);
            rule.hold(&title, format!("{}: {}", self.from, input.place))?;
            Ok(title)
        });
        titles.collect()
    }

    /// In the cluster one would take the place of the other.
    fn told_apart<'m>(
        &self,
        sealed: impl IntoIterator<Item = &'m SealedMetadata>,
        places: &[Place],
    ) -> Result<(), CliError> {
        if !self.unique {
            return Ok(());
        }
        let mut known = BTreeMap::new();
        for (metadata, place) in sealed.into_iter().zip(places) {
            let key = (&metadata.namespace, &metadata.name);
            if let Some(first) = known.insert(key, *place) {
                return Err(CliError::SameObject {
                    from: self.from.clone(),
                    first,
                    second: *place,
                    name: metadata.name.clone(),
                });
            }
        }
        Ok(())
    }

    fn encode(&self, sealed: SealedManifest) -> Result<String, CliError> {
        let failed = |_| CliError::Encode(self.from.clone());
        match self.format {
            Format::Json => seal_manifest::write_json(&sealed).map_err(failed),
            Format::Yaml => {
                let value = sealed.into_json().map_err(failed)?;
                Ok(format!("---\n{}", seal_manifest::write_sealed_yaml(&value)))
            }
        }
    }
}

/// One Secret, sealed.
pub(super) struct One {
    pub(super) manifest: SealedManifest,
    /// Of its old values.
    pub(super) note: Option<String>,
}

/// The kubeconfig is read only if a Secret needs its namespace, and neither flag nor rule has it.
fn target(context: &Context, plan: &Plan<'_>, secrets: &[InputSecret]) -> Result<Target, CliError> {
    let scope = plan.scope().unwrap_or_default();
    let ruled = plan.rule().and_then(|rule| rule.target.namespace.clone());
    let namespace = match &context.namespace {
        Some(given) => Namespace::Given(given.clone()),
        None if ruled.is_some() => ruled.map_or(Namespace::Unknown, Namespace::Default),
        None if secrets.iter().all(|input| needs_no_namespace(input, scope)) => {
            Namespace::default()
        }
        None => kubeconfig::namespace(&context.cluster.connection)?
            .map_or(Namespace::Unknown, Namespace::Default),
    };
    Ok(Target {
        name: context.name.clone(),
        scope,
        namespace,
        allow_empty: context.allow_empty,
    })
}

/// It names one, or is sealed for no place in particular.
fn needs_no_namespace(input: &InputSecret, scope: Scope) -> bool {
    let metadata = &input.secret.metadata;
    let scope = match scope {
        Scope::Strict => scope_of(metadata.annotations.as_ref()),
        asked_for => asked_for,
    };
    let named = metadata.namespace.as_deref();
    scope == Scope::ClusterWide || named.is_some_and(|name| !name.is_empty())
}

/// Does the same with each, on all processors if there are several; the first error in the order of
/// the input counts.
pub(super) fn each<T: Send, R: Send>(
    list: Vec<T>,
    work: impl Fn(T) -> Result<R, CliError> + Send + Sync,
) -> Result<Vec<R>, CliError> {
    // One Secret is not worth a pool of threads.
    if list.len() == 1 {
        return list.into_iter().map(work).collect();
    }
    list.into_par_iter()
        .map(work)
        // All answers first: rayon would give any of the errors, people want the first.
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}
