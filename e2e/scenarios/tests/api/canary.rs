//! No value of a Secret is ever found anywhere but in its Secret.

use kube::{
    Api,
    api::{DynamicObject, ListParams},
    discovery::{Discovery, Scope, verbs},
};
use serde_json::{Value, json};
use todo_scenarios::{Result, operator};

use super::fixture::World;

/// What is looked for. It survives as part of a URL, and in base64 it is found by [`encoded`].
const CANARY: &str = "canary7f3a9d";

#[tokio::test]
async fn a_value_of_a_secret_is_in_no_other_object_event_log_or_metric() -> Result<()> {
    let world = World::talkative("canary").await?;
    generated(&world).await?;
    world
        .secret(
            "mine",
            &json!({"user": format!("{CANARY}-user"), "word": format!("{CANARY}-word")}),
        )
        .await?;
    let key = |key: &str| json!({"name": "mine", "key": key});
    world
        .apply(&json!({
            "profile": "development",
            "adoptionPolicy": "IfUnowned",
            "notifications": {"smtp": {"host": "mail", "usernameSecretKeyRef": key("user"), "passwordSecretKeyRef": key("word")}},
            "services": {"task": {"env": [{"name": "EXTRA", "secretKeyRef": key("word")}]}},
        }))
        .await?;
    world.serve_until_ready().await?;

    // What fails tells of it: a database that cannot be reached, a Secret that lacks a key.
    let url = format!("postgres://todo:{CANARY}@127.0.0.1:1/todo");
    world.secret("db", &json!({"url": url})).await?;
    world
        .respec(&json!({"database": {"external": {"urlSecretKeyRef": {"name": "db", "key": "url"}}}}))
        .await?;
    world
        .says("DependenciesReady", "False", "Unreachable", &[])
        .await?;
    world
        .respec(&json!({"database": {"external": {"urlSecretKeyRef": {"name": "db", "key": "absent"}}}}))
        .await?;
    world.says("Stalled", "True", "MissingSecretKey", &[]).await?;

    let mut looked_at = 0;
    let mut found = Vec::new();
    for object in everything(&world).await? {
        looked_at += 1;
        let text = object.to_string();
        if object["kind"] != "Secret" && holds(&text) {
            found.push(format!("{}/{}", object["kind"], object["metadata"]["name"]));
        }
    }
    assert!(looked_at > 60, "only {looked_at} objects were looked at");
    let log = std::fs::read_to_string(operator::log_file(&format!("operator-{}", world.ns))?)?;
    assert!(
        log.contains("DEBUG") || log.contains("\"debug\""),
        "the log is not at debug"
    );
    let metrics = world.operator.metrics().await?;
    for (name, text) in [("log", &log), ("metrics", &metrics)] {
        if let Some(line) = text.lines().find(|line| holds(line)) {
            found.push(format!("{name}: {line}"));
        }
    }
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}

/// The generated Secrets with values of ours, in the platform's own form.
async fn generated(world: &World) -> Result<()> {
    let host = |store: &str| format!("todo-{store}.{}.svc.cluster.local", world.ns);
    let mut postgres = json!({"postgres-password": CANARY});
    for service in ["task", "notification", "analytics"] {
        postgres[format!("{service}-password")] = json!(CANARY);
        let url = format!(
            "postgres://{service}:{CANARY}@{}:5432/{service}",
            host("postgres")
        );
        postgres[format!("{service}-url")] = json!(url);
    }
    world.secret("todo-postgres", &postgres).await?;
    let url = format!("redis://:{CANARY}@{}:6379/0", host("redis"));
    world
        .secret("todo-redis", &json!({"password": CANARY, "url": url}))
        .await?;
    let key = json!({"private.pem": CANARY, "jwks.json": format!("{{\"keys\":[\"{CANARY}\"]}}")});
    world.secret("todo-signing-key", &key).await?;
    for service in ["gateway", "task", "scheduler", "notification", "analytics"] {
        for token in ["app-token", "api-token"] {
            let is_made = (service, token) != ("gateway", "app-token");
            if is_made {
                world
                    .secret(
                        &format!("todo-{service}-{token}"),
                        &json!({"token": format!("{CANARY}-{service}-{token}")}),
                    )
                    .await?;
            }
        }
    }
    Ok(())
}

/// Every object of every kind in the namespace.
async fn everything(world: &World) -> Result<Vec<Value>> {
    let discovery = Discovery::new(world.client.clone()).run().await?;
    let mut objects = Vec::new();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if capabilities.scope != Scope::Namespaced || !capabilities.supports_operation(verbs::LIST) {
                continue;
            }
            let api: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), &world.ns, &resource);
            for object in api.list(&ListParams::default()).await? {
                let mut object = serde_json::to_value(object)?;
                object["kind"] = json!(resource.kind);
                objects.push(object);
            }
        }
    }
    Ok(objects)
}

/// Whether a text holds the canary, in clear or in base64 at any of the three places where it can begin.
fn holds(text: &str) -> bool {
    text.contains(CANARY) || encoded().iter().any(|part| text.contains(part.as_str()))
}

/// The part of the canary's base64 that does not depend on its neighbours, for each beginning.
fn encoded() -> [String; 3] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|skip: usize| {
        CANARY.as_bytes()[skip..]
            .chunks_exact(3)
            .flat_map(|three| {
                let bits = three
                    .iter()
                    .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
                [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
            })
            .collect()
    })
}

#[test]
fn the_canary_is_recognised_in_base64() {
    // `printf 'xcanary7f3a9d' | base64`, and with no and two letters before it.
    for text in ["Y2FuYXJ5N2YzYTlk", "eGNhbmFyeTdmM2E5ZA==", "eHhjYW5hcnk3ZjNhOWQ="] {
        assert!(holds(text), "{text}");
    }
    assert!(!holds("Y2FuYXJpZXM="));
}
