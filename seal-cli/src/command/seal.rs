//! Sealing: every Secret of the input, or none.

use aws_lc_rs::rand;
use jiff::Timestamp;
use rayon::prelude::*;
use seal_format::{Scope, SessionKey};
use seal_keys::{Recipient, RsaRecipient};
use sealing::{Namespace, SealedManifest, Sealing, Target, scope_of};
use zeroize::Zeroizing;

use crate::certificate;
use crate::context::Context;
use crate::error::CliError;
use crate::input::{self, InputSecret};
use crate::kubeconfig;
use crate::output::Format;

/// Reads, seals, writes.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let recipient = recipient(context)?;
    let secrets = input::secrets(context.secret_file.as_deref())?;
    let work = Work {
        from: input::name(context.secret_file.as_deref()),
        target: target(context, &secrets)?,
        recipient,
        format: context.format,
    };
    // One Secret is not worth a pool of threads.
    let documents: Vec<String> = if secrets.len() == 1 {
        secrets
            .into_iter()
            .map(|secret| work.document(secret))
            .collect::<Result<_, _>>()?
    } else {
        secrets
            .into_par_iter()
            .map(|secret| work.document(secret))
            // All answers first: rayon would give any of the errors, people want the first.
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<_, _>>()?
    };
    context.destination.write(&documents)
}

fn recipient(context: &Context) -> Result<RsaRecipient, CliError> {
    let fetched = certificate::fetch(context)?;
    seal_keys::Certificate::from_pem(&fetched.bytes)
        .and_then(|certificate| certificate.recipient(Timestamp::now()))
        .map_err(|reason| CliError::Certificate {
            from: fetched.from,
            reason,
        })
}

/// The kubeconfig is read only if a Secret needs its namespace.
fn target(context: &Context, secrets: &[InputSecret]) -> Result<Target, CliError> {
    let namespace = match &context.namespace {
        Some(given) => Namespace::Given(given.clone()),
        None if secrets
            .iter()
            .all(|secret| needs_no_namespace(secret, context)) =>
        {
            Namespace::default()
        }
        None => kubeconfig::namespace(&context.connection)?
            .map_or(Namespace::Unknown, Namespace::Default),
    };
    Ok(Target {
        name: context.name.clone(),
        scope: context.scope,
        namespace,
        allow_empty: context.allow_empty,
    })
}

/// It names one, or is sealed for no place in particular.
fn needs_no_namespace(input: &InputSecret, context: &Context) -> bool {
    let metadata = &input.secret.metadata;
    let scope = match context.scope {
        Scope::Strict => scope_of(metadata.annotations.as_ref()),
        asked_for => asked_for,
    };
    let named = metadata.namespace.as_deref();
    scope == Scope::ClusterWide || named.is_some_and(|name| !name.is_empty())
}

struct Work {
    from: String,
    target: Target,
    recipient: RsaRecipient,
    format: Format,
}

impl Work {
    fn document(&self, input: InputSecret) -> Result<String, CliError> {
        let place = input.place;
        let sealed = self.seal(input)?;
        let encode = |_| CliError::Encode(place);
        match self.format {
            Format::Json => seal_manifest::write_json(&sealed).map_err(encode),
            Format::Yaml => {
                let value = serde_json::to_value(&sealed).map_err(encode)?;
                Ok(format!("---\n{}", seal_manifest::write_yaml(&value)))
            }
        }
    }

    fn seal(&self, input: InputSecret) -> Result<SealedManifest, CliError> {
        let InputSecret { place, mut secret } = input;
        let from = || self.from.clone();
        let scope = self
            .target
            .apply(&mut secret)
            .map_err(|reason| CliError::Target {
                from: from(),
                place,
                reason,
            })?;
        let failed = |reason| CliError::Seal {
            from: from(),
            place,
            reason,
        };
        let mut keys = FreshKeys::draw(secret.data.len());
        let sealing = Sealing::prepare(secret, scope, &mut || keys.next()).map_err(failed)?;
        let wraps = sealing
            .needs()
            .map(|need| self.recipient.wrap(need.key, need.label))
            .collect::<Result<_, _>>()
            .map_err(|_| CliError::Wrap {
                from: from(),
                place,
            })?;
        sealing.finish(wraps).map_err(failed)
    }
}

/// The session keys of one Secret, drawn at once: each draw has its price.
struct FreshKeys {
    bytes: Zeroizing<Vec<u8>>,
    used: usize,
}

impl FreshKeys {
    fn draw(count: usize) -> Self {
        let mut bytes = Zeroizing::new(vec![0; count * SessionKey::LEN]);
        // Without random bytes there are no keys, and sealing says so.
        if rand::fill(&mut bytes).is_err() {
            bytes.clear();
        }
        Self { bytes, used: 0 }
    }

    fn next(&mut self) -> Option<Zeroizing<[u8; SessionKey::LEN]>> {
        let rest = self.bytes.get(self.used..)?;
        let key = rest.first_chunk::<{ SessionKey::LEN }>()?;
        self.used += SessionKey::LEN;
        Some(Zeroizing::new(*key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_given_twice() {
        let mut keys = FreshKeys::draw(2);
        let (first, second) = (keys.next().unwrap(), keys.next().unwrap());
        assert_ne!(*first, *second);
        assert_ne!(*first, [0; SessionKey::LEN]);
        assert!(keys.next().is_none());
    }
}
