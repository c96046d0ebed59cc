//! Sealing: every Secret of the input, or none.

mod legacy;
mod plan;
mod se1;

use rayon::prelude::*;
use seal_format::Scope;
use sealing::{Namespace, SealedManifest, Target, scope_of};

use crate::args::{InputArgs, OutputArgs, SealArgs};
use crate::called_as::CalledAs;
use crate::config::Matched;
use crate::context::Context;
use crate::error::CliError;
use crate::input::{self, InputSecret, Place};
use crate::kubeconfig;
use crate::output::Format;
use crate::title::Title;
use crate::ui;
use plan::Plan;

/// Seal Secrets: seal seal -f secret.yaml -w sealed.yaml
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal seal --cert pub.pem -f secret.yaml -w db.sealed.yaml\n  \
    kubectl create secret generic db --dry-run=client --from-env-file=db.env -o yaml \\\n    \
      | seal seal -w db.sealed.yaml")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    seal: SealArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let flags = args.output.add_to(args.input.add_to(args.seal.flags()));
    run(&flags.for_verb()?)
}

/// Reads, seals, writes.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let plan = Plan::of(context)?;
    let mut secrets = input::secrets(context.secret_file.as_deref(), !context.by_verb)?;
    let work = Work {
        from: input::name(context.secret_file.as_deref()),
        target: target(context, &plan, &secrets)?,
        // Who types a scope means it; kubeseal lets annotations widen it without a word.
        trusted: plan
            .trusted_scope()
            .or(context.scope.filter(|_| context.by_verb)),
        format: context.format,
    };
    if work.trusted.is_none() && context.called_as == CalledAs::Seal {
        warn_of_widening(context, &secrets);
    }
    let titles = match plan.rule() {
        Some(rule) => work.hold(&mut secrets, rule)?,
        None => Vec::new(),
    };
    if let Some(certificate) = plan.legacy_certificate()? {
        let documents = work.legacy(secrets, certificate)?;
        plan.remember(&titles)?;
        return context.destination.write(&documents);
    }
    let (documents, report) = work.se1(secrets, &plan)?;
    plan.remember(&titles)?;
    context.destination.write(&documents)?;
    for line in report.lines() {
        ui::hint(&line);
    }
    Ok(())
}

/// kubeseal lets annotations widen `--scope strict`, and says nothing.
fn warn_of_widening(context: &Context, secrets: &[InputSecret]) {
    if context.scope != Some(Scope::Strict) {
        return;
    }
    let from = input::name(context.secret_file.as_deref());
    for input in secrets {
        let own = scope_of(input.secret.metadata.annotations.as_ref());
        if own != Scope::Strict {
            ui::warn(&format!(
                "{from}: {}: it is sealed {own}, as its annotations ask, though --scope strict was given; remove the annotation if strict is meant (seal seal refuses)",
                input.place
            ));
        }
    }
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

/// What is the same for every Secret of the input.
struct Work {
    from: String,
    target: Target,
    /// The scope that flags or rules ask for; `None` leaves it to each Secret, as kubeseal does.
    trusted: Option<Scope>,
    format: Format,
}

impl Work {
    /// Brings a Secret into the shape that is sealed.
    fn aim(&self, input: &mut InputSecret) -> Result<Scope, CliError> {
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

    fn encode(&self, sealed: &SealedManifest, place: Place) -> Result<String, CliError> {
        let failed = |_| CliError::Encode(place);
        match self.format {
            Format::Json => seal_manifest::write_json(sealed).map_err(failed),
            Format::Yaml => {
                let value = serde_json::to_value(sealed).map_err(failed)?;
                Ok(format!("---\n{}", seal_manifest::write_sealed_yaml(&value)))
            }
        }
    }
}

/// Does the same with each, on all processors if there are several; the first error in the order of
/// the input counts.
fn each<T: Send, R: Send>(
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
