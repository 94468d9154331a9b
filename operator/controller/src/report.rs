//! The only place that tells of a pass: one log line, one Event per transition, the metrics, the outcome of its span.

use std::time::Duration;

use kube::Resource;
use kube::runtime::events::{Event, EventType, Recorder};
use todoplatform_api::{TodoPlatform, TodoPlatformStatus};

use crate::chain::Chain;
use crate::metrics::Metrics;
use crate::pause::WHOLE;
use crate::status::{
    APPLYING, PAUSED, PROGRESSING, READY, READY_REASON, STALLED, WAITING_FOR_DEPENDENCIES, condition, cut,
};
use crate::telemetry::spans;

/// Reasons of a platform that is on its way and lacks nothing.
const PROGRESS: [&str; 3] = [APPLYING, PROGRESSING, WAITING_FOR_DEPENDENCIES];

/// Longest note of an Event, in bytes.
const LONGEST_NOTE: usize = 1024;

/// The controller's name in Events.
pub const REPORTER: &str = "todoplatform-operator";

/// What a pass came to when nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is sent.
    Applied,
    /// Services wait for their dependencies.
    Waiting,
    /// Somebody has to change something first.
    Stalled,
    /// The platform is being deleted, or is another operator's, or another replica leads.
    Skipped,
}

impl Outcome {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Waiting => "waiting",
            Self::Stalled => "stalled",
            Self::Skipped => "skipped",
        }
    }
}

/// The Event of a transition: `Ready` has another status or reason than before the pass. A Warning, unless it is
/// ready or on its way.
pub fn transition(before: &TodoPlatformStatus, after: &TodoPlatformStatus) -> Option<Event> {
    let was = condition(before, READY);
    let is = condition(after, READY)?;
    if was.is_some_and(|was| was.status == is.status && was.reason == is.reason) {
        return None;
    }
    // After an edit it is the user who made it not ready for a while.
    let is_edited = before.observed_generation != after.observed_generation;
    let is_lost = !is_edited && was.is_some_and(|was| was.status == "True") && is.status != "True";
    let is_progress = is.status == "True" || PROGRESS.contains(&is.reason.as_str());
    let type_ = if condition(after, STALLED).is_some() || is_lost || !is_progress {
        EventType::Warning
    } else {
        EventType::Normal
    };
    let mut note = is.message.clone();
    cut(&mut note, LONGEST_NOTE);
    Some(Event {
        type_,
        reason: is.reason.clone(),
        action: "Reconcile".to_owned(),
        note: Some(note),
        secondary: None,
    })
}

/// Publishes the Event of a transition, if there was one. A failure is counted and otherwise of no consequence.
pub async fn publish(
    recorder: &Recorder,
    metrics: &Metrics,
    platform: &TodoPlatform,
    before: &TodoPlatformStatus,
    after: &TodoPlatformStatus,
) {
    let Some(event) = transition(before, after) else {
        return;
    };
    tracing::info!(
        reason = event.reason,
        "{}",
        event.note.as_deref().unwrap_or_default()
    );
    if let Err(error) = recorder.publish(&event, &platform.object_ref(&())).await {
        metrics.event_failed();
        tracing::warn!(error.chain = %Chain(&error), "an Event was not published");
    }
}

/// Publishes what was undone, with who did it. A failure is counted and otherwise of no consequence.
pub async fn corrected(recorder: &Recorder, metrics: &Metrics, platform: &TodoPlatform, undone: &[String]) {
    if undone.is_empty() {
        return;
    }
    let mut note = format!("undone: {}", undone.join("; "));
    cut(&mut note, LONGEST_NOTE);
    let event = Event {
        type_: EventType::Warning,
        reason: "DriftCorrected".to_owned(),
        action: "Reconcile".to_owned(),
        note: Some(note),
        secondary: None,
    };
    tracing::info!(
        reason = event.reason,
        "{}",
        event.note.as_deref().unwrap_or_default()
    );
    if let Err(error) = recorder.publish(&event, &platform.object_ref(&())).await {
        metrics.event_failed();
        tracing::warn!(error.chain = %Chain(&error), "an Event was not published");
    }
}

