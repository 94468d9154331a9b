//! What pint is shown: the rules of every `PrometheusRule`, as Prometheus itself would read them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_yaml::Value;

use crate::dirs;
use crate::run::Cmd;

/// What there is of rules in objects: names and contents of rule files. Empty when there are none.
pub(super) fn rules(objects: &str) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for document in serde_yaml::Deserializer::from_str(objects) {
        let object = Value::deserialize(document).context("an object does not read as YAML")?;
        if object.get("kind").and_then(Value::as_str) != Some("PrometheusRule") {
            continue;
        }
        let name = object
            .get("metadata")
            .and_then(|metadata| metadata.get("name"))
            .and_then(Value::as_str)
            .context("a PrometheusRule has no name")?;
        let spec = object
            .get("spec")
            .with_context(|| format!("PrometheusRule {name} has no spec"))?;
        files.push((format!("{name}.yaml"), serde_yaml::to_string(spec)?));
    }
    Ok(files)
}

/// Lets pint see the rules of one exhibit, which belong together; gives how many files it saw.
pub(super) fn lint(program: &Path, config: &Path, folder: &Path, objects: &str) -> Result<usize> {
    let files = rules(objects)?;
    if files.is_empty() {
        return Ok(0);
    }
    dirs::make(folder)?;
    for (name, content) in &files {
        dirs::write(&folder.join(name), content)?;
    }
    let cmd = Cmd::new(program)
        // Without a Prometheus, which would know of the metrics.
        .args(["--offline", "--no-color", "--log-level", "error", "--config"])
        .arg(config)
        .args(["lint", "--min-severity", "info", "--fail-on", "info"])
        .arg(folder);
    let output = cmd.command().output().context("pint does not start")?;
    if !output.status.success() {
        // All of it: the end alone says neither which rule nor what.
        let said = [output.stdout, output.stderr].concat();
        bail!("{}", String::from_utf8_lossy(&said).trim());
    }
    Ok(files.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECTS: &str = "
kind: Service
metadata: {name: a}
---
---
kind: PrometheusRule
metadata: {name: b}
spec: {groups: [{name: c, rules: []}]}
";

    #[test]
    fn the_spec_of_a_rule_object_is_a_rule_file() {
        let expected = "groups:\n- name: c\n  rules: []\n".to_owned();
        assert_eq!(rules(OBJECTS).unwrap(), [("b.yaml".to_owned(), expected)]);
    }

    #[test]
    fn a_rule_object_without_rules_is_an_error() {
        let error = rules("{kind: PrometheusRule, metadata: {name: b}}").unwrap_err();
        assert_eq!(error.to_string(), "PrometheusRule b has no spec");
    }

    #[test]
    fn what_pint_is_not_asked_has_a_reason() {
        let config = include_str!("../../../../pint.hcl");
        let lines: Vec<_> = config.lines().map(str::trim).collect();
        let without: Vec<_> = lines
            .windows(2)
            .filter(|pair| pair[1].starts_with("disable") && !pair[0].starts_with("# "))
            .collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
