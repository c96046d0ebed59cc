//! The controller with credentials from EKS Pod Identity: an agent on the node, asked by HTTP.

use std::path::Path;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use seal_api::ConditionStatus;
use suite::{Cluster, Controller, KmsReader, Namespace, PodIdentityAgent};
use testkit::aws::Kms;

use crate::cloud_keys::{Aws, SMALL};

/// What the controller has in its environment.
fn variables(agent: &PodIdentityAgent, aws: &Aws, token: &Path) -> Vec<(&'static str, String)> {
    let mut variables = aws.variables().to_vec();
    variables.retain(|(name, _)| !name.contains("ACCESS_KEY"));
    variables.extend(agent.variables(token));
    variables
}

fn opens(namespace: &Namespace<'_>, name: &str, reader: &KmsReader) {
    let plain = namespace.plain(name).item("password", "hunter2");
    namespace.create(&plain.seal_se1(&[reader]));
    namespace.wait_synced(name, ConditionStatus::True);
    let secret: Secret = namespace.wait_secret(name);
    assert_eq!(
        suite::data(&secret),
        suite::text(&[("password", "hunter2")])
    );
}

#[test]
fn an_association_is_enough() {
    let (aws, agent) = (
        Aws::start(),
        PodIdentityAgent::start(SignedDuration::from_hours(6)),
    );
    let reader = KmsReader::make(Kms::at(aws.emulator.url()));
    let cluster = Cluster::start();
    let token = cluster.plane().dir().join("eks-pod-identity-token");
    std::fs::write(&token, "marker-in-token").unwrap();
    let allowed = format!("--kms-key={}", reader.arn);
    let wrap = format!("--wrap-keys-with=kms:{}", aws.arn);
    let args = [SMALL, &allowed, &wrap, "--log-level=DEBUG"];
    let controller = Controller::start_in(&cluster, &args, &variables(&agent, &aws, &token));
    let namespace = cluster.namespace("association");
    opens(&namespace, "db", &reader);

    // Its own key was wrapped and opened, then the value.
    let keys = aws.proxy.access_keys("Encrypt");
    assert!(!keys.is_empty());
    let keys = [keys, aws.proxy.access_keys("Decrypt")].concat();
    assert!(keys.len() >= 3, "{keys:?}");
    assert!(
        keys.iter().all(|key| key.starts_with("ASIAPOD")),
        "{keys:?}"
    );
    let tokens = agent.tokens();
    assert!(!tokens.is_empty() && tokens.iter().all(|token| token == "marker-in-token"));
    let log = controller.log();
    for secret in ["marker-in-token", "marker-in-key", "marker-in-session"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn credentials_that_expire_are_fetched_with_the_token_of_that_time() {
    // Too short to be kept: each call asks for new ones.
    let (aws, agent) = (
        Aws::start(),
        PodIdentityAgent::start(SignedDuration::from_secs(5)),
    );
    let reader = KmsReader::make(Kms::at(aws.emulator.url()));
    let cluster = Cluster::start();
    let token = cluster.plane().dir().join("eks-pod-identity-token");
    std::fs::write(&token, "first").unwrap();
    let allowed = format!("--kms-key={}", reader.arn);
    let _controller = Controller::start_in(
        &cluster,
        &[SMALL, &allowed],
        &variables(&agent, &aws, &token),
    );
    let namespace = cluster.namespace("expiry");
    opens(&namespace, "early", &reader);
    // As the kubelet does it.
    std::fs::write(&token, "second").unwrap();
    opens(&namespace, "late", &reader);
    let tokens = agent.tokens();
    assert_eq!(tokens.first().map(String::as_str), Some("first"));
    assert_eq!(tokens.last().map(String::as_str), Some("second"));
    let keys = aws.proxy.access_keys("Decrypt");
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}
