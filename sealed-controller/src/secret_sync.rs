//! Carrying a plan out: the API calls that make the live Secret what it should be.

use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use kube::{Api, ResourceExt as _};
use operator_kit::ApiFault;

use crate::plan::{self, Action, Desired, Extras};
use crate::sync_error::SyncError;

/// Someone else may write between our look and our write; then we look again, a few times in a
/// row, before the back-off takes over.
const TRIES: usize = 4;

/// What became of the Secret.
pub(crate) struct Synced {
    /// Resource version that holds the desired content.
    pub(crate) version: String,
    /// Whether we wrote.
    pub(crate) written: bool,
}

/// Makes the Secret what it should be. `probably_missing` saves the look before a create.
pub(crate) async fn sync(
    secrets: &Api<Secret>,
    desired: &Desired,
    extras: Extras,
    probably_missing: bool,
) -> Result<Synced, SyncError> {
    if probably_missing {
        // Whatever speaks against the create, a quota or a webhook say, is worth a look first: the
        // Secret may be there, and right.
        let action = plan::decide(desired, None, extras);
        if let Ok(Step::Done(synced)) = carry_out(secrets, &desired.name, action, None).await {
            return Ok(synced);
        }
    }
    let mut fault = ApiFault::Conflict;
    for _ in 0..TRIES {
        let live = get(secrets, &desired.name).await?;
        let action = plan::decide(desired, live.as_ref(), extras);
        match carry_out(secrets, &desired.name, action, live.as_ref()).await? {
            Step::Done(synced) => return Ok(synced),
            Step::Again(reason) => fault = reason,
        }
    }
    Err(SyncError::Api {
        verb: "update",
        fault,
    })
}

enum Step {
    Done(Synced),
    /// Someone was faster.
    Again(ApiFault),
}

async fn carry_out(
    secrets: &Api<Secret>,
    name: &str,
    action: Action,
    live: Option<&Secret>,
) -> Result<Step, SyncError> {
    let params = PostParams::default();
    let (verb, written) = match action {
        Action::UpToDate => {
            return Ok(Step::Done(Synced {
                version: live.and_then(Secret::resource_version).unwrap_or_default(),
                written: false,
            }));
        }
        Action::Refuse(refusal) => return Err(SyncError::refused(refusal, name)),
        Action::Create(secret) => ("create", secrets.create(&params, &secret).await),
        Action::Update(secret) => ("update", secrets.replace(name, &params, &secret).await),
    };
    match written.map_err(ApiFault::from) {
        Ok(secret) => Ok(Step::Done(Synced {
            version: secret.resource_version().unwrap_or_default(),
            written: true,
        })),
        Err(fault @ (ApiFault::AlreadyExists | ApiFault::Conflict)) => Ok(Step::Again(fault)),
        // Deleted between look and update. A create that is "not found" lacks its namespace.
        Err(fault @ ApiFault::NotFound) if verb == "update" => Ok(Step::Again(fault)),
        Err(fault) => Err(SyncError::Api { verb, fault }),
    }
}

async fn get(secrets: &Api<Secret>, name: &str) -> Result<Option<Secret>, SyncError> {
    secrets.get_opt(name).await.map_err(|error| SyncError::Api {
        verb: "get",
        fault: error.into(),
    })
}
