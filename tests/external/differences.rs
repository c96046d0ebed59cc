//! What the two controllers make of the cases, side by side, and what `differences.yaml` says about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::bed::Records;
use crate::case;
use crate::record::Facts;

/// Theirs and ours; null where there is no such fact.
type Pair = [Value; 2];

/// The file: every difference that is known, each with its reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differences {
    /// In many cases the same.
    everywhere: Vec<Everywhere>,
    /// In some cases.
    cases: Vec<Known>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Everywhere {
    /// Kind of the object and the fact, without the object's name.
    fact: String,
    theirs: Value,
    ours: Value,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// Ids of the cases, with ` then N` after the Nth round.
    cases: Vec<String>,
    facts: BTreeMap<String, Pair>,
    reason: String,
}

impl Differences {
    pub(crate) fn read() -> Self {
        case::read(&case::folder().join("differences.yaml"))
    }

    /// Whether the case is among them.
    pub(crate) fn concern(&self, case: &str) -> bool {
        let mut known = self.cases.iter().flat_map(|known| &known.cases);
        known.any(|known| known.split(' ').next() == Some(case))
    }

    /// What is not as the file says, one line each; nothing if all is.
    pub(crate) fn check(&self, theirs: &Records, ours: &Records) -> String {
        let mut complaints = String::new();
        let mut used = BTreeSet::new();
        let mut known = self.by_case(&mut complaints);
        for (case, their_facts) in theirs {
            let mut found = between(their_facts, &ours[case]);
            found.retain(|fact, pair| {
                let general = self.everywhere.iter().position(|it| it.is(fact, pair));
                used.extend(general);
                general.is_none()
            });
            let title = title(case);
            let expected = known.remove(&title).unwrap_or_default();
            if title.starts_with("refresh-drift") && theirs_missed_it(&found) {
                continue;
            }
            for (fact, pair) in &found {
                if expected.get(fact) != Some(pair) {
                    let [theirs, ours] = pair;
                    let _ = writeln!(complaints, "{title}: {fact}: [{theirs}, {ours}]");
                }
            }
            for fact in expected.keys().filter(|fact| !found.contains_key(*fact)) {
                let _ = writeln!(complaints, "{title}: {fact}: no difference any more");
            }
        }
        for title in known.keys() {
            let _ = writeln!(complaints, "{title}: no such case");
        }
        for (index, general) in self.everywhere.iter().enumerate() {
            if !used.contains(&index) {
                let _ = writeln!(complaints, "everywhere: {}: nowhere any more", general.fact);
            }
        }
        complaints
    }

    fn by_case(&self, complaints: &mut String) -> BTreeMap<String, BTreeMap<String, Pair>> {
        let mut all: BTreeMap<String, BTreeMap<String, Pair>> = BTreeMap::new();
        let reasons = self.everywhere.iter().map(|it| &it.reason);
        if reasons
            .chain(self.cases.iter().map(|it| &it.reason))
            .any(String::is_empty)
        {
            complaints.push_str("a difference without a reason\n");
        }
        for known in &self.cases {
            for case in &known.cases {
                all.entry(case.clone())
                    .or_default()
                    .extend(known.facts.clone());
            }
        }
        all
    }
}

impl Everywhere {
    fn is(&self, fact: &str, pair: &Pair) -> bool {
        let mut words = fact.splitn(3, ' ');
        let kind = words.next().unwrap_or_default();
        let rest = words.nth(1).unwrap_or_default();
        self.fact.split_once(' ') == Some((kind, rest))
            && *pair == [self.theirs.clone(), self.ours.clone()]
    }
}

/// Whether only ours has repaired what somebody wrote into the Secret. The real operator looks at a cache, which is
/// at times older than the event that woke it, and leaves the edit until the next refresh.
fn theirs_missed_it(found: &BTreeMap<String, Pair>) -> bool {
    let writers = found.iter().find(|(fact, _)| fact.ends_with(" writers"));
    let edited = |facts: &Value| facts.to_string().contains("unknown Update");
    writers.is_some_and(|(_, [theirs, ours])| edited(theirs) && !edited(ours))
}

/// Facts that differ. Of an object that only one side has, only that.
fn between(theirs: &Facts, ours: &Facts) -> BTreeMap<String, Pair> {
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let pair =
        |fact: &str| [theirs, ours].map(|facts| facts.get(fact).cloned().unwrap_or_default());
    let differs = |fact: &str| {
        let [theirs, ours] = pair(fact);
        theirs != ours
    };
    names
        .into_iter()
        .filter(|fact| differs(fact))
        .filter(|fact| {
            let object: Vec<_> = fact.splitn(3, ' ').take(2).collect();
            let object = object.join(" ");
            **fact == object || !differs(&object)
        })
        .map(|fact| (fact.clone(), pair(fact)))
        .collect()
}

fn title((case, round): &(String, usize)) -> String {
    match round {
        0 => case.clone(),
        _ => format!("{case} then {round}"),
    }
}
