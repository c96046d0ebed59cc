//! The controller's own credentials: stores that say nothing.

use jiff::SignedDuration;
use serde_json::json;
use suite::{ExternalSecretsController, PodIdentityAgent};
use testkit::aws;

use super::bed::{Bed, STORE, arn, external, set, store};

#[test]
fn keys_in_the_environment_are_the_last_resort() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one", "two"]);
    let mut variables = aws::environment(bed.proxy.url());
    "AKIAENVIRONMENT".clone_into(&mut variables[0].1);
    assert_eq!(variables[0].0, "AWS_ACCESS_KEY_ID");
    let _controller =
        ExternalSecretsController::start_in(&bed.cluster, bed.proxy.url(), &[], &variables);
    bed.apply(&[
        store("a", STORE, &json!({})),
        store("a", "role", &json!({"role": arn("reader")})),
        external("a", "one", ("SecretStore", STORE), "one"),
        external("a", "two", ("SecretStore", "role"), "two"),
    ]);
    bed.waits_for("a", "one", "one");
    bed.waits_for("a", "two", "two");
    assert_eq!(bed.askers()["one"], set(&["AKIAENVIRONMENT"]));
    assert_eq!(bed.proxy.access_keys("AssumeRole"), ["AKIAENVIRONMENT"]);
    assert!(bed.askers()["two"].is_disjoint(&bed.askers()["one"]));
}

#[test]
fn an_association_of_the_pod_is_enough() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    bed.in_aws(&["one"]);
    let agent = PodIdentityAgent::start(SignedDuration::from_hours(6));
    let token = bed.cluster.plane().dir().join("eks-pod-identity-token");
    std::fs::write(&token, "marker-in-token").unwrap();
    let mut variables = aws::environment(bed.proxy.url()).to_vec();
    variables.retain(|(name, _)| !name.contains("ACCESS_KEY"));
    variables.extend(agent.variables(&token));
    let controller = ExternalSecretsController::start_in(
        &bed.cluster,
        bed.proxy.url(),
        &["--loglevel=debug"],
        &variables,
    );
    bed.apply(&[
        store("a", STORE, &json!({})),
        external("a", "one", ("SecretStore", STORE), "one"),
    ]);
    bed.waits_for("a", "one", "one");
    assert_eq!(bed.askers()["one"], set(&["ASIAPOD1"]));
    assert_eq!(agent.tokens(), ["marker-in-token"]);
    let log = controller.log();
    for secret in ["marker-in-token", "marker-in-key", "marker-in-session"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn a_pod_without_credentials_says_what_to_give_it() {
    let bed = Bed::start(&[]);
    bed.namespaces(&["a"]);
    let mut variables = aws::environment(bed.proxy.url()).to_vec();
    variables.retain(|(name, _)| !name.contains("ACCESS_KEY"));
    let _controller =
        ExternalSecretsController::start_in(&bed.cluster, bed.proxy.url(), &[], &variables);
    bed.apply(&[
        store("a", STORE, &json!({})),
        external("a", "one", ("SecretStore", STORE), "one"),
    ]);
    let message = bed.waits_to_fail("a", "one", "no AWS credentials were found");
    assert!(message.contains("give the pod a role"), "{message}");
    let told = bed.store_waits_for(&["secretstore", STORE, "-n", "a"], "ValidationFailed");
    assert!(
        told.starts_with("False: unable to validate store: "),
        "{told}"
    );
}
