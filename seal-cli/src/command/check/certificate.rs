//! Certificates in files: how long they hold, and whether values can be sealed for them.

use std::path::Path;

use jiff::Timestamp;
use seal_keys::Certificate;

use super::catalog::{CERTIFICATE_EXPIRED, CERTIFICATE_EXPIRES, OTHER_KEY};
use super::finding::{Finding, few};
use super::object::Object;
use super::values::Values;
use crate::certificate::{LIMIT, SOON};
use crate::error::CliError;
use crate::ui::in_line;

/// A certificate that files should be sealed for.
#[derive(Clone)]
pub(super) struct Target {
    /// The file, as messages call it.
    pub(super) from: String,
    certificate: Certificate,
}

impl Target {
    /// Reads a file; nobody is asked.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        use std::io::Read as _;
        let from = path.display().to_string();
        let mut bytes = Vec::new();
        let read =
            std::fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
        read.map_err(|reason| CliError::CertificateFile {
            path: from.clone(),
            reason: reason.to_string(),
        })?;
        let certificate =
            Certificate::from_pem(&bytes).map_err(|reason| CliError::Certificate {
                from: from.clone(),
                reason,
            })?;
        Ok(Self { from, certificate })
    }

    /// How SE1 calls its key.
    pub(super) fn reader(&self) -> String {
        format!("rsa:{}", self.certificate.fingerprint())
    }

    /// With the day on which it ends, in UTC, if it does.
    pub(super) fn told(&self) -> String {
        let from = in_line(&self.from);
        match self.certificate.not_after() {
            until if until == Timestamp::MAX => format!("{from} (without end)"),
            until => format!("{from} (until {})", until.strftime("%Y-%m-%d")),
        }
    }

    /// Of the RSA key; `None` if values cannot be sealed for it at all.
    pub(super) fn bits(&self) -> Option<usize> {
        let valid = self.certificate.not_before();
        let recipient = self.certificate.recipient(valid);
        recipient.ok().map(|recipient| recipient.bits())
    }
}

/// How long a certificate holds.
pub(super) fn expiry(target: &Target, now: Timestamp) -> Option<Finding> {
    let until = target.certificate.not_after();
    let day = until.strftime("%Y-%m-%d");
    let (check, message) = if until < now {
        let message = format!(
            "the certificate expired on {day}; what is sealed for it still opens, but nothing more is sealed for it: fetch the newest (seal --fetch-cert)"
        );
        (&CERTIFICATE_EXPIRED, message)
    } else if until.duration_since(now) <= SOON {
        let message = format!(
            "the certificate expires on {day}; fetch the newest before that (seal --fetch-cert)"
        );
        (&CERTIFICATE_EXPIRES, message)
    } else {
        return None;
    };
    Some(Finding::of_file(check, None, message))
}

/// Whether the values can be for one of the certificates. A legacy value shows the size of its key, and
/// nothing else.
pub(super) fn findings(
    object: &Object<'_>,
    values: &Values<'_>,
    targets: &[Target],
) -> Vec<Finding> {
    let sizes: Vec<_> = targets.iter().filter_map(Target::bits).collect();
    if targets.is_empty() || sizes.len() < targets.len() {
        return Vec::new();
    }
    let told = sizes
        .iter()
        .map(|bits| format!("RSA-{bits}"))
        .collect::<Vec<_>>();
    let from = targets.iter().map(|target| target.from.as_str());
    let from = from.collect::<Vec<_>>().join(", ");
    let mut found = Vec::new();
    for (item, line, bytes) in &values.legacy {
        if !sizes.contains(&(bytes * 8)) {
            let message = format!(
                "item {:?} is sealed for RSA-{}, and the key of {from} is {}: for another cluster, or an older key; seal it again",
                in_line(item),
                bytes * 8,
                told.join(", ")
            );
            found.push(object.finding(&OTHER_KEY, *line, message));
        }
    }
    found
}

/// Whether what is in SE1 is wrapped for the certificate.
pub(super) fn wrapped(object: &Object<'_>, values: &Values<'_>, target: &Target) -> Vec<Finding> {
    let Some(se1) = &values.se1 else {
        return Vec::new();
    };
    let to = target.reader();
    let keys = se1.referenced().into_iter();
    let others = keys.filter(|key| key.wraps().iter().all(|wrap| wrap.to.as_str() != to));
    let found = others.map(|key| {
        let message = format!(
            "{}: not sealed for the certificate {}; seal recipients add lets it in, for whoever can open them",
            few(&se1.items_of(key.id())),
            target.from
        );
        let line = object.data_key_line(key.id().as_str());
        object.finding(&OTHER_KEY, line, message)
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn certificates_are_told_with_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pub.pem");
        let issued = seal_keys::issue(2048, "", Timestamp::now(), SignedDuration::ZERO).unwrap();
        let key = issued.key.pkcs8_der().into();
        let algorithm = &rcgen::PKCS_RSA_SHA256;
        let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key, algorithm).unwrap();
        for (year, end) in [(9999, "without end"), (2101, "until 2101-12-31")] {
            let mut params = rcgen::CertificateParams::default();
            params.not_after = rcgen::date_time_ymd(year, 12, 31);
            let pem = params.self_signed(&key).unwrap().pem();
            std::fs::write(&path, pem).unwrap();
            let told = Target::read(&path).unwrap().told();
            assert_eq!(told, format!("{} ({end})", path.display()));
        }
    }

    #[test]
    fn the_last_thirty_days_are_told() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/vectors/certificates/rsa-2048.pem"
        );
        let target = Target::read(Path::new(path)).unwrap();
        let until = target.certificate.not_after();
        for (hours, check) in [
            (-31 * 24, None),
            (-30 * 24 - 1, None),
            (-30 * 24, Some("certificate-expires")),
            (-1, Some("certificate-expires")),
            (1, Some("certificate-expired")),
        ] {
            let now = until + SignedDuration::from_hours(hours);
            let found = expiry(&target, now);
            assert_eq!(found.map(|found| found.check.id), check, "{hours}");
        }
    }
}
