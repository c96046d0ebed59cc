//! SE1: any recipients, one data key for each Secret.

use std::collections::BTreeMap;

use seal_format::Scope;
use seal_format::se1::{DataKey, Wrap};
use sealing::{Se1Object, Se1Sealing, SealError, SealedManifest};

use super::kept::{Kept, Now};
use super::plan::Plan;
use super::reuse::OldValues;
use super::work::{One, Work, each};
use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::input::{InputSecret, Place};
use crate::recipient::{Readers, Recipients, ToWrap};
use crate::title::Title;

/// Bytes of a value's nonce.
const NONCE: usize = 12;
/// Secrets that are reported one by one.
const ONE_BY_ONE: usize = 5;

/// A Secret between the phases.
struct Prepared {
    place: Place,
    sealing: Sealing,
    title: Title,
    kept: Kept,
    note: Option<String>,
}

enum Sealing {
    Fresh(Box<Se1Sealing>),
    /// Every value stays: nothing is sealed, and nobody asked.
    Nothing(Box<SealedManifest>),
}

/// What was sealed for whom.
pub(super) struct Report {
    titles: Vec<Title>,
    readers: Readers,
}

impl Work {
    /// A SealedSecret for each Secret, and what `end` makes of it.
    pub(super) fn se1<R: Send>(
        &self,
        secrets: Vec<InputSecret>,
        plan: &Plan<'_>,
        old: Option<&OldValues<'_>>,
        end: &(impl Fn(One) -> Result<R, CliError> + Sync),
    ) -> Result<(Vec<R>, Report), CliError> {
        let recipients = plan.recipients();
        let prepared = each(secrets, |input| self.prepare(input, recipients, old))?;
        let needed: Vec<_> = prepared.iter().filter_map(Prepared::to_wrap).collect();
        // All at once: calls over the network go side by side.
        let of_kms = recipients.ask_kms(&needed)?;
        let mut wraps = needed.into_iter().zip(of_kms);
        let jobs = prepared.into_iter().map(|prepared| match prepared.sealing {
            Sealing::Fresh(_) => (prepared, wraps.next()),
            Sealing::Nothing(_) => (prepared, None),
        });
        let sealed = each(jobs.collect(), |(prepared, wrap)| {
            let wrapped = wrap.map(|(needed, of_kms)| recipients.wrap(&needed, of_kms));
            let wrapped = wrapped.transpose()?;
            let (wraps, readers) = wrapped.map(|it| (it.wraps, it.readers)).unzip();
            let title = prepared.title.clone();
            let one = end(self.finish(prepared, wraps.unwrap_or_default())?)?;
            Ok((one, title, readers))
        })?;
        let mut all = Vec::with_capacity(sealed.len());
        let mut report = Report {
            titles: Vec::with_capacity(sealed.len()),
            readers: Readers::default(),
        };
        for (one, title, readers) in sealed {
            all.push(one);
            if let Some(readers) = readers {
                report.titles.push(title);
                // The same for all: nothing but the data key differs.
                report.readers = readers;
            }
        }
        if !report.titles.is_empty() {
            plan.confirm(&report.readers)?;
        }
        Ok((all, report))
    }

    fn prepare(
        &self,
        mut input: InputSecret,
        recipients: &Recipients,
        old: Option<&OldValues<'_>>,
    ) -> Result<Prepared, CliError> {
        let scope = self.aim(&mut input)?;
        let InputSecret { place, mut secret } = input;
        let title = Title::of(&secret, scope);
        let kept = old.map(|old| old.kept(&title, &secret.data, Now::Se1(recipients)));
        let kept = kept.unwrap_or_default();
        kept.take_from(&mut secret.data);
        let failed = |reason| self.failed(place, reason);
        let sealing = if secret.data.is_empty() && !kept.values.is_empty() {
            let around = sealing::Sealing::prepare(secret, scope, &mut || None);
            let around = around.and_then(|sealing| sealing.finish(Vec::new()));
            Sealing::Nothing(Box::new(around.map_err(failed)?))
        } else {
            let mut fresh = FreshBytes::draw(DataKey::LEN + secret.data.len() * NONCE);
            let sealing = Se1Sealing::prepare(secret, scope, &mut |buffer| fresh.fill(buffer));
            Sealing::Fresh(Box::new(sealing.map_err(failed)?))
        };
        let note = old.and_then(|old| old.note(&title, &kept));
        Ok(Prepared {
            place,
            sealing,
            title,
            kept,
            note,
        })
    }

