//! Sealing: every Secret of the input, or none; of many inputs, every file, or none of it.

mod folders;
mod folders_error;
mod inputs;
mod legacy;
mod plan;
mod se1;
mod tally;
mod work;

use crate::args::{InputsArgs, OutputArgs, SealArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::input;
use crate::output::Destination;
use crate::ui;
use folders::Folders;
pub(crate) use folders_error::FoldersError;
use plan::Planner;
use work::Work;

/// Seal Secrets: seal seal -f secret.yaml -w sealed.yaml
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    seal seal --cert pub.pem -f secret.yaml -w db.sealed.yaml\n  \
    seal seal --cert pub.pem -f secrets -w manifests/sealed\n  \
    kubectl create secret generic db --dry-run=client --from-env-file=db.env -o yaml \\\n    \
      | seal seal -w db.sealed.yaml")]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputsArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    seal: SealArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let format = args.output.format().map(str::to_owned);
    let (several, flags) = args.input.add_to(args.seal.flags());
    let context = args.output.add_to(flags).for_verb()?;
    match Folders::asked(&context, several, format)? {
        Some(folders) => folders.run(),
        None => run(&context),
    }
}

/// Reads, seals, writes.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let file = match &context.destination {
        Destination::File(path) => Some(path.as_path()),
        Destination::Stdout => None,
    };
    let plan = Planner::new(context)?.plan(file)?;
    let from = context.secret_file.as_deref();
    let secrets = input::secrets(from, !context.by_verb)?;
    let work = Work::new(context, &plan, from, &secrets, context.format)?;
    let sealed = work.seal(secrets, &plan)?;
    plan::remember(context, &[(&plan, &sealed.titles)])?;
    context.destination.write(&sealed.documents)?;
    for line in sealed.report.iter().flat_map(se1::Report::lines) {
        ui::hint(&line);
    }
    Ok(())
}
