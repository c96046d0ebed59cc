//! The full name of a KMS key, as SE1 stores it.

use std::fmt;
use std::str::FromStr;

/// ARN of a KMS **key** (never of an alias): `arn:aws:kms:REGION:ACCOUNT:key/ID`.
///
/// Reading is strict, as these come from files that anyone may have written: the region becomes part of a
/// host name. What was read prints as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyArn {
    partition: String,
    region: String,
    account: String,
    key_id: String,
}

/// A text is no ARN of a KMS key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no ARN of a KMS key, which look like arn:aws:kms:REGION:ACCOUNT:key/ID")]
pub struct NotAKeyArn;

impl KeyArn {
    /// `aws`, `aws-cn`, `aws-us-gov` and so on.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// Where the key lives, such as `eu-central-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The twelve digits of the account that owns the key.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What stands behind `key/`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether the key may have replicas with the same material in other regions.
    pub fn is_multi_region(&self) -> bool {
        self.key_id.starts_with("mrk-")
    }

    /// The same key id in another region. `None` if `region` cannot be the name of one.
    ///
    /// Only for [multi-region keys](Self::is_multi_region) is this a key that opens the same wraps.
    pub fn in_region(&self, region: &str) -> Option<Self> {
        is_region(region).then(|| Self {
            region: region.to_owned(),
            ..self.clone()
        })
    }

    /// Whether both open the same wraps: equal, or replicas of one multi-region key.
    pub fn is_same_key(&self, other: &Self) -> bool {
        let elsewhere = self.is_multi_region()
            && (&self.partition, &self.account, &self.key_id)
                == (&other.partition, &other.account, &other.key_id);
        self == other || elsewhere
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            key_id,
        } = self;
        write!(out, "arn:{partition}:kms:{region}:{account}:key/{key_id}")
    }
}

impl FromStr for KeyArn {
    type Err = NotAKeyArn;

    fn from_str(text: &str) -> Result<Self, NotAKeyArn> {
        let parts = Parts::of(text).ok_or(NotAKeyArn)?;
        let key_id = parts.resource.strip_prefix("key/").ok_or(NotAKeyArn)?;
        if !is_key_id(key_id) {
            return Err(NotAKeyArn);
        }
        Ok(Self {
            partition: parts.partition.to_owned(),
            region: parts.region.to_owned(),
            account: parts.account.to_owned(),
            key_id: key_id.to_owned(),
        })
    }
}

/// What every ARN of KMS is made of; all but the resource is checked.
pub(crate) struct Parts<'a> {
    partition: &'a str,
    pub(crate) region: &'a str,
    account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let fields: Vec<_> = text.splitn(6, ':').collect();
        let ["arn", partition, "kms", region, account, resource] = fields[..] else {
            return None;
        };
        let sound = is_partition(partition) && is_region(region) && is_account(account);
        sound.then_some(Self {
            partition,
            region,
            account,
            resource,
        })
    }
}

fn is_partition(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with("aws")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A region becomes a label of a host name.
pub(crate) fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A UUID, or `mrk-` and 32 hexadecimal digits; KMS may invent others.
pub(crate) fn is_key_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const MRK: &str =
        "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";

    #[test]
    fn reads_and_prints_the_same() {
        for text in [KEY, MRK] {
            assert_eq!(text.parse::<KeyArn>().unwrap().to_string(), text);
        }
        let arn: KeyArn = MRK.parse().unwrap();
        assert_eq!(arn.partition(), "aws-us-gov");
        assert_eq!(arn.region(), "us-gov-west-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.key_id(), "mrk-1234abcd12ab34cd56ef1234567890ab");
    }

    #[test]
    fn refuses_what_is_no_key() {
        for text in [
            "",
            "alias/seal",
            "arn:aws:kms:eu-central-1:111122223333:alias/seal",
            "arn:aws:kms:eu-central-1:111122223333:key/",
            "arn:aws:kms:eu-central-1:111122223333:key/a/b",
            "arn:aws:kms:eu-central-1:111122223333:key/a:b",
            "arn:aws:kms:eu-central-1:111122223333:key/a b",
            "arn:aws:kms:eu-central-1:111122223333:key/ä",
            "arn:aws:kms:eu-central-1:11112222333:key/a",
            "arn:aws:kms:eu-central-1:11112222333x:key/a",
            "arn:aws:kms::111122223333:key/a",
            "arn:aws:kms:evil.example/:111122223333:key/a",
            "arn:aws:kms:EU-CENTRAL-1:111122223333:key/a",
            "arn:aws:kms:-eu:111122223333:key/a",
            "arn:aws:sqs:eu-central-1:111122223333:key/a",
            "arn:gcp:kms:eu-central-1:111122223333:key/a",
            " arn:aws:kms:eu-central-1:111122223333:key/a",
            "arn:aws:kms:eu-central-1:111122223333:key/a\n",
        ] {
            assert_eq!(text.parse::<KeyArn>(), Err(NotAKeyArn), "{text}");
        }
    }

    #[test]
    fn only_multi_region_keys_have_siblings() {
        let (key, mrk): (KeyArn, KeyArn) = (KEY.parse().unwrap(), MRK.parse().unwrap());
        let replica = mrk.in_region("us-gov-east-1").unwrap();
        assert_eq!(
            replica.to_string(),
            MRK.replace("us-gov-west-1", "us-gov-east-1")
        );
        assert!(mrk.is_multi_region() && mrk.is_same_key(&replica) && mrk != replica);
        let lookalike = key.in_region("eu-west-1").unwrap();
        assert!(!key.is_multi_region() && !key.is_same_key(&lookalike) && key.is_same_key(&key));
        let foreign = MRK.replace("111122223333", "444455556666");
        assert!(!mrk.is_same_key(&foreign.parse().unwrap()));
        assert_eq!(mrk.in_region("no.region"), None);
    }
}