/// Readiness of the platform and its components in the metrics. Gives the components' names.
pub fn gauge(metrics: &Metrics, namespace: &str, platform: &str, status: &TodoPlatformStatus) -> Vec<String> {
    let is_ready = condition(status, READY).is_some_and(|condition| condition.status == "True");
    let components = status
        .components
        .iter()
        .map(|component| (component.name.as_str(), component.reason == READY_REASON));
    metrics.set_ready(namespace, platform, is_ready, components);
    let is_paused = condition(status, PAUSED)
        .is_some_and(|condition| condition.status == "True" && WHOLE.contains(&condition.reason.as_str()));
    metrics.set_paused(namespace, platform, is_paused);
    let conditions: Vec<(&str, &str)> = status
        .conditions
        .iter()
        .map(|condition| (condition.type_.as_str(), condition.status.as_str()))
        .collect();
    metrics.set_conditions(namespace, platform, &conditions);
    status
        .components
        .iter()
        .map(|component| component.name.clone())
        .collect()
}

/// A pass went through.
pub fn ended(metrics: &Metrics, outcome: Outcome, took: Duration) {
    metrics.pass_ended(outcome.as_str(), took);
    spans::pass_ended(outcome.as_str());
    tracing::debug!(
        outcome = outcome.as_str(),
        duration_ms = millis(took),
        "pass ended"
    );
}

/// A pass failed and is tried again after `wait`.
pub fn failed(
    metrics: &Metrics,
    error: &(dyn std::error::Error + 'static),
    reason: &'static str,
    took: Duration,
    wait: Duration,
) {
    metrics.pass_ended("failed", took);
    metrics.pass_failed(reason);
    spans::pass_failed(reason, error);
    tracing::warn!(
        reason,
        error.chain = %Chain(error),
        duration_ms = millis(took),
        retry_ms = millis(wait),
        "pass failed and is tried again"
    );
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
    use k8s_openapi::jiff::Timestamp;

    fn status(conditions: &[(&str, &str, &str)]) -> TodoPlatformStatus {
        let conditions = conditions
            .iter()
            .map(|(type_, status, reason)| Condition {
                type_: (*type_).into(),
                status: (*status).into(),
                reason: (*reason).into(),
                message: "é".repeat(1000),
                observed_generation: None,
                last_transition_time: Time(Timestamp::UNIX_EPOCH),
            })
            .collect();
        TodoPlatformStatus {
            conditions,
            ..TodoPlatformStatus::default()
        }
    }

    #[test]
    fn one_event_per_transition_and_none_without() {
        let ready = status(&[(READY, "True", "Ready")]);
        let crash = status(&[(READY, "False", "CrashLoopBackOff")]);
        let progressing = status(&[(READY, "False", "Progressing")]);
        let waiting = status(&[(READY, "False", "WaitingForDependencies")]);
        let edited = TodoPlatformStatus {
            observed_generation: Some(2),
            ..progressing.clone()
        };
        let stalled = status(&[
            (STALLED, "True", "MissingSecret"),
            (READY, "False", "MissingSecret"),
        ]);
        let cases = [
            ("ready stays ready", &ready, &ready, None),
            (
                "first pass",
                &TodoPlatformStatus::default(),
                &progressing,
                Some(("Progressing", EventType::Normal)),
            ),
            ("ready again", &crash, &ready, Some(("Ready", EventType::Normal))),
            (
                "another reason",
                &progressing,
                &crash,
                Some(("CrashLoopBackOff", EventType::Warning)),
            ),
            (
                "waiting",
                &progressing,
                &waiting,
                Some(("WaitingForDependencies", EventType::Normal)),
            ),
            (
                "no longer ready",
                &ready,
                &progressing,
                Some(("Progressing", EventType::Warning)),
            ),
            (
                "edited",
                &ready,
                &edited,
                Some(("Progressing", EventType::Normal)),
            ),
            (
                "stalled",
                &ready,
                &stalled,
                Some(("MissingSecret", EventType::Warning)),
            ),
        ];
        for (name, before, after, expected) in cases {
            let event = transition(before, after);
            let found = event.as_ref().map(|event| (event.reason.as_str(), event.type_));
            assert_eq!(found, expected, "{name}");
            assert!(
                event.is_none_or(|event| event.note.is_some_and(|note| note.len() <= LONGEST_NOTE)),
                "{name}"
            );
        }
    }
}
