//! A platform's status in one line.

use std::fmt;

use anyhow::{Context, Result};
use serde::Deserialize;

/// What the status says at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_ready: bool,
    components: String,
    reason: String,
    message: String,
}

#[derive(Debug, Deserialize)]
struct Object {
    metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    generation: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: i64,
    components_ready: String,
    conditions: Vec<Condition>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    type_: String,
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

impl Standing {
    /// From the JSON of a `TodoPlatform`.
    pub(super) fn parse(json: &str) -> Result<Self> {
        let Object { metadata, status } = serde_json::from_str(json).context("this is no TodoPlatform")?;
        let is_observed = status.observed_generation == metadata.generation;
        let Some(ready) = status
            .conditions
            .into_iter()
            .find(|condition| condition.type_ == "Ready")
        else {
            return Ok(Self {
                reason: "Waiting".to_owned(),
                message: "for the operator".to_owned(),
                ..Self::default()
            });
        };
        Ok(Self {
            is_ready: is_observed && ready.status == "True",
            components: status.components_ready,
            reason: ready.reason,
            message: ready.message,
        })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            components,
            reason,
            message,
            ..
        } = self;
        if !components.is_empty() {
            write!(f, "{components} ")?;
        }
        write!(f, "{reason}: {message}")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(observed: i64, ready: &str) -> String {
        format!(
            r#"{{"metadata": {{"generation": 2}}, "status": {{
                "observedGeneration": {observed}, "componentsReady": "4/7",
                "conditions": [{{"type": "Ready", "status": "{ready}", "reason": "Progressing", "message": "task: 0 of 1"}}]}}}}"#
        )
    }

    #[test]
    fn a_line_says_how_many_are_ready_and_what_holds_the_rest_back() {
        let standing = Standing::parse(&platform(2, "False")).unwrap();
        assert_eq!(standing.to_string(), "4/7 Progressing: task: 0 of 1");
        assert!(!standing.is_ready);
    }

    #[test]
    fn readiness_of_an_older_generation_does_not_count() {
        assert!(Standing::parse(&platform(2, "True")).unwrap().is_ready);
        assert!(!Standing::parse(&platform(1, "True")).unwrap().is_ready);
    }

    #[test]
    fn a_platform_without_status_waits_for_the_operator() {
        let standing = Standing::parse(r#"{"metadata": {"generation": 1}}"#).unwrap();
        assert_eq!(standing.to_string(), "Waiting: for the operator");
    }
}
