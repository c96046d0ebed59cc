//! The legacy format: one certificate, a session key for each value.

use seal_format::SessionKey;
use seal_keys::Recipient as _;
use sealing::{SealedManifest, Sealing};
use zeroize::Zeroizing;

use super::work::{Work, each};
use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::input::{InputSecret, Place};
use crate::recipient::OneCertificate;

impl Work {
    /// A SealedSecret for each Secret.
    pub(super) fn legacy(
        &self,
        secrets: Vec<InputSecret>,
        certificate: OneCertificate<'_>,
    ) -> Result<Vec<(Place, SealedManifest)>, CliError> {
        each(secrets, |input| {
            let place = input.place;
            Ok((place, self.seal_legacy(input, certificate)?))
        })
    }

    fn seal_legacy(
        &self,
        mut input: InputSecret,
        certificate: OneCertificate<'_>,
    ) -> Result<SealedManifest, CliError> {
        let scope = self.aim(&mut input)?;
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
