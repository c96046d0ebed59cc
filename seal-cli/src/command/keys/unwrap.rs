//! `seal keys unwrap`: the private half in the clear again, as Sealed Secrets stores it.

use super::error::KeysError;
use super::key_secret::{KeySecret, PrivateHalf};
use super::key_secrets::KeySecrets;
use super::{Change, KeyArgs, change_each, wrap};
use crate::error::CliError;
use crate::identity::{Identities, IdentityArgs};

/// Store the private half of sealing keys in the clear again
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    keys: KeyArgs,

    #[command(flatten)]
    identities: IdentityArgs,
}

pub(super) fn run(mut args: Args) -> Result<(), CliError> {
    let cluster = args.keys.cluster();
    let identities = args.identities.identities()?;
    let secrets = KeySecrets::of(&cluster)?;
    change_each(&args.keys, &secrets, |key| unwrap(key, &identities))
}

fn unwrap(key: KeySecret, identities: &Identities) -> Result<Change, KeysError> {
    match key.private_half()? {
        PrivateHalf::Plain(_) => Ok(Change::Keep("not wrapped".to_owned())),
        PrivateHalf::Wrapped(wrapped) => {
            let pem = wrap::open(&wrapped, identities)?;
            key.check(&pem)?;
            let plain = Box::new(key.unwrapped(&pem));
            Ok(Change::Replace(plain, "unwrapped".to_owned()))
        }
    }
}
