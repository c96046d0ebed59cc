//! What this user can open: private keys of clusters, people's age and SSH keys, KMS keys by their
//! names. Nothing that a file of SealedSecrets says adds to it.

mod kms;
pub(crate) mod private_keys;

use std::path::PathBuf;
use std::sync::Arc;

use seal_format::se1::{Binding, DataKeyBlock, Fault, RecipientName, Wrap};
use seal_keys::{Identity as _, RsaIdentity, RsaRecipient};
use sealing::{Answers, NoSessionKey, Opening};
use zeroize::Zeroizing;

use crate::age::{self, Effort, Sources, Terminal, UnwrapFault};
use crate::error::CliError;
use crate::kms_connection::KmsConnection;
use crate::recipient::KmsArgs;
use crate::rules::RuleKms;
use crate::ui;
use kms::KmsKeys;

/// Flags of the verbs that open values.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct IdentityArgs {
    #[command(flatten)]
    pub(crate) keys: IdentityKeys,
    #[command(flatten)]
    kms: KmsArgs,
}

/// The keys themselves, for verbs that reach KMS for their recipients, too.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct IdentityKeys {
    /// Age identities, or an SSH private key; may be repeated [default: those that age and sops use]
    #[arg(short = 'i', long, value_name = "FILE", help_heading = "Identities")]
    identity: Vec<PathBuf>,

    /// Private key of a cluster: PEM, or key Secrets as kubectl prints them; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Identities")]
    private_key: Vec<PathBuf>,

    /// AWS KMS key to ask, by ARN; a file that names another is not believed; may be repeated
    #[arg(
        long,
        value_name = "ARN",
        env = "SEAL_KMS_KEYS",
        value_delimiter = ',',
        hide_env_values = true,
        help_heading = "Identities"
    )]
    kms_key: Vec<String>,
}

impl IdentityKeys {
    /// The flag that named a file, if one did.
    pub(crate) fn file_flag(&self) -> Option<&'static str> {
        let identity = (!self.identity.is_empty()).then_some("--identity");
        identity.or((!self.private_key.is_empty()).then_some("--private-key"))
    }

    /// KMS keys alone.
    pub(crate) fn of_kms(keys: Vec<String>) -> Self {
        Self {
            kms_key: keys,
            ..Self::default()
        }
    }
}

/// Everything that can open.
pub(crate) struct Identities {
    rsa: Vec<RsaIdentity>,
    age: age::Identities,
    kms: KmsKeys,
}

/// How far to go for a data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Keys at hand, without a question to anybody.
    Silent,
    /// Passphrases, plug-ins and services, too.
    Full,
}

/// A data key is not known: the class, and for people why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unopened {
    pub(crate) fault: Fault,
    /// What a service said, such as a missing right.
    pub(crate) detail: Option<String>,
}

impl IdentityKeys {
    /// Whether any was named, by a flag or the variable of KMS keys.
    pub(crate) fn are_named(&self) -> bool {
        !(self.identity.is_empty() && self.private_key.is_empty() && self.kms_key.is_empty())
    }
}

impl IdentityArgs {
    /// Reads what the flags and variables name.
    pub(crate) fn identities(&self) -> Result<Identities, CliError> {
        Identities::new(&self.keys, self.kms.connection())
    }
}

impl Identities {
    /// Reads what the flags and variables name.
    pub(crate) fn new(args: &IdentityKeys, kms: KmsConnection) -> Result<Self, CliError> {
        let mut rsa = Vec::new();
        for path in &args.private_key {
            rsa.extend(private_keys::read(path)?);
        }
        let sources = Sources::of_this_user(args.identity.clone());
        let (age, warnings) = age::Identities::discover(&sources, Arc::new(Terminal))?;
        // What is wrong with files that nobody named is nobody's business now.
        for warning in warnings.iter().filter(|warning| warning.named) {
            ui::warn(&warning.to_string());
        }
        Ok(Self {
            rsa,
            age,
            kms: KmsKeys::new(&args.kms_key, kms)?,
        })
    }

    /// Whether a private key of a cluster is at hand.
    pub(crate) fn has_private_key(&self, to: &RecipientName) -> bool {
        self.rsa.iter().any(|key| key.name() == to)
    }

    /// The public halves of the private keys.
    pub(crate) fn public_keys(&self) -> Vec<RsaRecipient> {
        let keys = self.rsa.iter();
        keys.filter_map(RsaIdentity::recipient).collect()
    }

    /// Whether there is any.
    pub(crate) fn has_private_keys(&self) -> bool {
        !self.rsa.is_empty()
    }

