//! The keys that only this service has.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use todo_kit::config::{ConfigError, PubSubConfig};

/// The keys of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SchedulerConfig {
    /// The service's own pub/sub component.
    pub pubsub: PubSubConfig,
    /// How it works.
    #[serde(default)]
    pub scheduler: PollConfig,
}

impl SchedulerConfig {
    /// What the types cannot say.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.scheduler.poll_milliseconds {
            10..=60_000 => Ok(()),
            _ => Err(ConfigError::refused(
                "scheduler.pollMilliseconds",
                "must be 10 to 60000",
            )),
        }
    }
}

/// How the scheduler looks for due reminders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PollConfig {
    /// The pause between two looks, 10 to 60000 ms; 500 by default. A reminder is late by at most this.
    pub poll_milliseconds: u64,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            poll_milliseconds: 500,
        }
    }
}

impl PollConfig {
    /// The same as a duration.
    pub fn poll_interval(self) -> Duration {
        Duration::from_millis(self.poll_milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(scheduler: &serde_json::Value) -> Result<SchedulerConfig, serde_json::Error> {
        let pubsub = serde_json::json!({"component": "todo-scheduler-events"});
        serde_json::from_value(serde_json::json!({"pubsub": pubsub, "scheduler": scheduler}))
    }

    #[test]
    fn the_pause_has_a_default_and_bounds() {
        assert_eq!(
            config(&serde_json::json!({})).unwrap().scheduler.poll_interval(),
            Duration::from_millis(500)
        );
        for (pause, is_valid) in [(9, false), (10, true), (60_000, true), (60_001, false)] {
            let config = config(&serde_json::json!({"pollMilliseconds": pause})).unwrap();
            assert_eq!(config.check().is_ok(), is_valid, "{pause}");
        }
        assert!(config(&serde_json::json!({"pollSeconds": 1})).is_err());
    }
}
