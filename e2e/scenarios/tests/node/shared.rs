//! What two users share, and what the gateway says of its API.

use reqwest::Method;
use serde_json::{Value, json};
use todo_scenarios::{Result, forward, user::User};

/// A project of one user's that another one works in and a third one does not see.
pub(crate) async fn a_project_is_shared(namespace: &str) -> Result<()> {
    let gateway = forward::service(namespace, "todo-gateway", 8080).await?;
    let owner = User::new(namespace, &gateway.url, "grace").await?;
    let editor = User::new(namespace, &gateway.url, "heidi").await?;
    let stranger = User::new(namespace, &gateway.url, "ivan").await?;

    let project = owner.post("/v1/projects", &json!({"name": "House"})).await?;
    assert_eq!(project.status, 201, "{project:?}");
    let project = project.body["id"].as_str().ok_or("a project without id")?;
    let path = format!("/v1/projects/{project}");
    let member = format!("{path}/members/heidi");
    let joined = owner
        .send(Method::PUT, &member, Some(&json!({"role": "editor"})))
        .await?;
    assert_eq!(joined.status, 200, "{joined:?}");

    let due_at = "2030-05-11T16:00:00Z";
    let fence =
        json!({"title": "Paint the fence", "project_id": project, "due_at": due_at, "assignee": "grace"});
    let task = editor.post("/v1/tasks", &fence).await?;
    assert_eq!(task.status, 201, "{task:?}");
    let due = format!("/v1/tasks/due?from=2030-05-01T00:00:00Z&to=2030-06-01T00:00:00Z&project={project}");
    let found = owner.get(&due).await?;
    assert_eq!(found["items"][0]["id"], task.body["id"], "{found}");

    for hidden in [
        path,
        due,
        format!("/v1/tasks/{}", task.body["id"].as_str().ok_or("no id")?),
    ] {
        let answer = stranger.send(Method::GET, &hidden, None).await?;
        assert_eq!(answer.status, 404, "{hidden}: {answer:?}");
    }
    Ok(())
}

/// A task that was deleted comes back, and a client that follows hears of both.
pub(crate) async fn a_deleted_task_comes_back(namespace: &str) -> Result<()> {
    let gateway = forward::service(namespace, "todo-gateway", 8080).await?;
    let judy = User::new(namespace, &gateway.url, "judy").await?;
    let task = judy
        .post("/v1/tasks", &json!({"title": "Water the plants"}))
        .await?;
    let id = task.body["id"].as_str().ok_or("a task without id")?;
    let synced = judy.get("/v1/sync").await?;
    let token = synced["token"].as_str().ok_or("a sync without token")?;

    let path = format!("/v1/tasks/{id}");
    let deleted = judy.send(Method::DELETE, &path, None).await?;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let changes = judy.get(&format!("/v1/sync?token={token}")).await?;
    assert!(
        changes.to_string().contains(id),
        "the deletion is told: {changes}"
    );
    let restored = judy.post(&format!("/v1/trash/{id}/restore"), &json!({})).await?;
    assert_eq!(
        (restored.status, &restored.body["id"]),
        (200, &json!(id)),
        "{restored:?}"
    );
    let history = judy.get(&format!("{path}/history")).await?;
    let kinds: Vec<_> = history["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|step| step["kind"].clone())
        .collect();
    assert_eq!(kinds, ["restored", "deleted", "created"], "{history}");
    Ok(())
}

/// The gateway's document names all that it serves, and the page that shows it is there.
pub(crate) async fn the_api_is_documented(namespace: &str) -> Result<()> {
    let gateway = forward::service(namespace, "todo-gateway", 8080).await?;
    let document: Value = reqwest::get(format!("{}/openapi.json", gateway.url))
        .await?
        .json()
        .await?;
    for path in [
        "/v1/tasks/{id}",
        "/v1/projects/{id}",
        "/v1/reminders",
        "/v1/notifications",
        "/v1/analytics/daily",
    ] {
        assert!(document["paths"][path].is_object(), "{path} in {document}");
    }
    let page = reqwest::get(format!("{}/docs/", gateway.url)).await?;
    assert_eq!(page.status(), 200);
    Ok(())
}
