//! What the API server checks of SecretStores and ClusterSecretStores.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::schema::{KEY, NAME, NAMESPACE, at, named, rule};

/// Shapes the specification of both.
pub(super) fn shape(spec: &mut JSONSchemaProps) {
    named(spec, "conditions.[].namespaces.[]", NAMESPACE, 63);
    if let Some(interval) = at(spec, "refreshInterval") {
        rule(
            interval,
            "type(self) == int ? self >= 0 : duration(self) >= duration('0s')",
            "refreshInterval must be seconds or a duration such as 5m, and not negative",
        );
    }
    if let Some(provider) = at(spec, "provider") {
        provider.x_kubernetes_preserve_unknown_fields = Some(true);
        provider.min_properties = Some(1);
        provider.max_properties = Some(1);
    }
    let Some(aws) = at(spec, "provider.aws") else {
        return;
    };
    // What only PushSecrets need is another's, too.
    aws.x_kubernetes_preserve_unknown_fields = Some(true);
    let account = "auth.jwt.serviceAccountRef";
    named(aws, &format!("{account}.name"), NAME, 253);
    named(aws, &format!("{account}.namespace"), NAMESPACE, 63);
    for key in [
        "accessKeyIDSecretRef",
        "secretAccessKeySecretRef",
        "sessionTokenSecretRef",
    ] {
        let key = format!("auth.secretRef.{key}");
        named(aws, &format!("{key}.name"), NAME, 253);
        named(aws, &format!("{key}.namespace"), NAMESPACE, 63);
        named(aws, &format!("{key}.key"), KEY, 253);
    }
    if let Some(tags) = at(aws, "customSessionTags") {
        rule(
            tags,
            "!('esoNamespace' in self) && !('esoStoreName' in self) && !('esoStoreKind' in self)",
            "esoNamespace, esoStoreName and esoStoreKind are set by the controller",
        );
    }
}
