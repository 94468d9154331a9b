//! The alerts of the operator's chart: about the operator, about platforms as it sees them, about Dapr's control plane.

use std::{fs, path::PathBuf};

use todoplatform_kinds::monitoring::{PrometheusRuleSpec, Rule};

/// The folder of their cases.
pub(crate) const CHART: &str = "chart";

/// Where the chart is.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../charts/todoplatform-operator")
}

/// As they stand in the chart, in the namespace that the cases name.
pub(crate) fn alerts() -> Vec<Rule> {
    let text = fs::read_to_string(folder().join("files/alerts.yaml")).unwrap();
    let text = text.replace("NAMESPACE", "todoplatform-system");
    let file: PrometheusRuleSpec = serde_yaml::from_str(&text).unwrap();
    file.groups.into_iter().flat_map(|group| group.rules).collect()
}
