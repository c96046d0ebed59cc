//! Sealing: every Secret of the input, or none; of many inputs, every file, or none of it.

mod folders;
mod folders_error;
mod inputs;
mod kept;
mod legacy;
mod plan;
mod present;
mod reuse;
mod se1;
mod tally;
mod work;

use seal_format::Scope;
use sealing::scope_of;

use crate::args::{InputsArgs, OutputArgs, SealArgs};
use crate::called_as::CalledAs;
use crate::context::Context;
use crate::error::CliError;
use crate::input::{self, InputSecret};
use crate::output::{self, Destination};
use crate::ui;
use folders::Folders;
pub(crate) use folders_error::FoldersError;
use plan::Planner;
use present::Present;
use reuse::{Reuse, ReuseArgs};
use work::Work;

/// Seal Secrets: seal seal -f secret.yaml -w sealed.yaml
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal seal --cert pub.pem -f secret.yaml -w db.sealed.yaml\n  \
    seal seal --cert pub.pem -f secrets -w manifests/sealed\n  \
    seal seal --cert pub.pem -f secret.yaml -w db.sealed.yaml --reuse db.sealed.yaml --private-key key.pem\n  \
    kubectl create secret generic db --dry-run=client --from-env-file=db.env -o yaml \\\n    \
      | seal seal -w db.sealed.yaml")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputsArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    reuse: ReuseArgs,

    #[command(flatten)]
    seal: SealArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let format = args.output.format().map(str::to_owned);
    let (several, flags) = args.input.add_to(args.seal.flags());
    let context = args.output.add_to(flags).for_verb()?;
    let folders = Folders::asked(&context, several, format)?;
    let reuse = args.reuse.resolve(&context, folders.is_some())?;
    match folders {
        Some(folders) => folders.run(reuse.as_ref()),
        None => one(&context, reuse.as_ref()),
    }
}

/// kubeseal's way.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    one(context, None)
}

/// Reads, seals, writes.
fn one(context: &Context, reuse: Option<&Reuse>) -> Result<(), CliError> {
    let file = match &context.destination {
        Destination::File(path) => Some(path.as_path()),
        Destination::Stdout => None,
    };
    let plan = Planner::new(context)?.plan(file)?;
    let from = context.secret_file.as_deref();
    let secrets = input::secrets(from, !context.by_verb)?;
    let work = Work::new(context, &plan, from, &secrets, context.format)?;
    // Whoever names old values does not mean to lose any.
    let present = match file.filter(|file| reuse.is_some() && output::is_replaced(file)) {
        Some(file) => Some(Present::at(file)?),
        None => None,
    };
    if let Some(present) = &present {
        present.admit(input::names(&secrets, context.name.as_deref()))?;
    }
    let old = reuse.map(|reuse| reuse.of(None, file));
    if work.trusts_annotations() && context.called_as == CalledAs::Seal {
        warn_of_widening(context, &secrets);
    }
    let sealed = work.seal(secrets, &plan, old.as_ref())?;
    plan::remember(context, &[(&plan, &sealed.titles)])?;
    let same = file.filter(|file| old.is_some() && output::holds(file, &sealed.documents));
    match (same, present) {
        (Some(same), _) => ui::hint(&format!("{}: nothing has changed", same.display())),
        (None, Some(present)) => present.replace(&sealed.documents, true)?,
        (None, None) => context.destination.write(&sealed.documents)?,
    }
    for note in &sealed.notes {
        ui::hint(note);
    }
    for line in sealed.report.iter().flat_map(se1::Report::lines) {
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
