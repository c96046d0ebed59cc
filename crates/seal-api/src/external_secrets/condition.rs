//! Conditions of all kinds of the group.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::status::DateTime;

/// One observation of an object's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadyCondition {
    /// Ready, or Deleted.
    #[serde(rename = "type")]
    pub kind: String,

    /// True, False or Unknown.
    pub status: ReadyStatus,

    /// Why, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// Why, for people. Never holds a value or a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// Last time the condition went from one status to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub last_transition_time: Option<Timestamp>,
}

pub use crate::status::ConditionStatus as ReadyStatus;
