//! Which namespaces may use a ClusterSecretStore: a pure decision (contract §8.1).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use regex::Regex;
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

/// The conditions of a store, ready to be asked.
#[derive(Debug, Default)]
pub struct Access(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    condition: StoreCondition,
    /// Nothing for one that is none of Go's.
    expressions: Vec<Option<Regex>>,
}

impl Access {
    /// Expressions are compiled here, and nowhere else.
    pub fn of(conditions: &[StoreCondition]) -> Self {
        let rules = conditions.iter().map(|condition| {
            let expressions = condition.namespace_regexes.iter();
            Rule {
                condition: condition.clone(),
                expressions: expressions
                    .map(|expression| go_regexp::compile(expression).ok())
                    .collect(),
            }
        });
        Self(rules.collect())
    }

    /// Whether the namespace may: without conditions any, else those that one of them names, in any of its
    /// ways. Regular expressions match anywhere in the name. There are no labels as long as the namespace is not
    /// known: a selector that keeps some out must not let it in meanwhile.
    ///
    /// # Errors
    /// [`BadCondition`], unless a condition before it lets the namespace in.
    pub fn may_use(
        &self,
        namespace: &str,
        labels: Option<&BTreeMap<String, String>>,
    ) -> Result<bool, BadCondition> {
        if self.0.is_empty() {
            return Ok(true);
        }
        let mut unknown = None;
        for (index, rule) in self.0.iter().enumerate() {
            let bad = |reason| BadCondition { index, reason };
            let condition = &rule.condition;
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
            for expression in &rule.expressions {
                let expression = expression.as_ref().ok_or_else(|| {
                    bad("a regular expression in namespaceRegexes is none of Go's")
                })?;
                if expression.is_match(namespace) {
                    return Ok(true);
                }
            }
        }
        unknown.map_or(Ok(false), Err)
    }
}

/// The access to each ClusterSecretStore, by its name, as long as it is the same.
#[derive(Debug, Default)]
pub struct KnownAccess(Mutex<HashMap<String, Known>>);

#[derive(Debug)]
struct Known {
    uid: Option<String>,
    generation: Option<i64>,
    access: Arc<Access>,
}

impl KnownAccess {
    /// The access to the store of this metadata. Its conditions are only looked at if it is another store than
    /// last time, or was edited since: thousands of ExternalSecrets ask for each of their entries.
    pub fn of(&self, store: &ObjectMeta, conditions: &[StoreCondition]) -> Arc<Access> {
        if conditions.is_empty() {
            return Arc::default();
        }
        let name = store.name.as_deref().unwrap_or_default();
        let same = |known: &&Known| known.uid == store.uid && known.generation == store.generation;
        if let Some(known) = self.known().get(name).filter(same) {
            return known.access.clone();
        }
        let access = Arc::new(Access::of(conditions));
        let known = Known {
            uid: store.uid.clone(),
            generation: store.generation,
            access: access.clone(),
        };
        self.known().insert(name.to_owned(), known);
        access
    }

    /// The store is gone.
    pub fn forget(&self, name: &str) {
        self.known().remove(name);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            let decided = Access::of(&read)
                .may_use("shop", Some(&labels))
                .map_err(|bad| bad.index);
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
            let decided = Access::of(&read)
                .may_use("shop", None)
                .map_err(|bad| bad.index);
            assert_eq!(decided, expected, "{others}");
        }
    }

    #[test]
    fn a_store_is_looked_at_once_until_it_is_another() {
        let known = KnownAccess::default();
        let store = |uid: &str, generation| ObjectMeta {
            name: Some("aws".to_owned()),
            uid: Some(uid.to_owned()),
            generation: Some(generation),
            ..ObjectMeta::default()
        };
        let of = |store: &ObjectMeta, expression: &str| {
            let conditions = format!(r#"[{{"namespaceRegexes":["{expression}"]}}]"#);
            let read: Vec<StoreCondition> = serde_json::from_str(&conditions).unwrap();
            known.of(store, &read)
        };
        let first = of(&store("a", 1), "^sh");
        assert!(Arc::ptr_eq(&first, &of(&store("a", 1), "^sh")));
        for (store, expression, may) in [
            (store("a", 2), "^other", false),
            (store("b", 2), "^sh", true),
        ] {
            assert_eq!(of(&store, expression).may_use("shop", None), Ok(may));
        }
        known.forget("aws");
        assert!(known.known().is_empty());
        assert!(!Arc::ptr_eq(&first, &of(&store("a", 1), "^sh")));
    }
}