    /// Opens a session key of the legacy format; tells which private key did it.
    pub(crate) fn unwrap_legacy(
        &self,
        wrapped: &[u8],
        label: &[u8],
    ) -> Option<(&RecipientName, Zeroizing<Vec<u8>>)> {
        let mut keys = self.rsa.iter();
        keys.find_map(|key| Some((key.name(), key.unwrap(wrapped, label).ok()?)))
    }

    /// Answers every need of an object; the second part tells people about data keys that stay shut.
    /// `rule` has the KMS keys that the rule for the file names.
    pub(crate) fn answers(&self, opening: &Opening<'_>, rule: &RuleKms) -> (Answers, Vec<String>) {
        let mut details = Vec::new();
        let session_keys = opening.needs().map(|need| {
            let found = self.unwrap_legacy(need.wrapped, need.label);
            found.map(|(_, key)| key).ok_or(NoSessionKey::NoKey)
        });
        let session_keys = session_keys.collect();
        let data_keys = opening
            .data_keys()
            .map(|need| {
                let unwrapped = self.unwrap(need.block, need.object, rule, Reach::Full);
                unwrapped.map_err(|unopened| {
                    details.extend(unopened.detail);
                    unopened.fault
                })
            })
            .collect();
        let answers = Answers {
            session_keys,
            data_keys,
        };
        (answers, details)
    }

    /// Opens the wrap that is for one of these identities: keys at hand before keys in a service, and
    /// before anybody is asked for a passphrase in vain.
    pub(crate) fn unwrap(
        &self,
        block: &DataKeyBlock,
        object: &Binding,
        rule: &RuleKms,
        reach: Reach,
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let mut failed = Failed::default();
        for wrap in block.wraps() {
            if let Some(key) = self.rsa.iter().find(|key| *key.name() == wrap.to) {
                return key
                    .unwrap(&wrap.blob, b"")
                    .map_err(|_| Fault::BadWrap.into());
            }
        }
        let mut of_people = self.of_people(block);
        if reach == Reach::Silent {
            of_people.retain(|(effort, _)| *effort == Effort::Silent);
        }
        let searches = of_people.partition_point(|(effort, _)| *effort < Effort::Searches);
        let (known, unknown) = of_people.split_at(searches);
        if let Some(answer) = self.unwrap_age(known, &mut failed) {
            return answer;
        }
        let services = block.wraps().iter().filter(|_| reach == Reach::Full);
        for wrap in services {
            match self.kms.unwrap(wrap, object, rule) {
                None => {}
                Some(Err(unopened)) if unopened.says_nothing_of_the_wrap() => failed.add(unopened),
                Some(answer) => return answer,
            }
        }
        match self.unwrap_age(unknown, &mut failed) {
            Some(answer) => answer,
            None => Err(failed.0.unwrap_or_else(|| Fault::NoIdentity.into())),
        }
    }

    /// The wraps that age and SSH keys may open, those first that take the least.
    fn of_people<'a>(&self, block: &'a DataKeyBlock) -> Vec<(Effort, &'a Wrap)> {
        let wraps = block.wraps().iter();
        let mut found: Vec<_> = wraps
            .filter(|wrap| wrap.to.kind().is_age_file())
            .filter_map(|wrap| Some((self.age.effort(wrap.to.as_str())?, wrap)))
            .collect();
        found.sort_by_key(|(effort, _)| *effort);
        found
    }

    fn unwrap_age(
        &self,
        wraps: &[(Effort, &Wrap)],
        failed: &mut Failed,
    ) -> Option<Result<Zeroizing<Vec<u8>>, Unopened>> {
        for (_, wrap) in wraps {
            let fault = match self.age.unwrap(wrap.to.as_str(), &wrap.blob) {
                Ok(data_key) => return Some(Ok(data_key)),
                Err(UnwrapFault::NoIdentity) => continue,
                Err(UnwrapFault::BadWrap) => return Some(Err(Fault::BadWrap.into())),
                Err(fault) => fault,
            };
            failed.add(Unopened {
                fault: match fault {
                    UnwrapFault::Plugin(_) => Fault::Unavailable,
                    _ => Fault::NoIdentity,
                },
                detail: Some(fault.to_string()),
            });
        }
        None
    }
}

/// The first reason that says most.
#[derive(Default)]
struct Failed(Option<Unopened>);

impl Failed {
    fn add(&mut self, unopened: Unopened) {
        let known = self.0.as_ref().map(|known| known.fault);
        if known.is_none()
            || (known == Some(Fault::NoIdentity) && unopened.fault != Fault::NoIdentity)
        {
            self.0 = Some(unopened);
        }
    }
}

impl Unopened {
    /// Another wrap may open.
    fn says_nothing_of_the_wrap(&self) -> bool {
        matches!(self.fault, Fault::Unavailable | Fault::NoIdentity)
    }
}

impl From<Fault> for Unopened {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            detail: None,
        }
    }
}
