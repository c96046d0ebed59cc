//! What failed on the way to credentials, in our words.

use std::fmt;

use aws_edge::{CallFault, CredentialsFault, SourceFault};

use crate::identity::{AssumedRole, ServiceAccount};
use crate::token::TokenFault;

/// A step on the way to credentials that failed. Holds no text of AWS or the SDK.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {fault}; {}", next_step(.step, .fault))]
pub struct IdentityError {
    /// Which.
    pub step: Step,
    /// Why.
    pub fault: IdentityFault,
}

/// A step on the way to credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The process's own chain.
    Process,
    /// The role of the process itself (IRSA).
    ProcessWebIdentity,
    /// A token of a service account.
    Token(ServiceAccount),
    /// Such a token for a role's session.
    AssumeRoleWithWebIdentity {
        /// ARN of the role.
        role_arn: String,
        /// Whose token it is.
        account: ServiceAccount,
    },
    /// A role.
    AssumeRole {
        /// ARN of the role.
        role_arn: String,
        /// With session tags.
        is_tagged: bool,
        /// With an external id.
        has_external_id: bool,
    },
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFault {
    /// The cluster gave no token.
    #[error("{0}")]
    Token(Box<TokenFault>),
    /// AWS gave no credentials.
    #[error("{0}")]
    Call(CallFault),
}

impl IdentityError {
    pub(crate) fn no_token(account: &ServiceAccount, fault: TokenFault) -> Self {
        Self {
            step: Step::Token(account.clone()),
            fault: IdentityFault::Token(Box::new(fault)),
        }
    }

    /// The source of tokens does not answer.
    pub(crate) fn late_token(account: &ServiceAccount) -> Self {
        let fault = TokenFault {
            reason: "no answer in time".to_owned(),
            next_step: "it is tried again; check the API server, if it stays so".to_owned(),
            is_transient: true,
        };
        Self::no_token(account, fault)
    }

    /// Nobody is left to ask.
    pub(crate) fn interrupted() -> Self {
        Step::Process.failed(CallFault::Unavailable)
    }

    /// Whether it may pass by itself.
    pub fn is_transient(&self) -> bool {
        match &self.fault {
            IdentityFault::Token(fault) => fault.is_transient,
            // AWS could not look at the cluster's OIDC keys.
            IdentityFault::Call(CallFault::Refused { code }) => code == "IDPCommunicationError",
            IdentityFault::Call(fault) => fault.is_transient(),
        }
    }
}

impl Step {
    pub(crate) fn assume_role(role: &AssumedRole) -> Self {
        Self::AssumeRole {
            role_arn: role.arn.clone(),
            is_tagged: !role.session_tags.is_empty(),
            has_external_id: role.external_id.is_some(),
        }
    }

    pub(crate) fn failed(self, fault: CallFault) -> IdentityError {
        IdentityError {
            step: self,
            fault: IdentityFault::Call(fault),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => out.write_str("AWS credentials of this process"),
            Self::ProcessWebIdentity => {
                out.write_str("sts:AssumeRoleWithWebIdentity of the role of this process")
            }
            Self::Token(account) => write!(out, "token of service account {account}"),
            Self::AssumeRoleWithWebIdentity { role_arn, .. } => {
                write!(out, "sts:AssumeRoleWithWebIdentity of {role_arn}")
            }
            Self::AssumeRole { role_arn, .. } => write!(out, "sts:AssumeRole of {role_arn}"),
        }
    }
}

/// It comes through the SDK to whoever called with these credentials.
impl From<IdentityError> for SourceFault {
    fn from(error: IdentityError) -> Self {
        Self {
            what: format!("{}: {}", error.step, error.fault),
            next_step: next_step(&error.step, &error.fault),
            is_transient: error.is_transient(),
        }
    }
}

