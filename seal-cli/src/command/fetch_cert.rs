//! `--fetch-cert`: the certificate as it is served, and nothing else.

use crate::args::{self, ClusterArgs};
use crate::certificate;
use crate::context::Context;
use crate::error::CliError;

/// Get the certificate that a cluster seals for
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    Fetch(FetchArgs),
}

/// Print the certificate as it is served: seal cert fetch > pub.pem
#[derive(clap::Args, Debug)]
struct FetchArgs {
    /// File to write, in one step [default: stdout]
    #[arg(short = 'w', long = "output-file", value_name = "FILE")]
    file: Option<String>,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// The verb.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let Action::Fetch(args) = args.action;
    let mut flags = args::Args::from(args.cluster);
    flags.sealed_secret_file = Some(args.file.unwrap_or_default());
    // One that the environment names is what a cluster's is to take the place of.
    flags.cert = Some(String::new());
    run(&flags.for_verb()?)
}

/// Prints the certificate.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let fetched = match &context.cert {
        Some(cert) => certificate::read(cert)?,
        None => certificate::of_cluster(&context.cluster)?,
    };
    context.destination.write(&[fetched.bytes])
}
