//! What our definitions accept.

use super::case::Upstream::{Accepts, Refuses};
use super::case::{CES, CSS, Case, ES, SS, case};

/// All of it.
pub(super) const ACCEPTED: &[Case] = &[
    case(
        "as little as can be",
        ES,
        Accepts,
        r#"{"data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "every field of an entry",
        ES,
        Accepts,
        r#"{"secretStoreRef": {"name": "aws", "kind": "ClusterSecretStore"}, "data": [
        {"secretKey": "A_b-c.9", "remoteRef": {"key": "arn:aws:secretsmanager:eu-central-1:1:secret:a-x", "property": "a\\.b|0", "version": "uuid/1",
         "metadataPolicy": "Fetch", "conversionStrategy": "Unicode", "decodingStrategy": "Base64URL"},
         "sourceRef": {"storeRef": {"name": "other", "kind": "SecretStore"}}}]}"#,
    ),
    case(
        "an entry from a generator",
        ES,
        Accepts,
        r#"{"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]}"#,
    ),
    case(
        "extract of another store",
        ES,
        Accepts,
        r#"{"dataFrom": [{"extract": {"key": "a"}, "sourceRef": {"storeRef": {"name": "s"}}}]}"#,
    ),
    case(
        "find by everything",
        ES,
        Accepts,
        r#"{"dataFrom": [{"find": {"path": "/a", "name": {"regexp": "^a.*"}, "tags": {"env": "prod"}, "conversionStrategy": "Default"}}]}"#,
    ),
    case(
        "rewrites",
        ES,
        Accepts,
        r#"{"dataFrom": [{"extract": {"key": "a"}, "rewrite": [
        {"regexp": {"source": "(.*)", "target": "x_$1"}}, {"transform": {"template": "{{ .value | upper }}"}},
        {"merge": {}}, {"merge": {"into": "all", "strategy": "JSON", "priority": ["b"], "priorityPolicy": "IgnoreNotFound", "conflictPolicy": "Ignore"}}]}]}"#,
    ),
    case(
        "refresh policy and negative interval",
        ES,
        Accepts,
        r#"{"refreshPolicy": "OnChange", "refreshInterval": "-1m", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "an interval in parts",
        ES,
        Accepts,
        r#"{"refreshInterval": "1h2.5m3s", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "interval zero",
        ES,
        Accepts,
        r#"{"refreshInterval": "0", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "a target with nothing in it",
        ES,
        Accepts,
        r#"{"target": {}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "deletion with the owner",
        ES,
        Accepts,
        r#"{"target": {"name": "t", "deletionPolicy": "Delete"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "deletion of an orphan, which fails later",
        ES,
        Accepts,
        r#"{"target": {"creationPolicy": "Orphan", "deletionPolicy": "Delete"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "merge and merge",
        ES,
        Accepts,
        r#"{"target": {"creationPolicy": "Merge", "deletionPolicy": "Merge", "immutable": true}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "a template with everything",
        ES,
        Accepts,
        r#"{"target": {"template": {"type": "kubernetes.io/tls", "metadata": {"labels": {"a": "{{ .a }}"}, "annotations": {"b": "c"}},
        "data": {"k": "{{ .a }}"}, "mergePolicy": "Merge", "templateFrom": [
          {"configMap": {"name": "c", "items": [{"key": "k"}, {"key": "l", "templateAs": "KeysAndValues"}]}},
          {"secret": {"name": "s", "items": [{"key": "k"}]}, "target": "Annotations"}, {"literal": "a: b", "target": "Labels"}]}},
        "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "an empty template",
        ES,
        Accepts,
        r#"{"target": {"template": {}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "a token of an account that something else names",
        ES,
        Accepts,
        r#"{"target": {"template": {"type": "kubernetes.io/service-account-token", "metadata": {"annotations": {"a": "b"}}}},
        "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "the same key twice, which upstream's webhook would refuse",
        ES,
        Accepts,
        r#"{"data": [{"secretKey": "a", "remoteRef": {"key": "a"}}, {"secretKey": "a", "remoteRef": {"key": "b"}}]}"#,
    ),
    case(
        "creation or merge",
        ES,
        Refuses("Unsupported value: \"CreateOrMerge\""),
        r#"{"target": {"creationPolicy": "CreateOrMerge"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "zero bytes",
        ES,
        Refuses("nullBytePolicy"),
        r#"{"data": [{"secretKey": "a", "remoteRef": {"key": "a", "nullBytePolicy": "Fail"}}]}"#,
    ),
    case(
        "windows",
        ES,
        Refuses("syncWindows"),
        r#"{"syncWindows": {"kind": "deny", "windows": [{"schedule": "0 8 * * 1-5", "duration": "10h"}]}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "another kind of target",
        ES,
        Refuses("manifest"),
        r#"{"target": {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}, "template": {"templateFrom": [{"literal": "a", "target": "spec.a"}]}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "a target of a template in lower case",
        ES,
        Refuses("Unsupported value: \"labels\""),
        r#"{"target": {"template": {"templateFrom": [{"literal": "a: b", "target": "labels"}]}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "values of a template decoded",
        ES,
        Refuses("valuesDecodingStrategy"),
        r#"{"target": {"template": {"templateFrom": [{"literal": "a: b", "valuesDecodingStrategy": "Auto"}]}},
        "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "finalizers of a template",
        ES,
        Accepts,
        r#"{"target": {"template": {"metadata": {"finalizers": ["a.b/c"]}}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
    ),
    case(
        "a store with the account's own role",
        SS,
        Accepts,
        r#"{"provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1"}}}"#,
    ),
    case(
        "a store with everything",
        CSS,
        Accepts,
        r#"{"controller": "other", "refreshInterval": 60, "retrySettings": {"maxRetries": 5, "retryInterval": "10s"},
        "conditions": [{"namespaces": ["a", "b"]}, {"namespaceRegexes": ["^prod-"]}, {"namespaceSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}}],
        "provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1", "prefix": "p/", "role": "arn:aws:iam::1:role/r", "additionalRoles": ["arn:aws:iam::1:role/q"],
          "externalID": "x", "sessionTags": [{"key": "a", "value": "b"}], "transitiveTagKeys": ["a"],
          "secretsManager": {"forceDeleteWithoutRecovery": true, "recoveryWindowInDays": 7},
          "auth": {"jwt": {"serviceAccountRef": {"name": "a", "namespace": "n", "audiences": ["x"]}},
            "secretRef": {"accessKeyIDSecretRef": {"name": "a", "namespace": "n", "key": "id"}, "secretAccessKeySecretRef": {"name": "a", "key": "key"}, "sessionTokenSecretRef": {"name": "a", "key": "t"}}}}}}"#,
    ),
    case(
        "Parameter Store, which is not served",
        SS,
        Accepts,
        r#"{"provider": {"aws": {"service": "ParameterStore", "region": "eu-central-1"}}}"#,
    ),
    case(
        "Certificate Manager, which is not served",
        SS,
        Refuses("CertificateManager"),
        r#"{"provider": {"aws": {"service": "CertificateManager", "region": "eu-central-1"}}}"#,
    ),
    case(
        "checks of a store by duration",
        SS,
        Refuses("refreshInterval"),
        r#"{"refreshInterval": "1m30s", "provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1"}}}"#,
    ),
    case(
        "tags of one's own",
        CSS,
        // It names one of the two fields that it does not know.
        Refuses("essionTags"),
        r#"{"provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1", "sessionTagsPolicy": "Custom", "customSessionTags": {"team": "shop"}}}}"#,
    ),
    case(
        "a regular expression that is none, which the status says",
        CSS,
        Accepts,
        r#"{"conditions": [{"namespaceRegexes": ["("]}], "provider": {"aws": {"service": "SecretsManager", "region": "eu-central-1"}}}"#,
    ),
    case(
        "another provider",
        CSS,
        Accepts,
        r#"{"provider": {"vault": {"server": "https://v", "path": "kv", "version": "v2", "auth": {"tokenSecretRef": {"name": "a", "namespace": "n", "key": "t"}}}}}"#,
    ),
    case(
        "one for many namespaces",
        CES,
        Accepts,
        r#"{"externalSecretName": "n", "externalSecretMetadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "refreshTime": "1m",
        "namespaceSelectors": [{"matchLabels": {"a": "b"}}], "namespaces": ["x"], "namespaceSelector": {"matchLabels": {}},
        "externalSecretSpec": {"secretStoreRef": {"name": "aws", "kind": "ClusterSecretStore"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}}"#,
    ),
];
