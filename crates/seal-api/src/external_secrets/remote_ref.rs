//! Which value of a store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A secret of the store, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteRef {
    /// Name or ARN of the secret.
    pub key: String,

    /// Part of the secret's JSON, as a GJSON path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,

    /// Version stage, or uuid/ and a version id; AWSCURRENT when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// Whether the secret's tags are taken in place of its value; None when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_policy: Option<MetadataPolicy>,

    /// How characters that no key may have are replaced; Default when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,

    /// How values are decoded; None when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,

    /// Whether a zero byte in a value is an error; Ignore when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// What is taken of a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetadataPolicy {
    /// Its value.
    #[default]
    None,
    /// Its tags, as a JSON object.
    Fetch,
}

/// What becomes of characters that no key of a Secret may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConversionStrategy {
    /// An underscore.
    #[default]
    Default,
    /// Their code point, as in _U002f_.
    Unicode,
}

/// How a value is decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DecodingStrategy {
    /// Base64 or base64url if it can be, else not at all.
    Auto,
    /// Base64 with padding.
    Base64,
    /// Base64url with padding.
    #[serde(rename = "Base64URL")]
    Base64Url,
    /// Not at all.
    #[default]
    None,
}

/// What a zero byte in a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NullBytePolicy {
    /// A byte like any other.
    #[default]
    Ignore,
    /// An error.
    Fail,
}
