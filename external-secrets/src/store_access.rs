//! Which namespaces may use a ClusterSecretStore: a pure decision (contract §8.1).

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use seal_api::external_secrets::StoreCondition;

/// A condition that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("spec.conditions[{index}]: {reason}")]
pub struct BadCondition {
    /// Which condition.
    pub index: usize,
    /// Why.
    pub reason: &'static str,
}

/// What is said where a selector cannot be answered.
const UNKNOWN: &str = "the labels of the namespace are not known yet; it is tried again";

/// Whether the namespace may: without conditions any, else those that one of them names, in any of its
/// ways. Regular expressions match anywhere in the name. There are no labels as long as the namespace is not
/// known: a selector that keeps some out must not let it in meanwhile.
///
/// # Errors
/// [`BadCondition`], unless a condition before it lets the namespace in.
pub fn may_use(
    conditions: &[StoreCondition],
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
) -> Result<bool, BadCondition> {
    if conditions.is_empty() {
        return Ok(true);
    }
    let mut unknown = None;
    for (index, condition) in conditions.iter().enumerate() {
        let bad = |reason| BadCondition { index, reason };
        if condition.namespaces.iter().any(|name| name == namespace) {
            return Ok(true);
        }
        match (&condition.namespace_selector, labels) {
            (Some(_), None) => unknown = unknown.or_else(|| Some(bad(UNKNOWN))),
            (Some(selector), Some(labels)) => {
                let selected = selects(selector, labels);
                if selected.ok_or_else(|| bad("an unknown operator in namespaceSelector"))? {
                    return Ok(true);
                }
            }
            (None, _) => {}
        }
        for expression in &condition.namespace_regexes {
            let expression = go_regexp::compile(expression)
                .map_err(|_| bad("a regular expression in namespaceRegexes is none of Go's"))?;
            if expression.is_match(namespace) {
                return Ok(true);
            }
        }
    }
    unknown.map_or(Ok(false), Err)
}

/// Whether labels are selected; an empty selector selects all. `None` for an operator that is none.
pub fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> Option<bool> {
    let equal = |(key, value): (&String, &String)| labels.get(key) == Some(value);
    let all_equal = selector.match_labels.iter().flatten().all(equal);
    let mut all = all_equal;
    for requirement in selector.match_expressions.iter().flatten() {
        let value = labels.get(&requirement.key);
        let among = value.is_some_and(|value| {
            let mut values = requirement.values.iter().flatten();
            values.any(|known| known == value)
        });
        all &= match requirement.operator.as_str() {
            "In" => among,
            "NotIn" => !among,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_way_of_any_condition() {
        let labels = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
        for (conditions, expected) in [
            ("[]", Ok(true)),
            (r#"[{"namespaces":["shop"]}]"#, Ok(true)),
            (r#"[{"namespaces":["other"]}]"#, Ok(false)),
            (
                r#"[{"namespaces":["other"]},{"namespaceRegexes":["^sh"]}]"#,
                Ok(true),
            ),
            (r#"[{"namespaceRegexes":["ho"]}]"#, Ok(true)),
            (r#"[{"namespaceRegexes":["^ho"]}]"#, Ok(false)),
            (r#"[{"namespaceRegexes":["("]}]"#, Err(0)),
            (
                r#"[{"namespaceSelector":{"matchLabels":{"team":"a"}}}]"#,
                Ok(true),
            ),
            (
                r#"[{"namespaceSelector":{"matchLabels":{"team":"b"}}}]"#,
                Ok(false),
            ),
            (r#"[{"namespaceSelector":{}}]"#, Ok(true)),
            (
                r#"[{"namespaceSelector":{"matchExpressions":[{"key":"team","operator":"In","values":["a","b"]}]}}]"#,
                Ok(true),
            ),
            (
                r#"[{"namespaceSelector":{"matchExpressions":[{"key":"team","operator":"NotIn","values":["a"]}]}}]"#,
                Ok(false),
            ),
            (
                r#"[{"namespaceSelector":{"matchExpressions":[{"key":"x","operator":"DoesNotExist"},
                    {"key":"team","operator":"Exists"}]}}]"#,
                Ok(true),
            ),
            (
                r#"[{"namespaceSelector":{"matchExpressions":[{"key":"x","operator":"Like"}]}}]"#,
                Err(0),
            ),
            ("[{}]", Ok(false)),
        ] {
            let read: Vec<StoreCondition> = serde_json::from_str(conditions).unwrap();
            let decided = may_use(&read, "shop", Some(&labels)).map_err(|bad| bad.index);
            assert_eq!(decided, expected, "{conditions}");
        }
    }

    #[test]
    fn an_unknown_namespace_is_not_let_in_by_labels() {
        let not_evil = r#"{"namespaceSelector":{"matchExpressions":[
            {"key":"tenant","operator":"NotIn","values":["evil"]}]}}"#;
        for (others, expected) in [
            ("", Err(0)),
            (r#",{"namespaces":["other"]}"#, Err(0)),
            (r#",{"namespaces":["shop"]}"#, Ok(true)),
            (r#",{"namespaceRegexes":["^sh"]}"#, Ok(true)),
        ] {
            let conditions = format!("[{not_evil}{others}]");
            let read: Vec<StoreCondition> = serde_json::from_str(&conditions).unwrap();
            let decided = may_use(&read, "shop", None).map_err(|bad| bad.index);
            assert_eq!(decided, expected, "{others}");
        }
    }
}
