//! SIGKILL in the midst of hundreds of syncs, and SIGTERM.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use serde_json::json;
use suite::{Namespace, PATIENCE, data};
use testkit::aws::Fault;
use testkit::eventually;

use crate::bed::{Bed, all, wait_synced};

const OBJECTS: usize = 500;
const KEYS: usize = 100;
const KILLS: usize = 5;

fn pair(value: usize) -> String {
    json!({"a": value.to_string(), "b": value.to_string()}).to_string()
}

/// How many Secrets are there. None may be half-written.
fn done(namespace: &Namespace<'_>) -> usize {
    let secrets = namespace.list::<Secret>("");
    let made = secrets.iter().filter(|secret| secret.name_any() != "aws");
    made.map(|secret| {
        let items = data(secret);
        let name = secret.name_any();
        let number: usize = name.trim_start_matches("object-").parse().unwrap();
        let value = (number % KEYS).to_string();
        assert_eq!(items.len(), 2, "{name}");
        assert!(items.values().all(|item| *item == value), "{name}");
        assert!(secret.metadata.owner_references.is_some(), "{name}");
    })
    .count()
}

#[test]
fn killed_in_the_midst_of_500_syncs() {
    let mut bed = Bed::start(&[]);
    bed.shop("kill", "AKIAKILL");
    for number in 0..KEYS {
        let key = format!("key/{number}");
        bed.secrets.create_secret(&key, &pair(number), &[]).unwrap();
    }
    let Bed {
        controller,
        cluster,
        proxy,
        ..
    } = &mut bed;
    let namespace = cluster.existing("kill");
    proxy.forget_calls();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..OBJECTS {
                let key = format!("key/{}", number % KEYS);
                namespace.create(&all(&format!("object-{number}"), "1h", &key));
            }
        });
        for kill in 1..=KILLS {
            let goal = kill * OBJECTS / (KILLS + 1);
            eventually("progress", PATIENCE, || {
                (done(&namespace) >= goal).then_some(())
            });
            controller.process().kill().unwrap();
            controller.process_mut().restart().unwrap();
        }
        writer.join().unwrap();
    });
    eventually("the rest", PATIENCE, || {
        (done(&namespace) == OBJECTS).then_some(())
    });
    for number in 0..OBJECTS {
        wait_synced(&namespace, &format!("object-{number}"));
    }
    // A process asks for a value once, in batches or, if it comes alone, by itself.
    let calls: usize = proxy.all_calls().values().sum();
    assert!(calls <= (KILLS + 1) * KEYS, "{:?}", proxy.all_calls());
    ends_in_order(&mut bed);
}

/// While AWS does not answer, and half of the work is still to be done.
fn ends_in_order(bed: &mut Bed) {
    bed.fail_all(Fault::Stall);
    let namespace = bed.cluster.existing("kill");
    for number in 0..20 {
        namespace.create(&all(
            &format!("object-{}", OBJECTS + number),
            "1h",
            &format!("key/{number}"),
        ));
    }
    crate::bed::wait_calls(bed, 1);
    let ended = bed.controller.process().stop_within(Duration::from_secs(5));
    assert_eq!(ended.unwrap(), "exit status: 0");
    assert!(bed.controller.log().trim_end().ends_with("stopped"));
    bed.proxy.clear();
    bed.controller.process_mut().restart().unwrap();
    for number in 0..20 {
        wait_synced(&namespace, &format!("object-{}", OBJECTS + number));
    }
}
