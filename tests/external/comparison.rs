//! The real operator and ours, one after the other, on the same manifests: the Secrets are the same, byte for
//! byte. What differs is in `differences.yaml`, each with its reason.

use testkit::{RealOperator, RealOperatorOptions};

use crate::bed::{Bed, Records};
use crate::case::Case;

/// What the real operator makes of them.
fn theirs(cases: &[Case]) -> Records {
    let bed = Bed::start();
    let options = RealOperatorOptions {
        aws: bed.proxy.url().to_owned(),
        args: ["--concurrent=8", "--client-qps=1000", "--client-burst=2000"]
            .map(str::to_owned)
            .to_vec(),
    };
    let operator = RealOperator::start(bed.cluster.plane(), &options).unwrap();
    let records = bed.run(cases);
    operator.process().stop().unwrap();
    records
}

#[test]
fn the_real_operator_takes_every_case() {
    let cases = Case::all();
    assert!(cases.len() >= 120);
    let records = theirs(&cases);
    for case in &cases {
        let facts = &records[&(case.id(), 0)];
        let ready = format!("ExternalSecret {} Ready", case.external);
        assert_eq!(facts.contains_key(&ready), !case.silent, "{}", case.id());
    }
}
