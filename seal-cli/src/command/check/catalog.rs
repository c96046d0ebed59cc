//! Everything that `seal check` can find, by stable id. `docs/reference/check.md` says the same.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// It will not work, or a secret lies open.
    Error,
    /// It is probably not what was meant.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// Never changes its meaning: scripts and lists of exceptions name it.
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    /// For people who see the id alone.
    pub(super) about: &'static str,
}

macro_rules! catalog {
    ($($name:ident = $severity:ident $id:literal $about:literal;)*) => {
        $(pub(super) static $name: Check = Check {
            id: $id,
            severity: Severity::$severity,
            about: $about,
        };)*
        /// All of them, in the order of the documentation.
        pub(super) static ALL: &[&Check] = &[$(&$name),*];
    };
}

catalog! {
    UNREADABLE = Error "unreadable" "The file cannot be read";
    NOT_YAML = Error "not-yaml" "The file is neither YAML nor JSON";
    CONFLICT = Error "conflict" "git left a conflict in the file";
    DUPLICATE_KEY = Error "duplicate-key" "A key is given twice";
    EMPTY = Error "empty" "The file holds nothing";
    UNRENDERED = Note "unrendered-template" "The file is a template of Helm or Go, not a manifest";
    SEALED = Note "sealed" "A SealedSecret: its scope, its format, and for whom it is, as far as the file shows";
    NO_SEALED_SECRET = Note "no-sealed-secret" "There is no SealedSecret in the file";
    BAD_CONFIG = Error "bad-config" "The configuration with the rule for the file cannot be followed";
    UNKNOWN_IGNORE = Warning "unknown-ignore" "A comment seal:ignore names no finding";
    UNUSED_IGNORE = Warning "unused-ignore" "A comment seal:ignore does nothing";

    OTHER_KIND = Error "other-kind" "The object is a SealedSecret but for its kind";
    TWICE = Warning "twice" "The file has the object before already";
    OTHER_VERSION = Error "other-version" "The SealedSecret is not of bitnami.com/v1alpha1";
    MISSING_FIELD = Error "missing-field" "A field that must be there is missing";
    WRONG_TYPE = Error "wrong-type" "A field is of another type";
    BAD_NAME = Error "bad-name" "Name or namespace is not legal in Kubernetes";
    BAD_ITEM_NAME = Error "bad-item-name" "No Secret may have an item of that name";
    COERCED_NAME = Warning "coerced-name" "A name without quotes is another one in YAML";
    BOTH_FORMS = Error "both-forms" "spec.data and spec.encryptedData are used at the same time";
    MALFORMED = Error "malformed" "The object is not built as a SealedSecret is";
    WHOLE_SECRET = Warning "whole-secret" "spec.data, a whole Secret as one value, is deprecated";
    NO_ITEMS = Warning "no-items" "Nothing is sealed in the object";
    UNKNOWN_FIELD = Warning "unknown-field" "The API server drops a field that it does not know";
    IN_LIST = Warning "in-list" "A SealedSecret stands in a list";

    TWO_SCOPES = Warning "two-scopes" "The object is marked as namespace-wide and as cluster-wide";
    NOT_TRUE = Warning "not-true" "An annotation does nothing unless its value is \"true\"";
    SCOPE_IN_TEMPLATE = Warning "scope-in-template" "The template says another scope than the object";
    NO_EFFECT = Warning "no-effect" "An annotation has no effect where it stands";
    UNKNOWN_ANNOTATION = Warning "unknown-annotation" "No annotation of that name is known";
    MOVED = Warning "moved" "The object is elsewhere than its template, and probably than its values";
    NO_NAMESPACE = Note "no-namespace" "The object's namespace matters and is not in the file";

    NOT_SEALED = Error "not-sealed" "A value is no sealed value";
    REFUSED = Error "se1-refused" "Readers refuse values or data keys of SE1";
    MIXED_KEY_SIZES = Warning "mixed-key-sizes" "Items of one object are sealed for keys of different sizes";
    MIXED_FORMATS = Note "mixed-formats" "Items of one object are in different formats";
    UNUSED_DATA_KEY = Note "unused-data-key" "No value uses a data key";

    BAD_TEMPLATE = Error "bad-template" "A template cannot be rendered";
    MISSING_ITEM = Warning "missing-item" "A template uses an item that does not exist";
    SHADOWED_TEMPLATE = Warning "shadowed-template" "A template is never rendered, as a sealed item has its name";

    PLAIN_SECRET = Error "plain-secret" "A Secret stands unsealed in the file";
    PLAINTEXT = Error "plaintext" "A secret stands unsealed in the object";
    LAST_APPLIED = Error "last-applied" "An annotation of kubectl holds the Secret unsealed";
    MAYBE_PLAINTEXT = Warning "maybe-plaintext" "What stands unsealed in the object looks random, as secrets do";

    CERTIFICATE_EXPIRED = Warning "certificate-expired" "The certificate has expired";
    CERTIFICATE_EXPIRES = Warning "certificate-expires" "The certificate expires within 30 days";
    OTHER_KEY = Warning "other-key" "A value is not sealed for the certificate";

    READER_NOT_IN_RULE = Warning "reader-not-in-rule" "Somebody can read the values whom the rule does not name";
    READER_MISSING = Warning "reader-missing" "Somebody cannot read the values whom the rule names";
    OTHER_PLACE = Warning "other-place" "The object is elsewhere than the rule says";
    OTHER_SCOPE = Warning "other-scope" "The object has another scope than the rule says";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_words_and_each_is_there_once() {
        let ids: BTreeSet<_> = ALL.iter().map(|check| check.id).collect();
        assert_eq!(ids.len(), ALL.len());
        let legal = |id: &str| {
            id.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        for check in ALL {
            assert!(
                legal(check.id) && !check.about.ends_with('.'),
                "{}",
                check.id
            );
        }
    }
}
