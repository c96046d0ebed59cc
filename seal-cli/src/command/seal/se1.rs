//! SE1: any recipients, one data key for each Secret.

use std::collections::BTreeMap;

use seal_format::Scope;
use seal_format::se1::DataKey;
use sealing::{Se1Sealing, SealedManifest};

use super::plan::Plan;
use super::work::{Work, each};
use crate::error::CliError;
use crate::fresh_bytes::FreshBytes;
use crate::input::{InputSecret, Place};
use crate::recipient::{Readers, ToWrap};
use crate::title::Title;

/// Bytes of a value's nonce.
const NONCE: usize = 12;
/// Secrets that are reported one by one.
const ONE_BY_ONE: usize = 5;

/// A Secret between the phases.
struct Prepared {
    place: Place,
    sealing: Se1Sealing,
    title: Title,
}

/// What was sealed for whom.
pub(super) struct Report {
    titles: Vec<Title>,
    readers: Readers,
}

impl Work {
    /// A SealedSecret for each Secret.
    pub(super) fn se1(
        &self,
        secrets: Vec<InputSecret>,
        plan: &Plan<'_>,
    ) -> Result<(Vec<(Place, SealedManifest)>, Report), CliError> {
        let prepared = each(secrets, |input| self.prepare(input))?;
        let needed: Vec<_> = prepared.iter().map(Prepared::to_wrap).collect();
        // All at once: calls over the network go side by side.
        let recipients = plan.recipients();
        let of_kms = recipients.ask_kms(&needed)?;
        let jobs: Vec<_> = prepared
            .into_iter()
            .zip(needed.into_iter().zip(of_kms))
            .collect();
        let sealed = each(jobs, |(prepared, (needed, of_kms))| {
            let Prepared {
                place,
                sealing,
                title,
            } = prepared;
            let wrapped = recipients.wrap(&needed, of_kms)?;
            let sealed = sealing
                .finish(wrapped.wraps)
                .map_err(|reason| CliError::Seal {
                    from: self.from.clone(),
                    place,
                    reason,
                })?;
            Ok(((place, sealed), title, wrapped.readers))
        })?;
        let mut documents = Vec::with_capacity(sealed.len());
        let mut report = Report {
            titles: Vec::with_capacity(sealed.len()),
            readers: Readers::default(),
        };
        for (document, title, readers) in sealed {
            documents.push(document);
            report.titles.push(title);
            // The same for all: nothing but the data key differs.
            report.readers = readers;
        }
        plan.confirm(&report.readers)?;
        Ok((documents, report))
    }

    fn prepare(&self, mut input: InputSecret) -> Result<Prepared, CliError> {
        let scope = self.aim(&mut input)?;
        let InputSecret { place, secret } = input;
        let title = Title::of(&secret, scope);
        let mut fresh = FreshBytes::draw(DataKey::LEN + secret.data.len() * NONCE);
        let sealing = Se1Sealing::prepare(secret, scope, &mut |buffer| fresh.fill(buffer));
        let sealing = sealing.map_err(|reason| CliError::Seal {
            from: self.from.clone(),
            place,
            reason,
        })?;
        Ok(Prepared {
            place,
            sealing,
            title,
        })
    }
}

impl Prepared {
    fn to_wrap(&self) -> ToWrap {
        ToWrap {
            data_key: self.sealing.to_wrap(),
            object: self.sealing.object().clone(),
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
