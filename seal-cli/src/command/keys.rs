//! `seal keys`: how a cluster stores the private half of its sealing keys, in the clear or wrapped.

mod error;
mod key_secret;
mod key_secrets;
mod unwrap;
mod wrap;

use clap::Subcommand;

use crate::args::ClusterArgs;
use crate::context::Cluster;
use crate::environment;
use crate::error::CliError;
use crate::ui;
pub(crate) use error::KeysError;
use key_secret::KeySecret;
use key_secrets::KeySecrets;

/// Store private halves of sealing keys wrapped for a KMS or age key, or back
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: KeysVerb,
}

#[derive(Subcommand, Debug)]
enum KeysVerb {
    Wrap(Box<wrap::Args>),
    Unwrap(Box<unwrap::Args>),
}

/// Which keys of which cluster.
#[derive(clap::Args, Debug)]
struct KeyArgs {
    /// Names of key Secrets
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,

    /// Every Secret with the label of sealing keys, those out of use included
    #[arg(long, conflicts_with = "names")]
    all: bool,

    /// Namespace of the key Secrets [default: --controller-namespace]
    #[arg(short = 'n', long, value_name = "NAMESPACE", help_heading = "Cluster")]
    namespace: Option<String>,

    #[command(flatten)]
    cluster: ClusterArgs,

    /// Do everything but write
    #[arg(long)]
    dry_run: bool,
}

/// What is to be done with one key.
enum Change {
    /// Nothing, and why.
    Keep(String),
    /// This Secret replaces it; the text says what was done.
    Replace(Box<KeySecret>, String),
}

/// Does what was typed.
pub(crate) fn run(args: Args) -> Result<(), CliError> {
    match args.verb {
        KeysVerb::Wrap(args) => wrap::run(*args),
        KeysVerb::Unwrap(args) => unwrap::run(*args),
    }
}

impl KeyArgs {
    fn cluster(&mut self) -> Cluster {
        self.cluster.complete_from(environment::variable);
        let mut cluster = Cluster::from(std::mem::take(&mut self.cluster));
        if let Some(namespace) = self.namespace.take() {
            cluster.controller.namespace = namespace;
        }
        cluster
    }
}

/// Changes keys one after the other; one that fails keeps none of the others from it.
fn change_each(
    args: &KeyArgs,
    secrets: &KeySecrets,
    change: impl Fn(KeySecret) -> Result<Change, KeysError>,
) -> Result<(), CliError> {
    let names = if args.all {
        secrets.names()?
    } else {
        args.names.clone()
    };
    let (total, mut failed) = (names.len(), 0);
    for name in names {
        match change_one(&name, args.dry_run, secrets, &change) {
            Ok(done) => ui::say_done(&format!("{name}: {done}")),
            Err(error) => {
                failed += 1;
                ui::warn(&format!("{name}: not changed: {error}"));
            }
        }
    }
    if failed > 0 {
        return Err(KeysError::Some { failed, total }.into());
    }
    Ok(())
}

/// Tries of one key that somebody else writes at the same time.
const TRIES: usize = 5;

fn change_one(
    name: &str,
    dry_run: bool,
    secrets: &KeySecrets,
    change: impl Fn(KeySecret) -> Result<Change, KeysError>,
) -> Result<String, KeysError> {
    for _ in 0..TRIES {
        match change(secrets.get(name)?)? {
            Change::Keep(why) => return Ok(why),
            Change::Replace(_, done) if dry_run => return Ok(format!("would be {done}")),
            Change::Replace(secret, done) => {
                if secrets.replace(&secret)? {
                    return Ok(done);
                }
            }
        }
    }
    Err(KeysError::Contended)
}
