//! The main job, the same for every sample: a task with a reminder, its mails exactly once, its counts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::Client;
use reqwest::Method;
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, command, forward, install, mail, user::User, wait};

const SERVICES: [&str; 5] = ["gateway", "task", "scheduler", "notification", "analytics"];

/// Applies a sample and waits for it, by the commands that the README gives.
pub(crate) async fn apply_sample(namespace: &str, sample: &str) -> Result<()> {
    let file = install::project("config/samples")
        .join(sample)
        .display()
        .to_string();
    command::kubectl_ok(&["-n", namespace, "apply", "-f", &file], None).await?;
    command::kubectl_ok(
        &[
            "-n",
            namespace,
            "wait",
            "--for=condition=Ready",
            "tp/todo",
            "--timeout=240s",
        ],
        None,
    )
    .await?;
    Ok(())
}

/// Every pod of every service runs with a sidecar, both containers ready.
pub(crate) async fn every_pod_has_its_sidecar(client: &Client, namespace: &str) -> Result<()> {
    let pods = cluster::objects(client, namespace, "Pod")
        .list(&kube::api::ListParams::default())
        .await?;
    for service in SERVICES {
        let name = format!("todo-{service}-");
        let mine: Vec<Value> = pods
            .items
            .iter()
            .filter(|p| p.metadata.name.as_deref().is_some_and(|n| n.starts_with(&name)))
            .map(serde_json::to_value)
            .collect::<std::result::Result<_, _>>()?;
        assert!(!mine.is_empty(), "no pod of {service}");
        for pod in mine {
            let containers = pod["status"]["containerStatuses"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let ready: Vec<&str> = containers
                .iter()
                .filter(|c| c["ready"] == true)
                .filter_map(|c| c["name"].as_str())
                .collect();
            assert!(
                ready.contains(&"daprd") && ready.contains(&"app"),
                "{service}: ready containers {ready:?}"
            );
        }
    }
    Ok(())
}

/// Creates a task with a reminder, sees both mails exactly once, completes it, sees mail and counts.
pub(crate) async fn does_its_job(namespace: &str) -> Result<()> {
    let gateway = forward::service(namespace, "todo-gateway", 8080).await?;
    let sink = forward::service(namespace, "mailsink", 8025).await?;
    let http = reqwest::Client::new();
    let alice = User::new(namespace, &gateway.url, "alice").await?;

    let at = now().checked_add(SignedDuration::from_secs(8))?;
    let task = json!({"title": "Buy milk", "reminders": [{"at": at.to_string()}]});
    let created = alice.post("/v1/tasks", &task).await?;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.etag.as_deref(), Some("\"v1\""));
    let id = created.body["id"].as_str().ok_or("a task without id")?.to_owned();

    let arrived = |subject: &'static str| {
        let (http, sink, email) = (&http, &sink.url, &alice.email);
        async move {
            wait::until(Duration::from_mins(1), &format!("mail “{subject}”"), || async {
                let mails = mail::to(http, sink, email).await?;
                if mail::count(&mails, subject) > 0 {
                    Ok(())
                } else {
                    Err(format!("{mails:?}").into())
                }
            })
            .await
        }
    };
    arrived("Task created").await?;
    arrived("Reminder").await?;
    assert!(now() >= at, "the reminder came before its time");

    let completed = alice
        .post(&format!("/v1/tasks/{id}/complete"), &json!({}))
        .await?;
    assert_eq!(
        (completed.status, &completed.body["status"]),
        (200, &json!("done")),
        "{completed:?}"
    );
    arrived("Task completed").await?;
    wait::until(Duration::from_mins(1), "the counts of analytics", || async {
        let body = alice.get("/v1/analytics/daily").await?;
        let days = body["items"].as_array().cloned().unwrap_or_default();
        let sum = |field: &str| days.iter().filter_map(|d| d[field].as_i64()).sum::<i64>();
        if (sum("created"), sum("completed")) == (1, 1) {
            Ok(())
        } else {
            Err(body.to_string().into())
        }
    })
    .await?;

    // Longer than a broker redelivers what was not acknowledged at once.
    wait::throughout(Duration::from_secs(20), "exactly once each", || async {
        let mails = mail::to(&http, &sink.url, &alice.email).await?;
        for subject in ["Task created", "Reminder", "Task completed"] {
            if mail::count(&mails, subject) != 1 {
                return Err(format!("{subject}: {mails:?}").into());
            }
        }
        Ok(())
    })
    .await?;

    let mallory = User::new(namespace, &gateway.url, "mallory").await?;
    let hidden = mallory
        .send(Method::GET, &format!("/v1/tasks/{id}"), None)
        .await?;
    assert_eq!(hidden.status, 404, "another user's task: {hidden:?}");
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the scenario lives in real time: it compares with a real scheduler"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
