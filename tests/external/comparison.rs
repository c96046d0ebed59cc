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

/// Whether the definitions of the cluster refuse the case's manifest.
fn is_refused(bed: &Bed, case: &Case) -> bool {
    let mut manifest = case.manifest();
    manifest["metadata"]["namespace"] = "default".into();
    let applied = bed.cluster.plane().apply(&manifest);
    applied.is_err_and(|error| error.to_string().contains("is invalid"))
}

/// Features that are compared on our definitions as well: what depends on the values that they give to fields,
/// and what only they check.
const DEFINED: [&str; 4] = ["creation", "deletion", "names", "refresh"];

#[test]
fn secrets_are_the_real_operator_s() {
    let mut cases = Case::all();
    assert!(cases.len() >= 120);
    // Early, as the garbage collector needs half a minute to learn of definitions.
    let [upstream, own] = [CrdSet::Upstream, CrdSet::Ours].map(|crds| {
        let bed = Bed::start();
        bed.cluster.external_secrets(crds);
        bed
    });
    let theirs = theirs(&cases);
    for case in &cases {
        let facts = &theirs[&(case.id(), 0)];
        let ready = format!("ExternalSecret {} Ready", case.external);
        assert!(facts.contains_key(&ready) || case.silent, "{}", case.id());
    }
    // Where people switch, the definitions are the other's.
    let all = ours(&upstream, &cases);
    let complaints = Differences::read().check(&theirs, &all);
    assert!(complaints.is_empty(), "{complaints}");

    cases.retain(|case| DEFINED.contains(&&*case.feature));
    let refused: Vec<Case> = cases.extract_if(.., |case| case.refused).collect();
    for case in &refused {
        assert!(is_refused(&own, case), "{}", case.id());
    }
    let mut differ = ours(&own, &cases);
    differ.retain(|case, facts| all[case] != *facts);
    assert!(differ.is_empty(), "other with our definitions: {differ:?}");
}
