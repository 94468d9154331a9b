//! What Alertmanager tells people.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use todo_scenarios::{Result, forward, wait};

/// What people are told of a platform from a moment on: a platform that starts has its alerts, too.
pub(super) struct Told {
    ns: String,
    since: Timestamp,
}

impl Told {
    #[expect(
        clippy::disallowed_methods,
        reason = "the scenario lives in real time: it compares with when a real Prometheus saw something"
    )]
    pub(super) fn from_now(ns: &str) -> Self {
        Self {
            ns: ns.to_owned(),
            since: Timestamp::now(),
        }
    }

    /// A message says that this alert began, with these labels and the namespace's own.
    pub(super) async fn firing(&self, alert: &str, labels: Value) -> Result<()> {
        self.firing_within(Duration::from_mins(4), alert, labels).await
    }

    /// The same, of an alert that waits before it fires.
    pub(super) async fn firing_within(&self, time: Duration, alert: &str, labels: Value) -> Result<()> {
        self.message(time, "firing", "startsAt", alert, labels).await
    }

    /// A message says that this alert is over.
    pub(super) async fn resolved(&self, alert: &str, labels: Value) -> Result<()> {
        self.resolved_within(Duration::from_mins(4), alert, labels).await
    }

    /// The same, of an alert that takes its time to end.
    pub(super) async fn resolved_within(&self, time: Duration, alert: &str, labels: Value) -> Result<()> {
        self.message(time, "resolved", "endsAt", alert, labels).await
    }

    /// Messages since then about this alert, however many.
    async fn message(
        &self,
        time: Duration,
        status: &str,
        at: &str,
        alert: &str,
        labels: Value,
    ) -> Result<()> {
        let ns = &self.ns;
        let sink = forward::service(ns, "mailsink", 8025).await?;
        let http = reqwest::Client::new();
        let wanted = labels.as_object().cloned().unwrap_or_default();
        wait::until(time, &format!("{alert} {status}"), || async {
            let calls: Vec<Value> = http
                .get(format!("{}/hooks", sink.url))
                .send()
                .await?
                .json()
                .await?;
            let alerts: Vec<&Value> = calls
                .iter()
                .flat_map(|call| call["alerts"].as_array().into_iter().flatten())
                .collect();
            let found = alerts.iter().any(|found| {
                let has = |name: &str, value: &Value| &found["labels"][name] == value;
                let moment = found[at].as_str().and_then(|text| text.parse::<Timestamp>().ok());
                found["status"] == status
                    && moment.is_some_and(|moment| moment > self.since)
                    && has("alertname", &json!(alert))
                    && has("namespace", &json!(ns))
                    && has("platform", &json!("todo"))
                    && wanted.iter().all(|(name, value)| has(name, value))
                    && found["annotations"]["runbook_url"].is_string()
            });
            if found {
                Ok(())
            } else {
                let seen: BTreeSet<String> = alerts
                    .iter()
                    .map(|alert| format!("{} {} {}", alert["status"], alert[at], alert["labels"]))
                    .collect();
                Err(format!("told of: {seen:#?}").into())
            }
        })
        .await
    }
}
