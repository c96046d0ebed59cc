//! What verbs need that change data keys in files: the files, what opens them, what their rules say,
//! and how services are reached.

use std::path::PathBuf;

use seal_format::se1::DataKeyBlock;
use sealing::{Se1Object, SealedDocument};

use crate::args::ClusterArgs;
use crate::batch::Batch;
use crate::config::ConfigArgs;
use crate::config::known::KnownArgs;
use crate::context::Cluster;
use crate::environment;
use crate::error::CliError;
use crate::identity::{Identities, IdentityKeys};
use crate::kms_connection::KmsConnection;
use crate::public_keys::PublicKeys;
use crate::recipient::{Asked, KmsArgs};
use crate::rules::{RuleReaders, Rules};
use crate::sealed_file::SealedFile;
use crate::verified::Verified;

/// Flags of all such verbs. Each has its own before them, so that help shows those first.
#[derive(clap::Args, Debug)]
pub(crate) struct DataKeyChangeArgs {
    /// Files, and folders with files, of SealedSecrets
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    keys: IdentityKeys,

    #[command(flatten)]
    kms: KmsArgs,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// What the flags mean.
pub(crate) struct DataKeyChange {
    pub(crate) batch: Batch,
    pub(crate) identities: Identities,
    pub(crate) rules: Rules,
    pub(crate) cluster: Cluster,
    pub(crate) kms: KmsConnection,
}

impl DataKeyChangeArgs {
    /// Finds the files and reads the keys.
    ///
    /// # Errors
    /// Those of [`Batch::of`] and [`Identities::new`].
    pub(crate) fn resolve(mut self) -> Result<DataKeyChange, CliError> {
        self.cluster.complete_from(environment::variable);
        let kms = self.kms.connection();
        Ok(DataKeyChange {
            batch: Batch::of(&self.files)?,
            identities: Identities::new(&self.keys, kms.clone())?,
            rules: Rules::new(&self.config),
            cluster: self.cluster.into(),
            kms,
        })
    }
}

impl DataKeyChange {
    /// The same where the recipients of rules may be pinned.
    pub(crate) fn pinned(mut self, known: &KnownArgs) -> Self {
        self.rules = self.rules.pinned(known);
        self
    }

    /// Where the keys of readers who stay are looked up, besides the files and their rules.
    ///
    /// # Errors
    /// Those of [`Asked::resolve`].
    pub(crate) fn public_keys(&self, certificates: &[String]) -> Result<PublicKeys, CliError> {
        let asked = Asked::certificates(certificates);
        let (cluster, kms) = (self.cluster.clone(), self.kms.clone());
        PublicKeys::new(&asked, &self.identities, cluster, kms)
    }

    /// Opens and verifies the data keys that `wanted` chooses. KMS is asked for keys that were named
    /// or that the rule names, never because the file does.
    ///
    /// # Errors
    /// [`CliError::DataKey`].
    pub(crate) fn verified<'a>(
        &self,
        file: &SealedFile,
        sealed: &'a SealedDocument,
        object: Se1Object,
        rule: Option<&RuleReaders>,
        wanted: impl Fn(&DataKeyBlock) -> bool,
    ) -> Result<Verified<'a>, CliError> {
        let trusted = rule.map(RuleReaders::kms_keys).unwrap_or_default();
        Verified::of(sealed, object, &self.identities, &trusted, wanted)
            .map_err(file.of_keys(sealed))
    }
}
