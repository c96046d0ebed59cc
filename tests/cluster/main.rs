//! What our controller does with SealedSecrets, on one control plane, in a namespace per test
//! (contract §9.1, and what this project adds).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_docs_in_private_items,
    reason = "tests"
)]

mod deployment;
mod drift;
mod endpoints;
mod immutable;
mod legacy;
mod malformed;
mod ownership;
mod scopes;
mod se1;
mod se1_attacks;
mod se1_component;
mod templates;
mod unseal;
mod verify_rotate;

use std::sync::OnceLock;

use seal_keys::Certificate;
use suite::{Cluster, Controller, Namespace};

/// What every test here uses. It ends with the process, as statics are never dropped.
struct Bed {
    cluster: Cluster,
    controller: Controller,
    certificate: Certificate,
}

fn bed() -> &'static Bed {
    static BED: OnceLock<Bed> = OnceLock::new();
    BED.get_or_init(|| {
        let cluster = Cluster::start();
        let controller = Controller::start(&cluster);
        let certificate = controller.certificate();
        Bed {
            cluster,
            controller,
            certificate,
        }
    })
}

/// A namespace for one test, and the certificate to seal for.
fn scene(name: &str) -> (Namespace<'static>, &'static Certificate) {
    let bed = bed();
    (bed.cluster.namespace(name), &bed.certificate)
}
