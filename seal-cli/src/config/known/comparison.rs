//! The rules as they are beside the rules as they were last confirmed.

use seal_format::Scope;

use super::Known;
use super::added::Added;
use super::memory::{Memory, Past, Reader, RememberedRule};
use crate::config::{Matched, Target};

/// What would be new, by the rules as they were.
pub(crate) fn compare(memory: &Memory, matched: &Matched, readers: &[Reader]) -> Known {
    let before = match memory.past(&matched.origin) {
        Past::Nothing => return Known::First,
        Past::NoRule => None,
        Past::Rule(rule) => Some(rule),
    };
    let now = Now {
        line: matched.line,
        rule: &matched.rule,
        scope: matched.scope.unwrap_or_default(),
        target: &matched.target,
        readers,
    };
    let added = now.beyond(before);
    if added.is_empty() {
        return Known::All;
    }
    Known::Grown(added)
}

/// A rule as it is.
struct Now<'a> {
    line: usize,
    rule: &'a str,
    scope: Scope,
    target: &'a Target,
    readers: &'a [Reader],
}

impl Now<'_> {
    /// Readers that were none, a scope that was narrower, and another place.
    fn beyond(&self, before: Option<&RememberedRule>) -> Vec<Added> {
        let added = |what, to| Added {
            line: self.line,
            rule: self.rule.to_owned(),
            what,
            to,
        };
        let known = before.map_or(&[][..], |before| &before.recipients);
        let scope = before.map(RememberedRule::scope).unwrap_or_default();
        let new = self.readers.iter();
        let new = new.filter(|now| !known.iter().any(|before| before.is(now)));
        let mut beyond: Vec<_> = new
            .map(|now| added(now.called().to_owned(), now.to.clone()))
            .collect();
        if reach(self.scope) > reach(scope) {
            let text = format!("scope {}, which was {scope}", self.scope);
            beyond.push(added(text, None));
        }
        // Without a rule there was no place, either, and all readers are new.
        if let Some(before) = before.map(RememberedRule::target)
            && before != *self.target
        {
            beyond.push(added(format!("{}, which was {before}", self.target), None));
        }
        beyond
    }
}

/// How far values can go.
pub(crate) fn reach(scope: Scope) -> u8 {
    match scope {
        Scope::Strict => 0,
        Scope::NamespaceWide => 1,
        Scope::ClusterWide => 2,
    }
}

/// What is new in the other rules: confirming one means confirming all, so all are shown.
pub(crate) fn elsewhere(
    memory: &Memory,
    matched: &Matched,
    rules: &[RememberedRule],
) -> Vec<Added> {
    let known = memory.remembered(&matched.origin);
    let now = matched.origin.configuration.rules.iter().zip(rules);
    now.enumerate()
        .filter(|(index, _)| *index != matched.index)
        .flat_map(|(_, (rule, remembered))| {
            let now = Now {
                line: rule.line,
                rule: &rule.pattern.to_string(),
                scope: remembered.scope(),
                target: &remembered.target(),
                readers: &remembered.recipients,
            };
            now.beyond(known.and_then(|known| known.rule(&rule.pattern)))
        })
        .collect()
}
