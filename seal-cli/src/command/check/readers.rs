//! Whether an object is as its rule in `.seal.yaml` says.

use std::collections::BTreeSet;

use super::catalog::{OTHER_PLACE, OTHER_SCOPE, READER_MISSING, READER_NOT_IN_RULE};
use super::finding::{Finding, few};
use super::object::Object;
use super::values::Values;
use crate::rules::RuleReaders;
use crate::title::Title;
use crate::ui::in_line;

/// Readers, place, scope.
pub(super) fn findings(
    object: &Object<'_>,
    values: &Values<'_>,
    rule: &RuleReaders,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if !object.is_patch && !object.will_be_elsewhere() {
        place(object, rule, &mut found);
    }
    let Some(se1) = &values.se1 else {
        return found;
    };
    for key in se1.referenced() {
        let present: BTreeSet<&str> = key.wraps().iter().map(|wrap| wrap.to.as_str()).collect();
        let line = object.data_key_line(key.id().as_str());
        let items = few(&se1.items_of(key.id()));
        for stranger in rule.strangers(present.iter().copied()) {
            let message = format!(
                "{items}: {}; seal recipients sync removes it, or add it to the rule",
                rule.does_not_name(stranger)
            );
            found.push(object.finding(&READER_NOT_IN_RULE, line, in_line(&message)));
        }
        let wanted = rule.to.iter().flatten();
        for missing in wanted.filter(|to| !present.contains(to.as_str())) {
            let called = rule.name_of(missing).unwrap_or(missing);
            let message = format!(
                "{items}: the rule for this file ({}) names {called}, who cannot read them; seal recipients sync lets that one in",
                rule.place()
            );
            found.push(object.finding(&READER_MISSING, line, in_line(&message)));
        }
    }
    found
}

fn place(object: &Object<'_>, rule: &RuleReaders, found: &mut Vec<Finding>) {
    let title = Title {
        name: object.name.unwrap_or_default().to_owned(),
        namespace: object.namespace.unwrap_or_default().to_owned(),
        scope: object.scope,
    };
    let line = object.line(&["metadata"]);
    if !rule.matched.target.admits(&title) {
        let message = format!(
            "the rule for this file ({}) is for {}; move the object to a file of its own rule, or change the rule",
            rule.place(),
            rule.matched.target
        );
        found.push(object.finding(&OTHER_PLACE, line, in_line(&message)));
    }
    if let Some(scope) = rule.matched.scope.filter(|scope| *scope != object.scope) {
        let message = format!(
            "it is {}, and the rule for this file ({}) says {scope}; seal the Secret again",
            object.scope,
            rule.place()
        );
        found.push(object.finding(&OTHER_SCOPE, line, message));
    }
}
