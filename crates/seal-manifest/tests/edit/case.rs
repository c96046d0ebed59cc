//! A file before and after some edits.

use crate::step::edits;
use seal_manifest::edit;

/// What some edits make of a file. Edits are spelled `ITEM=VALUE`, `ITEM-` (removed), `ID<ITEM` (the
/// data key `ID` with the entry `boundTo: x`, under the item's line) and `ID<-`.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) before: &'static str,
    pub(crate) edits: &'static str,
    pub(crate) after: &'static str,
}

pub(crate) fn check(cases: &[Case]) {
    for case in cases {
        let edited = edit(case.before, 1, &edits(case.edits))
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(edited, case.after, "{}", case.name);
    }
}
