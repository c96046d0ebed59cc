//! SIGKILL at any moment loses nothing and leaves nothing half done.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use seal_api::{ConditionStatus, SealedSecret};
use suite::{Cluster, Controller, Namespace, PATIENCE, data};
use testkit::eventually;

const OBJECTS: usize = 200;

/// Three items that belong together.
fn items(name: &str, round: usize) -> BTreeMap<String, String> {
    (0..3)
        .map(|item| (format!("item-{item}"), format!("{name} {round} {item}")))
        .collect()
}

/// How many Secrets hold what the round asks for. None may hold anything but one round's items.
fn done(namespace: &Namespace<'_>, round: usize) -> usize {
    let mut done = 0;
    for secret in namespace.list::<Secret>("") {
        let name = secret.name_any();
        let found = data(&secret);
        let rounds = (0..=round).filter(|&round| found == items(&name, round));
        let [found] = rounds.collect::<Vec<_>>()[..] else {
            panic!("Secret {name} is neither old nor new: {found:?}");
        };
        assert!(secret.metadata.owner_references.is_some(), "{name}");
        done += usize::from(found == round);
    }
    done
}

fn random(below: usize) -> usize {
    let mut byte = [0];
    aws_lc_rs::rand::fill(&mut byte).unwrap();
    usize::from(byte[0]) % below
}

#[test]
fn killing_it_at_any_moment_loses_nothing() {
    let cluster = Cluster::start();
    let mut controller = Controller::start(&cluster);
    let certificate = controller.certificate();
    let namespace = cluster.namespace("kill");
    let seal = |index: usize, round: usize| {
        let name = format!("object-{index}");
        let mut plain = namespace.plain(&name);
        for (item, value) in items(&name, round) {
            plain = plain.item(&item, value);
        }
        plain.seal(&certificate)
    };
    let mut kills = 0;
    for round in 0..2 {
        let sealed: Vec<_> = (0..OBJECTS).map(|index| seal(index, round)).collect();
        std::thread::scope(|scope| {
            // Written while the controller comes and goes.
            let writer = scope.spawn(|| {
                for sealed in &sealed {
                    if round == 0 {
                        namespace.create(sealed);
                    } else {
                        let name = sealed.name_any();
                        namespace.edit(&name, |live: &mut SealedSecret| {
                            live.spec = sealed.spec.clone();
                        });
                    }
                }
            });
            let mut reached = 0;
            while reached < OBJECTS {
                let goal = OBJECTS.min(reached + 1 + random(16));
                reached = eventually("progress", PATIENCE, || {
                    Some(done(&namespace, round)).filter(|&done| done >= goal)
                });
                controller.process().kill().unwrap();
                kills += 1;
                controller.process_mut().restart().unwrap();
            }
            writer.join().unwrap();
        });
    }
    assert!(kills >= 20, "{kills}");
    for index in 0..OBJECTS {
        let name = format!("object-{index}");
        namespace.wait_synced(&name, ConditionStatus::True);
    }
    assert_eq!(done(&namespace, 1), OBJECTS);
    assert_eq!(
        controller.certificate().fingerprint(),
        certificate.fingerprint()
    );
}
