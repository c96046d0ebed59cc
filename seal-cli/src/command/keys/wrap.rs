//! `seal keys wrap`: the private half only wrapped, so that a copy of the Secret opens nothing.

use seal_format::se1::{DataKey, Fault, RecipientKind, Wrap};
use sealing::{KeyWrapping, WrappedKey};
use zeroize::Zeroizing;

use super::error::KeysError;
use super::key_secret::{KeySecret, PrivateHalf};
use super::key_secrets::KeySecrets;
use super::{Change, KeyArgs, change_each};
use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::identity::{Identities, IdentityKeys, Reach};
use crate::recipient::{Asked, Cert, RecipientArgs, Recipients, shown};
use crate::rules::RuleKms;
use crate::ui;

/// Bytes of a value's nonce.
const NONCE: usize = 12;

/// Store the private half of sealing keys only wrapped
///
/// What `kubectl get secret` or a backup shows of such a key opens nothing without the KMS or age key.
/// The controller reloads it; start it with --wrap-keys-with for the keys that it makes itself.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    keys: KeyArgs,

    #[command(flatten)]
    recipients: RecipientArgs,

    /// KMS key to try each wrap with before it is written, and to open keys that are wrapped already,
    /// by ARN; may be repeated
    #[arg(
        long,
        value_name = "ARN",
        value_delimiter = ',',
        help_heading = "Identities"
    )]
    kms_key: Vec<String>,
}

/// What it takes to wrap.
struct Wrapper {
    recipients: Recipients,
    /// `None`: nothing is opened.
    identities: Option<Identities>,
}

pub(super) fn run(mut args: Args) -> Result<(), CliError> {
    let cluster = args.keys.cluster();
    // What the environment says was said about values: a controller that cannot read it loses the key.
    let asked = Asked::of(&args.recipients, Cert::default(), |_| None)?;
    if asked.is_empty() {
        return Err(KeysError::NoRecipient.into());
    }
    let kms = args.recipients.kms();
    let identities = if args.kms_key.is_empty() {
        None
    } else {
        let keys = IdentityKeys::of_kms(args.kms_key);
        Some(Identities::new(&keys, kms.clone())?)
    };
    let wrapper = Wrapper {
        recipients: asked.resolve(&cluster, kms)?,
        identities,
    };
    let secrets = KeySecrets::of(&cluster)?;
    change_each(&args.keys, &secrets, |key| wrapper.wrap(key))?;
    if !args.keys.dry_run {
        ui::hint(
            "copies and backups from before still open everything; delete them, or make a new key \
             and seal again",
        );
    }
    Ok(())
}

impl Wrapper {
    fn wrap(&self, key: KeySecret) -> Result<Change, KeysError> {
        let pem = match key.private_half()? {
            PrivateHalf::Plain(pem) => pem,
            PrivateHalf::Wrapped(wrapped) => {
                let Some(identities) = &self.identities else {
                    let readers = readers(&wrapped);
                    let why =
                        format!("wrapped already, for {readers} (--kms-key ARN wraps it anew)");
                    return Ok(Change::Keep(why));
                };
                open(&wrapped, identities)?
            }
        };
        let mut fresh = FreshBytes::draw(DataKey::LEN + NONCE);
        let mut random = |buffer: &mut [u8]| fresh.fill(buffer);
        let (namespace, name) = (key.namespace(), key.name());
        let wrapping = KeyWrapping::prepare(pem.clone(), namespace, name, &mut random)?;
        let data_key = wrapping.to_wrap();
        let wrapped = self.recipients.wrap_all(&data_key, wrapping.object())?;
        check_recipients(&key, &wrapped.wraps)?;
        let field = wrapping.finish(wrapped.wraps)?;
        self.check(&key, &field, &data_key, &pem)?;
        let tried = if self.identities.is_some() {
            ", and opened again"
        } else {
            ""
        };
        let done = format!("wrapped for {}{tried}", wrapped.readers);
        Ok(Change::Replace(Box::new(key.wrapped(field)), done))
    }

    /// Nothing is written that does not open again: with the data key that was wrapped, and with an
    /// identity, if there is one.
    fn check(
        &self,
        key: &KeySecret,
        field: &[u8],
        data_key: &[u8],
        pem: &Zeroizing<Vec<u8>>,
    ) -> Result<(), KeysError> {
        let read =
            WrappedKey::read(field, key.namespace(), key.name()).map_err(KeysError::Wrapped)?;
        let opened = read.open(data_key).map_err(|_| KeysError::NotTheSame)?;
        let again = match &self.identities {
            Some(identities) => open(&read, identities)?,
            None => opened.clone(),
        };
        key.check(&opened)?;
        if opened == *pem && again == *pem {
            Ok(())
        } else {
            Err(KeysError::NotTheSame)
        }
    }
}

/// Someone must be there whom a controller can be, and none of the keys themselves.
fn check_recipients(key: &KeySecret, wraps: &[Wrap]) -> Result<(), KeysError> {
    let names = wraps.iter().map(|wrap| shown(&wrap.to));
    let openable = |wrap: &Wrap| matches!(wrap.to.kind(), RecipientKind::Age | RecipientKind::Kms);
    if !wraps.iter().any(openable) {
        return Err(KeysError::NoReader(names.collect::<Vec<_>>().join(", ")));
    }
    let own = key.recipient_name();
    match wraps.iter().find(|wrap| Some(&wrap.to) == own.as_ref()) {
        Some(wrap) => Err(KeysError::Circle(shown(&wrap.to))),
        None => Ok(()),
    }
}

/// The private key's PEM.
pub(super) fn open(
    wrapped: &WrappedKey,
    identities: &Identities,
) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let closed = |fault: Fault, detail| KeysError::Closed {
        readers: readers(wrapped),
        fault,
        detail,
    };
    let need = wrapped.need();
    let data_key = identities
        .unwrap(need.block, need.object, &RuleKms::default(), Reach::Full)
        .map_err(|unopened| closed(unopened.fault, unopened.detail))?;
    wrapped.open(&data_key).map_err(|fault| closed(fault, None))
}

fn readers(wrapped: &WrappedKey) -> String {
    let wraps = wrapped.need().block.wraps().iter();
    let names: Vec<_> = wraps.map(|wrap| shown(&wrap.to)).collect();
    names.join(", ")
}