fn next_step(step: &Step, fault: &IdentityFault) -> String {
    let fault = match fault {
        IdentityFault::Token(fault) => return fault.next_step.clone(),
        IdentityFault::Call(fault) => fault,
    };
    let fixed = match fault {
        CallFault::AccessDenied => return trust(step),
        CallFault::Throttled => "it is tried again, more slowly",
        CallFault::Unavailable => {
            "it is tried again; check the store's region, STS endpoint, proxy and network, if it stays so"
        }
        CallFault::Misconfigured | CallFault::UnknownPort { .. } => {
            "check region, STS endpoint URL and proxy settings"
        }
        CallFault::BadAnswer => "check the STS endpoint URL: does AWS STS answer there?",
        CallFault::Credentials(fault) => match (step, fault) {
            (Step::AssumeRole { .. }, CredentialsFault::Refused) => {
                "check the access key of the store, and the clock of the node"
            }
            (Step::AssumeRole { .. }, CredentialsFault::Expired) => {
                "renew the temporary key of the store, and check the clock of the node"
            }
            (Step::AssumeRoleWithWebIdentity { .. }, CredentialsFault::Expired) => {
                "check the clock of the control plane"
            }
            (_, fault) => fault.next_step(),
        },
        CallFault::Refused { code } => match code.as_str() {
            "InvalidIdentityToken" | "IDPRejectedClaim" => {
                "let the account have an IAM OIDC provider for this cluster's issuer, with the \
                 audience of the token"
            }
            "IDPCommunicationError" => {
                "it is tried again; AWS must reach the cluster's OIDC issuer over the Internet"
            }
            "RegionDisabledException" => "enable AWS STS in this region (IAM, account settings)",
            "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => {
                "give the store fewer or shorter session tags"
            }
            "ValidationError" | "InvalidParameterValue" => {
                "check role ARN, external id, and session tags of the store"
            }
            _ => "look it up in CloudTrail",
        },
    };
    fixed.to_owned()
}

/// What IAM must say for a step.
fn trust(step: &Step) -> String {
    match step {
        Step::AssumeRoleWithWebIdentity { account, .. } => format!(
            "let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC \
             provider with sub system:serviceaccount:{}:{}",
            account.namespace, account.name
        ),
        Step::ProcessWebIdentity => {
            "let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC \
             provider with the service account of this pod"
                .to_owned()
        }
        Step::AssumeRole {
            is_tagged,
            has_external_id,
            ..
        } => {
            let actions = if *is_tagged {
                "sts:AssumeRole and sts:TagSession"
            } else {
                "sts:AssumeRole"
            };
            let with = if *has_external_id {
                " with this external id"
            } else {
                ""
            };
            format!(
                "allow {actions} in the IAM policy of who assumes it and in the role's trust \
                 policy{with}"
            )
        }
        Step::Process | Step::Token(_) => "check the role of the pod".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_step_why_and_what_next() {
        let account = ServiceAccount {
            namespace: "team-a".to_owned(),
            name: "reader".to_owned(),
        };
        let role = AssumedRole {
            external_id: Some("x".to_owned()),
            session_tags: [("a".to_owned(), "b".to_owned())].into(),
            ..AssumedRole::of("arn:aws:iam::1:role/a")
        };
        for (step, fault, text) in [
            (
                Step::assume_role(&role),
                CallFault::AccessDenied,
                "sts:AssumeRole of arn:aws:iam::1:role/a: access denied; allow sts:AssumeRole and \
                 sts:TagSession in the IAM policy of who assumes it and in the role's trust policy \
                 with this external id",
            ),
            (
                Step::assume_role(&AssumedRole::of("arn")),
                CallFault::Throttled,
                "sts:AssumeRole of arn: AWS answers only so many calls; it is tried again, more \
                 slowly",
            ),
            (
                Step::AssumeRoleWithWebIdentity {
                    role_arn: "arn".to_owned(),
                    account,
                },
                CallFault::AccessDenied,
                "sts:AssumeRoleWithWebIdentity of arn: access denied; let the role's trust policy \
                 allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider with sub \
                 system:serviceaccount:team-a:reader",
            ),
            (
                Step::Process,
                CallFault::Credentials(CredentialsFault::Missing),
                "AWS credentials of this process: no AWS credentials were found; check the \
                 profile's name, sign in (aws sso login), set AWS_PROFILE or AWS_ACCESS_KEY_ID, or \
                 give the pod a role (IRSA, Pod Identity)",
            ),
        ] {
            assert_eq!(step.failed(fault).to_string(), text);
        }
    }

    #[test]
    fn only_what_passes_by_itself_is_transient() {
        let refused = |code: &str| CallFault::Refused { code: code.into() };
        for (fault, transient) in [
            (CallFault::Throttled, true),
            (CallFault::Unavailable, true),
            (CallFault::AccessDenied, false),
            (refused("IDPCommunicationError"), true),
            (refused("InvalidIdentityToken"), false),
        ] {
            let error = Step::Process.failed(fault);
            assert_eq!(error.is_transient(), transient, "{error}");
        }
    }
}
