//! Bad input ends in words: what is wrong, where, what to do. Nothing runs half-way, and mending is enough.

use std::time::Duration;

use serde_json::{Value, json};
use todo_scenarios::{Result, command, platform};

use super::fixture::World;

#[tokio::test]
async fn the_api_server_refuses_what_the_schema_can_see() -> Result<()> {
    let world = World::new("refused").await?;
    let cases: [(&str, Value, &str); 6] = [
        (
            "todo",
            json!({"profil": "development"}),
            "unknown field \"spec.profil\"",
        ),
        (
            "todo",
            json!({"services": {"task": {"replicas": "two"}}}),
            "spec.services.task.replicas",
        ),
        ("todo", json!({"profile": "staging"}), "spec.profile"),
        ("todo", json!({"profile": "production"}), "production needs"),
        (
            "todo",
            json!({"services": {"task": {"replicas": -1}}}),
            "spec.services.task.replicas",
        ),
        (
            "a-name-of-a-platform-that-is-much-too-long",
            json!({"profile": "development"}),
            "metadata.name",
        ),
    ];
    for (name, spec, words) in cases {
        let mut object = platform::todo(&spec);
        object["metadata"]["name"] = json!(name);
        let text = object.to_string();
        let out = command::kubectl(
            &["-n", &world.ns, "create", "--validate=strict", "-f", "-"],
            Some(&text),
        )
        .await?;
        assert!(
            !out.success && out.stderr.contains(words),
            "{spec}: {} does not say “{words}”",
            out.stderr
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_secret_then_a_missing_key_are_named_and_mended_by_making_them() -> Result<()> {
    let world = World::new("nosecret").await?;
    let spec = json!({
        "profile": "development",
        "notifications": {"smtp": {"host": "mail.example", "port": 25, "from": "todo@example.com", "security": "none",
            "usernameSecretKeyRef": {"name": "mail", "key": "username"},
            "passwordSecretKeyRef": {"name": "mail", "key": "password"}}},
    });
    world.apply(&spec).await?;
    let missing =
        platform::condition_is(&world.client, &world.ns, "Stalled", "True", "MissingSecret").await?;
    let text = missing["status"].to_string();
    assert!(
        text.contains("mail") && text.contains("spec.notifications.smtp"),
        "{text}"
    );
    assert!(
        world.services().await?.is_empty() && world.names("StatefulSet").await?.is_empty(),
        "nothing was written"
    );

    world.secret("mail", &json!({"username": "me"})).await?;
    let half =
        platform::condition_is(&world.client, &world.ns, "Stalled", "True", "MissingSecretKey").await?;
    assert!(
        half["status"].to_string().contains("password"),
        "{:#}",
        half["status"]
    );

    world
        .secret("mail", &json!({"username": "me", "password": "canary-51c8"}))
        .await?;
    let ready = world.serve_until_ready().await?;
    assert!(
        !ready.to_string().contains("canary-51c8"),
        "a Secret's value stays in the Secret"
    );
    Ok(())
}

#[tokio::test]
async fn a_bad_spec_tears_down_nothing_that_ran() -> Result<()> {
    let world = World::new("badspec").await?;
    world.ready().await?;
    let before = world.services().await?;
    let spec = json!({"profile": "development", "database": {"external": {"urlSecretKeyRef": {"name": "nowhere", "key": "url"}}}});
    world.apply(&spec).await?;
    let stalled =
        platform::condition_is(&world.client, &world.ns, "Stalled", "True", "MissingSecret").await?;
    assert!(
        stalled["status"]
            .to_string()
            .contains("spec.database.external.urlSecretKeyRef"),
        "{:#}",
        stalled["status"]
    );
    assert!(
        stalled["status"]["blocking"][0]["nextAction"].is_string(),
        "{:#}",
        stalled["status"]["blocking"]
    );
    assert_eq!(before, world.services().await?);
    world.get("StatefulSet", "todo-postgres").await?;

    world.apply(&json!({"profile": "development"})).await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn kubectl_wait_never_returns_early_after_an_edit() -> Result<()> {
    let world = World::new("early").await?;
    world.ready().await?;
    for replicas in 2..5 {
        world
            .apply(&json!({"profile": "development", "services": {"task": {"replicas": replicas}}}))
            .await?;
        let args = [
            "-n",
            &world.ns,
            "wait",
            "--for=condition=Ready",
            "tp/todo",
            "--timeout=1s",
        ];
        let early = command::kubectl(&args, None).await?;
        assert!(!early.success, "Ready before the new replicas serve: {early:?}");
        world.serve_until_ready().await?;
        let late = command::kubectl(&args, None).await?;
        assert!(late.success, "{late:?}");
    }
    platform::ready(&world.client, &world.ns, Duration::from_secs(5)).await?;
    Ok(())
}
