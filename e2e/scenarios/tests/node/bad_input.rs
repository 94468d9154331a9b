//! What a user can get wrong on a running platform: said clearly, nothing torn down, mended by the mend alone.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{Result, cluster, command, forward, install, platform, user::User};

use super::{job, keep};

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_named_while_the_old_pod_serves() -> Result<()> {
    install::operator().await?;
    let client = cluster::client().await?;
    let ns = cluster::namespace(&client, "badimage").await?;
    install::manifest(&ns, "mailsink").await?;
    job::apply_sample(&ns, "development.yaml").await?;

    let bad = json!({"spec": {"services": {"task": {"image": "localhost/no-such-image:1"}}}});
    cluster::merge(&client, &ns, "TodoPlatform", "todo", &bad).await?;
    let stuck = platform::until(
        &client,
        &ns,
        Duration::from_secs(90),
        "task names the image",
        |p| {
            let task = platform::component(p, "task");
            task["reason"] == "ImagePullBackOff" && task["message"].to_string().contains("no-such-image")
        },
    )
    .await?;
    assert!(!platform::is_ready(&stuck), "not Ready for the new spec");
    let action = stuck["status"]["blocking"][0]["nextAction"]
        .as_str()
        .unwrap_or_default();
    assert!(
        action.contains("describe pod todo-task-"),
        "the next action is a command: {action}"
    );
    assert!(
        keep::serves(&cluster::get(&client, &ns, "Deployment", "todo-task").await?),
        "the old pod serves"
    );
    let gateway = forward::service(&ns, "todo-gateway", 8080).await?;
    User::new(&ns, &gateway.url, "alice")
        .await?
        .get("/v1/tasks")
        .await?;

    let mend = json!({"spec": {"services": {"task": {"image": null}}}});
    cluster::merge(&client, &ns, "TodoPlatform", "todo", &mend).await?;
    platform::ready(&client, &ns, Duration::from_mins(2)).await?;
    command::kubectl_ok(&["-n", &ns, "delete", "tp/todo", "--timeout=60s"], None).await?;
    keep::nothing_is_left(&client, &ns).await
}
