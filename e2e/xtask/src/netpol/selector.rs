//! Label selectors.

use serde::Deserialize;

use super::objects::Labels;

/// All of its requirements must hold; without any it selects everything.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Selector {
    match_labels: Labels,
    match_expressions: Vec<Requirement>,
}

#[derive(Debug, Deserialize)]
struct Requirement {
    key: String,
    operator: Operator,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => is_listed,
            Operator::NotIn => !is_listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_selector_wants_every_requirement() {
        let expression = |operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": "tier", "operator": operator, "values": values}]});
        // The selector; does it match {tier: web, app: shop}; does it match no labels at all?
        let table: [(Value, bool, bool); 9] = [
            (json!({}), true, true),
            (json!({"matchLabels": {"tier": "web"}}), true, false),
            (
                json!({"matchLabels": {"tier": "web", "app": "other"}}),
                false,
                false,
            ),
            (expression("In", &["db", "web"]), true, false),
            (expression("NotIn", &["web"]), false, true),
            (expression("NotIn", &["db"]), true, true),
            (expression("Exists", &[]), true, false),
            (expression("DoesNotExist", &[]), false, true),
            (
                json!({"matchLabels": {"app": "shop"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["db"]}]}),
                false,
                false,
            ),
        ];
        let labels: Labels = serde_json::from_value(json!({"tier": "web", "app": "shop"})).unwrap();
        for (value, labelled, bare) in table {
            let selector: Selector = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(selector.matches(&labels), labelled, "{value}");
            assert_eq!(selector.matches(&Labels::new()), bare, "{value}");
        }
    }
}
