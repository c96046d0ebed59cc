//! The legacy format: one certificate, a session key for each value.

use seal_format::SessionKey;
use seal_keys::Recipient as _;
use sealing::{SealedManifest, Sealing};
use zeroize::Zeroizing;

use super::kept::Now;
use super::reuse::OldValues;
use super::work::{One, Work, each};
use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::input::InputSecret;
use crate::recipient::OneCertificate;
use crate::title::Title;

impl Work {
    /// A SealedSecret for each Secret, and what `end` makes of it.
    pub(super) fn legacy<R: Send>(
        &self,
        secrets: Vec<InputSecret>,
        certificate: OneCertificate<'_>,
        old: Option<&OldValues<'_>>,
        end: &(impl Fn(One) -> Result<R, CliError> + Sync),
    ) -> Result<Vec<R>, CliError> {
        each(secrets, |input| {
            end(self.one_legacy(input, certificate, old)?)
        })
    }

    fn one_legacy(
        &self,
        mut input: InputSecret,
        certificate: OneCertificate<'_>,
        old: Option<&OldValues<'_>>,
    ) -> Result<One, CliError> {
        let scope = self.aim(&mut input)?;
        let title = Title::of(&input.secret, scope);
        let data = &mut input.secret.data;
        let kept = old.map(|old| old.kept(&title, data, Now::Legacy(certificate)));
        if let Some(kept) = &kept {
            kept.take_from(data);
        }
        let mut manifest = self.seal_legacy(input, &title, certificate)?;
        let note = old.zip(kept.as_ref());
        let note = note.and_then(|(old, kept)| old.note(&title, kept));
        let values = kept.map(|kept| kept.values).unwrap_or_default();
        manifest.spec.encrypted_data.extend(values);
        Ok(One { manifest, note })
    }

    fn seal_legacy(
        &self,
        input: InputSecret,
        title: &Title,
        certificate: OneCertificate<'_>,
    ) -> Result<SealedManifest, CliError> {
        let scope = title.scope;
        let InputSecret { place, secret } = input;
        let from = || self.from.clone();
        let certificate = certificate
            .for_legacy(scope)
            .map_err(|reason| CliError::InKms {
                from: from(),
                place,
                reason,
            })?;
        let failed = |reason| CliError::Seal {
            from: from(),
            place,
            reason,
        };
        let mut fresh = FreshBytes::draw(secret.data.len() * SessionKey::LEN);
        let mut key = || {
            let mut key = Zeroizing::new([0; SessionKey::LEN]);
            fresh.fill(key.as_mut_slice()).then_some(key)
        };
        let sealing = Sealing::prepare(secret, scope, &mut key).map_err(failed)?;
        let wraps = sealing
            .needs()
            .map(|need| certificate.wrap(need.key, need.label))
            .collect::<Result<_, _>>()
            .map_err(|_| CliError::Wrap {
                from: from(),
                place,
            })?;
        sealing.finish(wraps).map_err(failed)
    }
}
