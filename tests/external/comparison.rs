//! The real operator and ours, one after the other, on the same manifests: the Secrets are the same, byte for
//! byte. What differs is in `differences.yaml`, each with its reason.

use suite::{CrdSet, ExternalSecretsController};
use testkit::{RealOperator, RealOperatorOptions};

use crate::bed::{Bed, Records};
use crate::case::Case;
use crate::differences::Differences;

/// The real operator, as fast as it can be.
pub(crate) fn real_operator(bed: &Bed) -> RealOperator {
    let args = ["--concurrent=8", "--client-qps=1000", "--client-burst=2000"];
    let options = RealOperatorOptions {
        aws: bed.proxy.url().to_owned(),
        args: args.map(str::to_owned).to_vec(),
    };
    RealOperator::start(bed.cluster.plane(), &options).unwrap()
}

/// What the real operator makes of them.
fn theirs(cases: &[Case]) -> Records {
    let bed = Bed::start();
    let operator = real_operator(&bed);
    let records = bed.run(cases);
    operator.process().stop().unwrap();
    records
}

/// What ours makes of them.
fn ours(bed: &Bed, cases: &[Case]) -> Records {
    let controller = ExternalSecretsController::start(&bed.cluster, bed.proxy.url(), &[]);
    let records = bed.run(cases);
    controller.process().stop().unwrap();
    records
}

#[test]
fn secrets_are_the_real_operator_s() {
    let cases = Case::all();
    assert!(cases.len() >= 120);
    // Where people switch, the definitions are the other's. Early, as the garbage collector needs half a minute
    // to learn of them.
    let bed = Bed::start();
    bed.cluster.external_secrets(CrdSet::Upstream);
    let theirs = theirs(&cases);
    for case in &cases {
        let facts = &theirs[&(case.id(), 0)];
        let ready = format!("ExternalSecret {} Ready", case.external);
        assert!(facts.contains_key(&ready) || case.silent, "{}", case.id());
    }
    let complaints = Differences::read().check(&theirs, &ours(&bed, &cases));
    assert!(complaints.is_empty(), "{complaints}");
}
