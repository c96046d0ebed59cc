//! Flags that say whom to seal for.

use std::time::Duration;

use seal_kms::KmsOptions;

use crate::kms_connection::KmsConnection;

/// A person waits no longer for one answer of KMS (docs/reference/verbs.md).
const PATIENCE: Duration = Duration::from_secs(15);

/// Whom to seal for.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct RecipientArgs {
    /// Who can read, besides --cert; several times for several: age1…, ssh-ed25519 …, the ARN of a
    /// KMS key, kms:alias/NAME, rsa:FILE (public key, such as of an RSA key in KMS), cert:FILE|URL,
    /// cluster, cluster:CONTEXT [default for what is sealed: $SEAL_RECIPIENTS]
    #[arg(
        short = 'r',
        long,
        value_name = "RECIPIENT",
        help_heading = "Recipients"
    )]
    pub(super) recipient: Vec<String>,

    /// File with recipients, one a line; # begins a comment.
    #[arg(short = 'R', long, value_name = "FILE", help_heading = "Recipients")]
    pub(super) recipients_file: Vec<String>,

    #[command(flatten)]
    kms: KmsArgs,
}

/// How to reach AWS KMS.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct KmsArgs {
    /// Profile of the AWS configuration, for KMS keys [default: $AWS_PROFILE]
    #[arg(long, value_name = "NAME", help_heading = "Recipients")]
    aws_profile: Option<String>,

    /// Address of another KMS, such as an emulator's.
    #[arg(long, value_name = "URL", hide = true)]
    aws_endpoint_url: Option<String>,
}

impl RecipientArgs {
    /// Whether a cluster may be among them; of a list in a file nobody knows before it is read.
    pub(crate) fn may_be_clusters(&self) -> bool {
        let asks = |text: &String| text.starts_with("cluster") || text.contains("configmap:");
        !self.recipients_file.is_empty() || self.recipient.iter().any(asks)
    }

    /// How KMS keys among them are reached.
    pub(crate) fn kms(&self) -> KmsConnection {
        self.kms.connection()
    }
}

impl KmsArgs {
    /// By the flags; the rest as the AWS command line has it. Each is one of its own: a command makes
    /// one, and clones it.
    pub(crate) fn connection(&self) -> KmsConnection {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        KmsConnection::new(KmsOptions {
            profile: given(&self.aws_profile),
            endpoint: given(&self.aws_endpoint_url),
            total_timeout: Some(PATIENCE),
            ..KmsOptions::default()
        })
    }
}
