//! Carrying a plan out: the API calls that make the live Secret what it should be.

use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use kube::{Api, ResourceExt as _};

use crate::api_fault::ApiFault;

/// Someone else may write between our look and our write; then we look again, a few times in a
/// row, before the back-off takes over.
const TRIES: usize = 4;

/// What is to be written.
pub enum Write {
    /// There is no Secret: make this one.
    Create(Box<Secret>),
    /// Replace the live Secret (its resource version is inside) by this one.
    Update(Box<Secret>),
    /// Nothing.
    Nothing,
}

/// What became of the Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// Resource version that holds the desired content; empty if there is no Secret.
    pub version: String,
    /// What we wrote.
    pub written: Option<Written>,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A new Secret.
    Created,
    /// Changes of one.
    Updated,
}

/// Why the Secret is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub enum SyncFault<E> {
    /// The plan refuses.
    Refused(E),
    /// The API server did not do what we asked.
    Api {
        /// get, create or update.
        verb: &'static str,
        /// Why.
        fault: ApiFault,
    },
}

/// Whose Secret, and how it is written.
pub struct Target<'a> {
    /// Secrets of its namespace.
    pub secrets: &'a Api<Secret>,
    /// Its name.
    pub name: &'a str,
    /// Writes go under this name.
    pub field_manager: Option<String>,
}

impl Target<'_> {
    /// Makes the Secret what it should be, as `decide` says from the live one. `probably_missing` saves the
    /// look before a create.
    ///
    /// # Errors
    /// [`SyncFault`].
    pub async fn sync<E>(
        &self,
        probably_missing: bool,
        decide: impl Fn(Option<&Secret>) -> Result<Write, E>,
    ) -> Result<Synced, SyncFault<E>> {
        // Whatever speaks against the create, the plan, a quota or a webhook, is worth a look first: the Secret
        // may be there, and right.
        if probably_missing
            && let Ok(write) = decide(None)
            && let Ok(Step::Done(synced)) = self.carry_out::<E>(write, None).await
        {
            return Ok(synced);
        }
        let mut fault = ApiFault::Conflict;
        for _ in 0..TRIES {
            let live = self.get().await?;
            let write = decide(live.as_ref()).map_err(SyncFault::Refused)?;
            match self.carry_out(write, live.as_ref()).await? {
                Step::Done(synced) => return Ok(synced),
                Step::Again(reason) => fault = reason,
            }
        }
        let verb = "update";
        Err(SyncFault::Api { verb, fault })
    }

    async fn carry_out<E>(
        &self,
        write: Write,
        live: Option<&Secret>,
    ) -> Result<Step, SyncFault<E>> {
        let params = PostParams {
            field_manager: self.field_manager.clone(),
            ..PostParams::default()
        };
        let (how, answer) = match write {
            Write::Nothing => {
                return Ok(Step::Done(Synced {
                    version: live.and_then(Secret::resource_version).unwrap_or_default(),
                    written: None,
                }));
            }
            Write::Create(secret) => (
                Written::Created,
                self.secrets.create(&params, &secret).await,
            ),
            Write::Update(secret) => (
                Written::Updated,
                self.secrets.replace(self.name, &params, &secret).await,
            ),
        };
        match answer.map_err(ApiFault::from) {
            Ok(secret) => Ok(Step::Done(Synced {
                version: secret.resource_version().unwrap_or_default(),
                written: Some(how),
            })),
            Err(fault @ (ApiFault::AlreadyExists | ApiFault::Conflict)) => Ok(Step::Again(fault)),
            // Deleted between look and update. A create that is "not found" lacks its namespace.
            Err(fault @ ApiFault::NotFound) if how == Written::Updated => Ok(Step::Again(fault)),
            Err(fault) => Err(SyncFault::Api {
                verb: match how {
                    Written::Created => "create",
                    Written::Updated => "update",
                },
                fault,
            }),
        }
    }

    async fn get<E>(&self) -> Result<Option<Secret>, SyncFault<E>> {
        let answer = self.secrets.get_opt(self.name).await;
        answer.map_err(|error| SyncFault::Api {
            verb: "get",
            fault: error.into(),
        })
    }
}

enum Step {
    Done(Synced),
    /// Someone was faster.
    Again(ApiFault),
}
