//! A TodoPlatform as a user sees it: its spec, its conditions, its components.

use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};

use crate::{Result, cluster, wait};

/// A TodoPlatform named `todo` with this spec.
pub fn todo(spec: &Value) -> Value {
    json!({
        "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": {"name": "todo"}, "spec": spec,
    })
}

/// A condition of the platform: status, reason, message.
pub fn condition<'a>(platform: &'a Value, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let conditions = platform["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|c| c["type"] == name)?;
    Some((
        found["status"].as_str()?,
        found["reason"].as_str()?,
        found["message"].as_str().unwrap_or_default(),
    ))
}

/// What the status says of one component.
pub fn component<'a>(platform: &'a Value, name: &str) -> &'a Value {
    named(&platform["status"]["components"], name)
}

/// What the status says of one dependency.
pub fn dependency<'a>(platform: &'a Value, name: &str) -> &'a Value {
    named(&platform["status"]["dependencies"], name)
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let items = list.as_array();
    items
        .and_then(|all| all.iter().find(|item| item["name"] == name))
        .unwrap_or(&Value::Null)
}

/// Whether the controller has seen the present spec and says that it serves.
pub fn is_ready(platform: &Value) -> bool {
    let generation = &platform["metadata"]["generation"];
    &platform["status"]["observedGeneration"] == generation
        && condition(platform, "Ready").is_some_and(|(status, _, _)| status == "True")
}

/// Waits until the platform is Ready for its present generation.
pub async fn ready(client: &Client, namespace: &str, limit: Duration) -> Result<Value> {
    until(client, namespace, limit, "todo Ready", is_ready).await
}

/// Waits until a condition has this status and reason.
pub async fn condition_is(
    client: &Client,
    namespace: &str,
    name: &str,
    status: &str,
    reason: &str,
) -> Result<Value> {
    until(
        client,
        namespace,
        Duration::from_mins(1),
        &format!("{name}={status}/{reason}"),
        |platform| condition(platform, name).is_some_and(|(s, r, _)| s == status && r == reason),
    )
    .await
}

/// Waits until a condition is True, for whatever reason.
pub async fn condition_is_true(client: &Client, namespace: &str, name: &str) -> Result<Value> {
    let what = format!("{name}=True");
    until(client, namespace, Duration::from_mins(1), &what, |platform| {
        condition(platform, name).is_some_and(|(status, _, _)| status == "True")
    })
    .await
}

/// Waits until the platform looks as wanted; the failure shows its whole status.
pub async fn until(
    client: &Client,
    namespace: &str,
    limit: Duration,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Result<Value> {
    wait::until(limit, what, || async {
        let platform = cluster::get(client, namespace, "TodoPlatform", "todo").await?;
        if holds(&platform) {
            Ok(platform)
        } else {
            Err(format!("{:#}", platform["status"]).into())
        }
    })
    .await
}
