//! Certificates of clusters, kept from one run to the next if the user asks for that (`--cert-cache`).
//!
//! The rule: a kept certificate is used without asking until it has the age that the user named. After that the
//! cluster is asked again; only if nobody answers there, the kept one stands in for it, with a warning, for at most
//! [`LONGEST`]. One that has expired, is damaged, belongs to somebody else, or comes from the future, is as if it was
//! not there. A cluster is its server, authority and context, so that one that was built anew under an old name is
//! another one.

mod entry;
mod time;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use self::entry::{Entry, Subject};
pub(crate) use self::time::CacheTime;
use super::Fetched;
use crate::config::User;
use crate::context::Cluster;
use crate::error::CliError;
use crate::ui;

/// Below the folder for what programs can get again.
const FOLDER: &str = "seal/certificates";
/// No entry is larger, in bytes.
const LIMIT: u64 = 2 * super::LIMIT;
/// So long a certificate may stand in for a cluster that is away.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether certificates of clusters are kept.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct CacheArgs {
    /// Keep the cluster's certificate in the user's cache folder, and do not ask for it again within
    /// TIME (such as 30m; 0 never keeps it, 8h where none is named, 168h at most)
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = CacheTime::of,
        hide_short_help = true,
        help_heading = "Cluster"
    )]
    pub(crate) cert_cache: Option<CacheTime>,
}

impl CacheArgs {
    /// Fills what was not typed from the variable; what cannot be read is passed over.
    pub(crate) fn complete_from(&mut self, variable: impl Fn(&str) -> Option<String>) {
        if self.cert_cache.is_none() {
            let text = variable("cert-cache");
            self.cert_cache = text.and_then(|text| CacheTime::of(&text).ok());
        }
    }
}

/// Gets the certificate of a cluster, from the cache if it is young enough.
pub(super) fn of_cluster(
    cluster: &Cluster,
    time: SignedDuration,
    ask: impl FnOnce() -> Result<Fetched, CliError>,
) -> Result<Fetched, CliError> {
    let now = Timestamp::now();
    let Some(place) = Place::of(cluster)? else {
        return ask();
    };
    let kept = place.read(now);
    if let Some(kept) = kept.as_ref().filter(|kept| kept.age(now) <= time) {
        return Ok(kept.fetched(now));
    }
    match (ask(), kept) {
        (Ok(fetched), _) => {
            place.keep_if_of(cluster, &fetched, now);
            Ok(fetched)
        }
        (Err(error), Some(kept)) if error.is_outage() && place.is_of(cluster) => {
            stand_in(&kept, error, now)
        }
        (Err(error), _) => Err(error),
    }
}

/// Asks, and keeps the answer; unless the user wants a cache, only in place of what was kept before.
pub(super) fn renewed(
    cluster: &Cluster,
    ask: impl FnOnce() -> Result<Fetched, CliError>,
) -> Result<Fetched, CliError> {
    let place = Place::of(cluster)?;
    let fetched = ask()?;
    if let Some(place) = place.filter(|place| cluster.cache.is_some() || place.path.exists()) {
        place.keep_if_of(cluster, &fetched, Timestamp::now());
    }
    Ok(fetched)
}

fn stand_in(kept: &Entry, error: CliError, now: Timestamp) -> Result<Fetched, CliError> {
    let (age, fingerprint) = (time::in_words(kept.age(now)), &kept.fingerprint);
    if kept.age(now) > LONGEST {
        ui::warn(&format!(
            "the certificate in the cache was fetched {age} ago ({fingerprint}), which is too long to go on with"
        ));
        return Err(error);
    }
    ui::warn(&format!(
        "{error}\n  sealing for the certificate that was fetched {age} ago, valid until {}, SHA-256 of its key {fingerprint}",
        kept.until.strftime("%Y-%m-%d")
    ));
    Ok(kept.fetched(now))
}

/// The file of a cluster.
struct Place {
    path: PathBuf,
    subject: Subject,
}

impl Place {
    /// `None` where there is no folder for it, or no cluster.
    fn of(cluster: &Cluster) -> Result<Option<Self>, CliError> {
        let Some((folder, subject)) = folder().zip(Subject::of(cluster)?) else {
            return Ok(None);
        };
        let path = folder.join(format!("{}.json", subject.file_name()));
        Ok(Some(Self { path, subject }))
    }

    /// Whether the kubeconfig still leads to the same cluster. It is read anew whenever the cluster is asked: if
    /// somebody chose another context meanwhile, nobody knows whose the answer is.
    fn is_of(&self, cluster: &Cluster) -> bool {
        Subject::of(cluster).is_ok_and(|subject| subject.as_ref() == Some(&self.subject))
    }

    fn keep_if_of(&self, cluster: &Cluster, fetched: &Fetched, now: Timestamp) {
        if self.is_of(cluster) {
            self.keep(fetched, now);
        }
    }

    /// What is there and can be sealed for.
    fn read(&self, now: Timestamp) -> Option<Entry> {
        let file = File::open(&self.path).ok()?;
        let metadata = file.metadata().ok()?;
        if let Some(doubt) = User::current().doubts_own(&metadata, self.folder()) {
            ui::warn(&format!(
                "the certificate in {} is not believed: {doubt}",
                self.path.display()
            ));
            return None;
        }
        let mut text = Vec::new();
        file.take(LIMIT).read_to_end(&mut text).ok()?;
        Entry::read(&text, &self.subject, now)
    }

    /// What is no certificate to seal for is not kept. Without the cache everything works.
    fn keep(&self, fetched: &Fetched, now: Timestamp) {
        let Some(entry) = Entry::new(&self.subject, fetched, now) else {
            return;
        };
        if let Err(reason) = self.write(&entry) {
            ui::warn(&format!(
                "the certificate cannot be kept in {}: {reason}",
                self.path.display()
            ));
        }
    }

    fn write(&self, entry: &Entry) -> std::io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.folder())?;
        // Temporary files are the user's alone (0600).
        let mut file = tempfile::Builder::new()
            .prefix(".certificate-")
            .tempfile_in(self.folder())?;
        file.write_all(&entry.text()?)?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

/// By the XDG specification, to which a path that counts from the current folder is none.
fn folder() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(std::env::home_dir()?.join(".cache"));
    let cache = set.filter(|path| path.is_absolute()).or_else(home)?;
    Some(cache.join(FOLDER)).filter(|folder| folder.is_absolute())
}
