//! What comes again: a task with a recurrence, and a request that was sent before.

use serde_json::json;
use todo_scenarios::{Result, forward, user::User};

/// A recurring task goes on to its next occurrence, once, however often the same completion is sent.
pub(crate) async fn a_task_comes_again_once(namespace: &str) -> Result<()> {
    let gateway = forward::service(namespace, "todo-gateway", 8080).await?;
    let frank = User::new(namespace, &gateway.url, "frank").await?;
    let bins = json!({
        "title": "Take the bins out", "due_at": "2030-03-25T06:00:00Z",
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO", "time_zone": "Europe/Berlin"},
    });
    let created = frank.post_under("bins", "/v1/tasks", &bins).await?;
    assert_eq!(created.status, 201, "{created:?}");
    let repeated = frank.post_under("bins", "/v1/tasks", &bins).await?;
    assert_eq!(repeated, created, "one task for two requests");
    let other = frank
        .post_under("bins", "/v1/tasks", &json!({"title": "Else"}))
        .await?;
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("idempotency_key_reused")),
        "{other:?}"
    );

    let id = created.body["id"].as_str().ok_or("a task without id")?;
    let complete = format!("/v1/tasks/{id}/complete");
    let completed = frank.post_under("\"first\"", &complete, &json!({})).await?;
    // Summer time has begun in between: seven in Berlin is an hour earlier.
    let (status, due_at) = (&completed.body["status"], &completed.body["due_at"]);
    assert_eq!(
        (completed.status, status, due_at),
        (200, &json!("open"), &json!("2030-04-01T05:00:00Z")),
        "{completed:?}"
    );
    let repeated = frank.post_under("\"first\"", &complete, &json!({})).await?;
    assert_eq!(repeated, completed, "one completion for two requests");
    let shown = frank.get(&format!("/v1/tasks/{id}")).await?;
    assert_eq!(shown, completed.body);
    Ok(())
}
