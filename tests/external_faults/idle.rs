//! Where nothing changes, nothing is written but when it was looked at.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::ResourceExt as _;
use seal_api::external_secrets::ExternalSecret;
use serde_json::Value;
use suite::{Cluster, Namespace};
use testkit::eventually;

use crate::bed::{Bed, OPERATIONS, one, secret_versions, wait_synced};

const OBJECTS: usize = 50;
/// A dozen intervals of the impatient.
const PERIOD: SignedDuration = SignedDuration::from_secs(60);
const PATIENCE: Duration = Duration::from_mins(3);

/// Everything about the ExternalSecrets but when they were refreshed.
fn objects(namespace: &Namespace<'_>) -> Vec<Value> {
    let objects = namespace.list::<ExternalSecret>("");
    let objects = objects.into_iter().map(|mut object| {
        object.metadata.managed_fields = None;
        object.metadata.resource_version = None;
        object.status.as_mut().unwrap().refresh_time = None;
        serde_json::to_value(object).unwrap()
    });
    objects.collect()
}

fn versions(namespace: &Namespace<'_>) -> Vec<(String, Option<String>)> {
    let objects = namespace.list::<ExternalSecret>("");
    let versions = objects
        .iter()
        .map(|it| (it.name_any(), it.resource_version()));
    versions.collect()
}

/// Calls of AWS as this access key.
fn calls_as(bed: &Bed, access_key: &str) -> usize {
    let signers = OPERATIONS.iter().flat_map(|it| bed.proxy.access_keys(it));
    signers.filter(|signer| signer == access_key).count()
}

/// Requests that write Secrets, those that were refused or came to nothing included.
fn secret_writes(cluster: &Cluster) -> Vec<String> {
    let metrics = cluster.plane().run(&["get", "--raw", "/metrics"]).unwrap();
    let writes = |line: &&str| {
        let verbs = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];
        line.starts_with("apiserver_request_total{")
            && line.contains(r#"resource="secrets""#)
            && verbs
                .iter()
                .any(|verb| line.contains(&format!(r#"verb="{verb}""#)))
    };
    metrics.lines().filter(writes).map(str::to_owned).collect()
}

#[test]
fn a_minute_without_changes_writes_nothing_but_refresh_times() {
    let bed = Bed::start(&[]);
    let impatient = bed.shop("impatient", "AKIAIMPATIENT");
    let hourly = bed.shop("hourly", "AKIAHOURLY");
    let name = |number: usize| format!("object-{number}");
    for number in 0..OBJECTS {
        bed.secrets
            .create_secret(&name(number), "one", &[])
            .unwrap();
        hourly.create(&one(&name(number), "1h", &name(number)));
        impatient.create(&one(&name(number), "5s", &name(number)));
    }
    for number in 0..OBJECTS {
        for namespace in [&impatient, &hourly] {
            wait_synced(namespace, &name(number));
            namespace.wait_event(&name(number), "Created");
        }
    }
    let start = Timestamp::now();
    let seen = || {
        let events = impatient.list::<Event>("").len() + hourly.list::<Event>("").len();
        let secrets = [&impatient, &hourly].map(secret_versions);
        (secrets, objects(&impatient), versions(&hourly), events)
    };
    let before = (seen(), secret_writes(&bed.cluster));
    let hourly_calls = calls_as(&bed, "AKIAHOURLY");
    let impatient_calls = calls_as(&bed, "AKIAIMPATIENT");
    eventually(
        "every object to be refreshed for a minute",
        PATIENCE,
        || {
            let objects = impatient.list::<ExternalSecret>("");
            let refreshed = |object: &ExternalSecret| {
                let refreshed = object.status.as_ref()?.refresh_time.as_ref()?;
                let refreshed: Timestamp = refreshed.to_string().parse().ok()?;
                Some(refreshed.duration_since(start) >= PERIOD)
            };
            let all = objects.iter().all(|object| refreshed(object) == Some(true));
            all.then_some(())
        },
    );
    assert_eq!((seen(), secret_writes(&bed.cluster)), before);
    assert_eq!(calls_as(&bed, "AKIAHOURLY"), hourly_calls);
    // Before the first sweep each refresh may ask, in batches; then one call every 4.5 s serves all.
    let calls = calls_as(&bed, "AKIAIMPATIENT") - impatient_calls;
    assert!(calls <= 150, "{calls}");
    let secrets: Vec<Secret> = impatient.list("");
    assert_eq!(secrets.len(), OBJECTS + 1);
}
