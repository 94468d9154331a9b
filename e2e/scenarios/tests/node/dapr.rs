//! What real sidecars have loaded, against what was declared; who may call whom through them.

use std::time::Duration;

use kube::Client;
use serde_json::json;
use todo_scenarios::{Result, cluster, command, forward, platform};

/// Every service shows each of its components loaded and each of its subscriptions active.
pub(crate) async fn everything_declared_is_loaded(client: &Client, namespace: &str) -> Result<()> {
    let found = platform::until(
        client,
        namespace,
        Duration::from_mins(1),
        "DaprReady",
        |platform| platform::condition(platform, "DaprReady").is_some_and(|(status, _, _)| status == "True"),
    )
    .await?;
    for (service, components, subscriptions) in [
        ("gateway", 0, 0),
        ("task", 1, 0),
        ("scheduler", 1, 8),
        ("notification", 2, 6),
        ("analytics", 1, 14),
    ] {
        let dapr = &platform::component(&found, service)["dapr"];
        let counts = [
            &dapr["componentsDeclared"],
            &dapr["componentsLoaded"],
            &dapr["subscriptionsDeclared"],
            &dapr["subscriptionsActive"],
        ];
        assert_eq!(
            json!(counts),
            json!([components, components, subscriptions, subscriptions]),
            "{service}: {dapr:#}"
        );
        assert!(dapr["runtimeVersion"].is_string(), "{service}: {dapr:#}");
    }
    Ok(())
}

/// The sidecar of analytics, which calls nobody, is refused by that of task; so is the gateway's with a verb that it never uses.
pub(crate) async fn only_who_calls_a_service_may_call_it(namespace: &str) -> Result<()> {
    let http = reqwest::Client::new();
    for (caller, method, path, refused) in [
        ("analytics", reqwest::Method::GET, "/v1/tasks", true),
        ("gateway", reqwest::Method::PUT, "/v1/tasks", true),
        ("gateway", reqwest::Method::GET, "/internal", true),
        ("gateway", reqwest::Method::GET, "/v1/tasks", false),
    ] {
        let secret = format!("secret/todo-{caller}-api-token");
        let decoded = "go-template={{.data.token | base64decode}}";
        let token = command::kubectl_ok(&["-n", namespace, "get", &secret, "-o", decoded], None).await?;
        let sidecar = forward::deployment(namespace, &format!("todo-{caller}"), 3500).await?;
        let answer = http
            .request(method.clone(), format!("{}{path}", sidecar.url))
            .header("dapr-app-id", "todo-task")
            .header("dapr-api-token", token)
            .send()
            .await?;
        // The service itself, asked without a bearer token, says 401.
        let status = answer.status();
        assert_eq!(status == 403, refused, "{method} {path} by {caller}: {status}");
    }
    Ok(())
}

/// A secret store that is not there keeps components waiting, and the sidecar Ready without them.
pub(crate) async fn a_component_that_is_not_loaded_is_named(client: &Client, namespace: &str) -> Result<()> {
    let broken = json!({"spec": {"dapr": {"secretStore": "not-there"}}});
    cluster::merge(client, namespace, "TodoPlatform", "todo", &broken).await?;
    let held = platform::until(
        client,
        namespace,
        Duration::from_mins(2),
        "notification lacks a component",
        |platform| platform::component(platform, "notification")["reason"] == "ComponentNotLoaded",
    )
    .await?;
    assert!(!platform::is_ready(&held));
    let failed = platform::component(&held, "notification")["dapr"]["failed"].to_string();
    assert!(failed.contains("todo-notification-state"), "{failed}");

    let mend = json!({"spec": {"dapr": {"secretStore": null}}});
    cluster::merge(client, namespace, "TodoPlatform", "todo", &mend).await?;
    platform::ready(client, namespace, Duration::from_mins(3)).await?;
    Ok(())
}
