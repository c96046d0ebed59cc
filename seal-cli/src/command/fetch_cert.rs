//! `--fetch-cert`: the certificate as it is served, and nothing else. `seal cert fetch`: the same, if values can be
//! sealed for it.

use jiff::Timestamp;
use seal_keys::Certificate;

use crate::args::{self, ClusterArgs};
use crate::certificate::{self, CacheArgs, Fetched};
use crate::context::Context;
use crate::error::CliError;
use crate::ui;

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

    /// Where the certificate is, if the controller is not to be asked: an http(s):// URL, or
    /// configmap:NAMESPACE/NAME[/KEY]
    #[arg(long, value_name = "URL")]
    cert: Option<String>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// The verb. The cluster is always asked; what is kept of it is made new.
pub(crate) fn verb(args: Args) -> Result<(), CliError> {
    let Action::Fetch(args) = args.action;
    let mut flags = args::Args::from(args.cluster);
    flags.cache = args.cache;
    flags.sealed_secret_file = Some(args.file.unwrap_or_default());
    // One that the environment names is what a cluster's is to take the place of.
    flags.cert = Some(args.cert.unwrap_or_default());
    let context = flags.for_verb()?;
    let fetched = match &context.cert {
        Some(cert) => certificate::read(cert, &context.cluster)?,
        // What can be sealed for, and nothing else, takes the place of what is kept.
        None => certificate::renewed(&context.cluster)?,
    };
    check(&fetched)?;
    context.destination.write(&[fetched.bytes])
}

/// The flag: whatever is served is printed, as by kubeseal.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let cluster = &context.cluster;
    let fetched = match &context.cert {
        Some(cert) => certificate::read(cert, cluster)?,
        None if cluster.cache.is_some() => certificate::renewed(cluster)?,
        None => certificate::served(cluster)?,
    };
    context.destination.write(&[fetched.bytes])
}

/// A login page is no certificate, and would be noticed only when somebody seals.
fn check(fetched: &Fetched) -> Result<(), CliError> {
    let now = Timestamp::now();
    let certificate = Certificate::from_pem(&fetched.bytes)
        .and_then(|certificate| certificate.recipient(now).map(|_| certificate))
        .map_err(|reason| CliError::NotServed {
            from: fetched.from.clone(),
            reason,
        })?;
    if let Some(warning) = certificate::warning(&fetched.from, certificate.not_after(), now) {
        ui::warn(&warning);
    }
    Ok(())
}
