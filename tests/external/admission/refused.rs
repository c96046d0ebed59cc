//! What our definitions refuse.

use super::case::Upstream::{Accepts, Refuses};
use super::case::{CES, CSS, Case, ES, SS, case};

/// All of it, and with which words.
pub(super) const REFUSED: &[(Case, &str)] = &[
    (
        case(
            "nothing to fetch",
            ES,
            Accepts,
            r#"{"secretStoreRef": {"name": "aws"}}"#,
        ),
        "either data or dataFrom should be specified",
    ),
    (
        case(
            "empty lists",
            ES,
            Accepts,
            r#"{"data": [], "dataFrom": []}"#,
        ),
        "either data or dataFrom should be specified",
    ),
    (
        case(
            "nothing to fetch for many",
            CES,
            Accepts,
            r#"{"externalSecretSpec": {"secretStoreRef": {"name": "aws"}}}"#,
        ),
        "either data or dataFrom should be specified",
    ),
    (
        case(
            "Delete with Merge",
            ES,
            Accepts,
            r#"{"target": {"creationPolicy": "Merge", "deletionPolicy": "Delete"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "deletionPolicy=Delete must not be used",
    ),
    (
        case(
            "Delete with None",
            ES,
            Accepts,
            r#"{"target": {"creationPolicy": "None", "deletionPolicy": "Delete"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "deletionPolicy=Delete must not be used",
    ),
    (
        case(
            "Delete with CreateOrMerge",
            ES,
            Refuses("CreateOrMerge"),
            r#"{"target": {"creationPolicy": "CreateOrMerge", "deletionPolicy": "Delete"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "deletionPolicy=Delete must not be used",
    ),
    (
        case(
            "Merge with None",
            ES,
            Accepts,
            r#"{"target": {"creationPolicy": "None", "deletionPolicy": "Merge"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "deletionPolicy=Merge must not be used with creationPolicy=None",
    ),
    (
        case(
            "find and extract",
            ES,
            Accepts,
            r#"{"dataFrom": [{"extract": {"key": "a"}, "find": {"name": {"regexp": "a"}}}]}"#,
        ),
        "exactly one of them",
    ),
    (
        case(
            "extract and a generator",
            ES,
            Accepts,
            r#"{"dataFrom": [{"extract": {"key": "a"}, "sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]}"#,
        ),
        "exactly one of them",
    ),
    (
        case(
            "an entry of nothing",
            ES,
            Accepts,
            r#"{"dataFrom": [{"rewrite": []}]}"#,
        ),
        "exactly one of them",
    ),
    (
        case(
            "an entry of nothing but a store, which upstream passes over in silence",
            ES,
            Accepts,
            r#"{"dataFrom": [{"sourceRef": {"storeRef": {"name": "s"}}}]}"#,
        ),
        "exactly one of them",
    ),
    (
        case(
            "a source that is empty",
            ES,
            Refuses("sourceRef"),
            r#"{"dataFrom": [{"extract": {"key": "a"}, "sourceRef": {}}]}"#,
        ),
        "should have at least 1 properties",
    ),
    (
        case(
            "two sources",
            ES,
            Refuses("sourceRef"),
            r#"{"data": [{"secretKey": "a", "remoteRef": {"key": "a"}, "sourceRef": {"storeRef": {"name": "s"}, "generatorRef": {"kind": "Password", "name": "p"}}}]}"#,
        ),
        "Too many: 2",
    ),
    (
        case(
            "two rewrites in one",
            ES,
            Refuses("rewrite"),
            r#"{"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{"regexp": {"source": "a", "target": "b"}, "transform": {"template": "a"}}]}]}"#,
        ),
        "Too many: 2",
    ),
    (
        case(
            "a token for bootstrapping",
            ES,
            Accepts,
            r#"{"target": {"template": {"type": "bootstrap.kubernetes.io/token"}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "join nodes to the cluster",
    ),
    (
        case(
            "a token of any account",
            ES,
            Accepts,
            r#"{"target": {"template": {"type": "kubernetes.io/service-account-token", "metadata": {"annotations": {"kubernetes.io/service-account.name": "admin"}}}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "gets the token of any account",
    ),
    (
        case(
            "a token of any account, by way of a template",
            ES,
            Accepts,
            r#"{"target": {"template": {"type": "kubernetes.io/service-account-token", "templateFrom": [{"literal": "kubernetes.io/service-account.name: admin", "target": "Annotations"}]}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "must not come from templates elsewhere",
    ),
    (
        case(
            "the same for many namespaces",
            CES,
            Accepts,
            r#"{"externalSecretSpec": {"target": {"template": {"type": "bootstrap.kubernetes.io/token"}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}}"#,
        ),
        "join nodes to the cluster",
    ),
    (
        case(
            "a target of a template that is none",
            ES,
            Refuses("target"),
            r#"{"target": {"template": {"templateFrom": [{"literal": "a", "target": "spec.a"}]}}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "Data, Annotations or Labels",
    ),
    (
        case(
            "an interval without a unit",
            ES,
            Accepts,
            r#"{"refreshInterval": "60", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "spec.refreshInterval",
    ),
    (
        case(
            "an interval in days",
            ES,
            Accepts,
            r#"{"refreshInterval": "1d", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "spec.refreshInterval",
    ),
    (
        case(
            "an interval of nothing",
            ES,
            Accepts,
            r#"{"refreshInterval": "", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "spec.refreshInterval",
    ),
    (
        case(
            "a key that no Secret may have",
            ES,
            Refuses("secretKey"),
            r#"{"data": [{"secretKey": "a/b", "remoteRef": {"key": "a"}}]}"#,
        ),
        "spec.data[0].secretKey",
    ),
    (
        case(
            "a name that no Secret may have",
            ES,
            Refuses("spec.target.name"),
            r#"{"target": {"name": "A_b"}, "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "spec.target.name",
    ),
    (
        case(
            "a policy that there is not",
            ES,
            Refuses("refreshPolicy"),
            r#"{"refreshPolicy": "Always", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        "spec.refreshPolicy",
    ),
    (
        case(
            "a field that there is not",
            ES,
            Refuses("interval"),
            r#"{"interval": "1h", "data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]}"#,
        ),
        ".spec.interval: field not declared in schema",
    ),
    (
        case(
            "a store without provider",
            SS,
            Refuses("provider"),
            r#"{"controller": "a"}"#,
        ),
        "spec.provider",
    ),
    (
        case(
            "a provider of nothing",
            SS,
            Refuses("provider"),
            r#"{"provider": {}}"#,
        ),
        "should have at least 1 properties",
    ),
    (
        case(
            "two providers",
            SS,
            Refuses("provider"),
            r#"{"provider": {"aws": {"service": "SecretsManager", "region": "a"}, "fake": {"data": []}}}"#,
        ),
        "Too many: 2",
    ),
    (
        case(
            "no region",
            SS,
            Refuses("region"),
            r#"{"provider": {"aws": {"service": "SecretsManager"}}}"#,
        ),
        "spec.provider.aws.region",
    ),
    (
        case(
            "another service",
            SS,
            Refuses("service"),
            r#"{"provider": {"aws": {"service": "S3", "region": "a"}}}"#,
        ),
        "spec.provider.aws.service",
    ),
    (
        case(
            "checks less than never",
            SS,
            Accepts,
            r#"{"refreshInterval": -1, "provider": {"aws": {"service": "SecretsManager", "region": "a"}}}"#,
        ),
        "not negative",
    ),
    (
        case(
            "checks by a duration less than never",
            SS,
            Refuses("refreshInterval"),
            r#"{"refreshInterval": "-1m", "provider": {"aws": {"service": "SecretsManager", "region": "a"}}}"#,
        ),
        "not negative",
    ),
    (
        case(
            "checks by no duration",
            SS,
            Refuses("refreshInterval"),
            r#"{"refreshInterval": "often", "provider": {"aws": {"service": "SecretsManager", "region": "a"}}}"#,
        ),
        "spec.refreshInterval",
    ),
    (
        case(
            "tags that the controller sets",
            CSS,
            Refuses("customSessionTags"),
            r#"{"provider": {"aws": {"service": "SecretsManager", "region": "a", "customSessionTags": {"esoNamespace": "kube-system"}}}}"#,
        ),
        "set by the controller",
    ),
    (
        case(
            "a namespace that is none",
            CSS,
            Refuses("namespaces"),
            r#"{"conditions": [{"namespaces": ["*"]}], "provider": {"aws": {"service": "SecretsManager", "region": "a"}}}"#,
        ),
        "spec.conditions[0].namespaces[0]",
    ),
];
