//! `spec.dataKeys`: the data keys of SE1 values, wrapped (docs/format.md). Strings only; what they
//! hold is read by seal-format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One data key, wrapped for each of its recipients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataKeyEntry {
    /// The scope, namespace and name that the values were sealed for.
    pub bound_to: String,

    /// What the data key is held to, in base64.
    pub commit: String,

    /// Authenticates the list of wraps, in base64.
    pub mac: String,

    /// The data key, once for each recipient; sorted by recipient.
    pub wraps: Vec<WrapEntry>,
}

/// A data key, wrapped for one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrapEntry {
    /// The recipient: `age1…`, `ssh-…`, the ARN of an AWS KMS key, or `rsa:` and a fingerprint.
    pub to: String,

    /// The wrap: an armored age file, else base64.
    pub enc: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_missing_fields_are_refused() {
        let good =
            r#"{"boundTo":"cluster-wide","commit":"c","mac":"m","wraps":[{"to":"t","enc":"e"}]}"#;
        let entry: DataKeyEntry = serde_json::from_str(good).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), good);
        for bad in [
            good.replace("\"mac\":\"m\",", ""),
            good.replace("\"mac\":\"m\"", "\"mac\":null"),
            good.replace("\"mac\":\"m\"", "\"mac\":1"),
            good.replace("\"mac\"", "\"serial\":\"1\",\"mac\""),
            good.replace("\"to\"", "\"age\":\"x\",\"to\""),
        ] {
            assert!(serde_json::from_str::<DataKeyEntry>(&bad).is_err(), "{bad}");
        }
    }
}