    /// Puts what is fresh and what stays together.
    fn finish(&self, prepared: Prepared, wraps: Vec<Wrap>) -> Result<One, CliError> {
        let Prepared {
            place,
            sealing,
            title,
            kept,
            note,
        } = prepared;
        let failed = |reason| self.failed(place, reason);
        let mut manifest = match sealing {
            Sealing::Fresh(sealing) => sealing.finish(wraps).map_err(failed)?,
            Sealing::Nothing(manifest) => *manifest,
        };
        if kept.values.is_empty() {
            return Ok(One { manifest, note });
        }
        let spec = &mut manifest.spec;
        // An id is only 55 bits long, and each stands once.
        if kept
            .data_keys
            .keys()
            .any(|id| spec.data_keys.contains_key(id))
        {
            return Err(failed(SealError::Random));
        }
        spec.data_keys.extend(kept.data_keys);
        spec.encrypted_data.extend(kept.values);
        // As its readers will: together they may be too large.
        Se1Object::read(spec, title.scope, &title.namespace, &title.name)
            .map_err(|_| failed(SealError::TooLarge))?;
        Ok(One { manifest, note })
    }

    fn failed(&self, place: Place, reason: SealError) -> CliError {
        CliError::Seal {
            from: self.from.clone(),
            place,
            reason,
        }
    }
}

impl Prepared {
    fn to_wrap(&self) -> Option<ToWrap> {
        match &self.sealing {
            Sealing::Fresh(sealing) => Some(ToWrap {
                data_key: sealing.to_wrap(),
                object: sealing.object().clone(),
            }),
            Sealing::Nothing(_) => None,
        }
    }
}

impl Report {
    /// Those with the same readers as one, in the order of the first of each.
    pub(super) fn together(reports: Vec<Self>) -> Vec<Self> {
        let mut together: Vec<Self> = Vec::new();
        for report in reports {
            match together.iter_mut().find(|it| it.readers == report.readers) {
                Some(known) => known.titles.extend(report.titles),
                None if report.titles.is_empty() => {}
                None => together.push(report),
            }
        }
        together
    }

    /// Target and readers of each Secret, or of all together if there are many.
    pub(super) fn lines(&self) -> Vec<String> {
        let readers = &self.readers;
        if self.titles.len() <= ONE_BY_ONE {
            let line = |title: &Title| format!("sealed {title} for: {readers}");
            return self.titles.iter().map(line).collect();
        }
        let mut scopes: BTreeMap<Scope, usize> = BTreeMap::new();
        for title in &self.titles {
            *scopes.entry(title.scope).or_default() += 1;
        }
        let scopes: Vec<_> = scopes
            .iter()
            .map(|(scope, count)| format!("{count} {scope}"))
            .collect();
        let (count, scopes) = (self.titles.len(), scopes.join(", "));
        vec![format!("sealed {count} Secrets ({scopes}) for: {readers}")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_secrets_are_told_in_one_line() {
        let title = |number: usize| Title {
            name: format!("s{number}"),
            namespace: "prod".to_owned(),
            scope: if number.is_multiple_of(2) {
                Scope::Strict
            } else {
                Scope::ClusterWide
            },
        };
        let report = |count| Report {
            titles: (0..count).map(title).collect(),
            readers: Readers::default(),
        };
        assert_eq!(
            report(2).lines(),
            [
                "sealed s0 (prod, strict) for: ",
                "sealed s1 (cluster-wide) for: "
            ]
        );
        assert_eq!(
            report(7).lines(),
            ["sealed 7 Secrets (4 strict, 3 cluster-wide) for: "]
        );
    }
}
