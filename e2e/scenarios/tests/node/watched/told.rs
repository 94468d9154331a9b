//! What Alertmanager tells people.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use todo_scenarios::{Result, forward, wait};

/// A message about this alert arrives, with these labels and the namespace's own.
pub(super) async fn told(ns: &str, status: &str, alert: &str, labels: Value) -> Result<()> {
    within(Duration::from_mins(4), ns, status, alert, labels).await
}

/// The same, of an alert that waits before it fires.
pub(super) async fn within(time: Duration, ns: &str, status: &str, alert: &str, labels: Value) -> Result<()> {
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
            found["status"] == status
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
                .map(|alert| format!("{} {}", alert["status"], alert["labels"]))
                .collect();
            Err(format!("told of: {seen:#?}").into())
        }
    })
    .await
}
