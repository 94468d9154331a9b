//! Flux, Helm and `kubectl wait` see a platform as it is at every moment: never done before it is, never failed while it
//! works.

use std::time::Duration;

use futures::StreamExt;
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, command, env, kstatus, operator::Operator, platform, wait};

use super::fixture::World;

#[tokio::test]
async fn it_is_in_progress_until_the_pass_that_serves_and_current_then() -> Result<()> {
    let World { client, ns, operator } = World::new("kstatus").await?;
    // Nobody has seen the new object yet.
    operator.kill().await?;
    let development = json!({"profile": "development"});
    let new = cluster::apply(&client, &ns, &platform::todo(&development)).await?;
    assert_eq!(kstatus::of(std::slice::from_ref(&new)).await?, ["InProgress"]);
    let history = tokio::spawn(versions(client.clone(), ns.clone()));

    let world = World {
        operator: Operator::start(&ns).await?,
        client,
        ns,
    };
    let ready = world.serve_until_ready().await?;
    assert_eq!(kstatus::of(std::slice::from_ref(&ready)).await?, ["Current"]);
    wait_for_ready(&world).await?;

    // Nobody has seen the edit yet.
    let World { client, ns, operator } = world;
    operator.kill().await?;
    let changed = json!({"profile": "development", "services": {"task": {"logLevel": "debug"}}});
    let edited = cluster::apply(&client, &ns, &platform::todo(&changed)).await?;
    assert_eq!(kstatus::of(std::slice::from_ref(&edited)).await?, ["InProgress"]);
    let world = World {
        operator: Operator::start(&ns).await?,
        client,
        ns,
    };
    let ready = world.serve_until_ready().await?;
    assert_eq!(kstatus::of(std::slice::from_ref(&ready)).await?, ["Current"]);

    // The last version ends the history.
    let last = json!({"metadata": {"annotations": {"scenario": "over"}}});
    world.merge("TodoPlatform", "todo", &last).await?;
    let history = tokio::time::timeout(Duration::from_mins(1), history).await???;
    let words = kstatus::of(&history).await?;
    assert!(
        words.iter().any(|word| word == "InProgress") && words.iter().any(|word| word == "Current"),
        "{words:?}"
    );
    for (version, word) in history.iter().zip(&words) {
        assert_ne!(word, "Failed", "{:#}", version["status"]);
        assert_eq!(
            word == "Current",
            platform::is_ready(version),
            "{word}: {:#}",
            version["status"]
        );
    }
    Ok(())
}

#[tokio::test]
async fn it_has_failed_when_only_a_change_by_somebody_helps() -> Result<()> {
    let world = World::new("kstatus-failed").await?;
    let spec = json!({"profile": "development", "notifications": {"smtp": {
        "host": "mail.example", "usernameSecretKeyRef": {"name": "mail", "key": "user"}, "passwordSecretKeyRef": {"name": "mail", "key": "password"},
    }}});
    world.apply(&spec).await?;
    wait::until(Duration::from_secs(30), "kstatus Failed", || async {
        let platform = world.get("TodoPlatform", "todo").await?;
        match kstatus::of(std::slice::from_ref(&platform)).await?.as_slice() {
            [only] if only == "Failed" => Ok(()),
            words => Err(format!("{words:?}: {:#}", platform["status"]).into()),
        }
    })
    .await?;
    world
        .secret("mail", &json!({"user": "todo", "password": "secret"}))
        .await?;
    let ready = world.serve_until_ready().await?;
    assert_eq!(kstatus::of(&[ready]).await?, ["Current"]);
    Ok(())
}

/// Every version of the platform from now until it carries the annotation that ends the scenario.
async fn versions(client: kube::Client, ns: String) -> Result<Vec<Value>> {
    let api = cluster::objects(&client, &ns, "TodoPlatform");
    let mut seen = Vec::new();
    let config = watcher::Config::default().fields("metadata.name=todo");
    let mut versions = watcher(api, config).default_backoff().applied_objects().boxed();
    while let Some(version) = versions.next().await {
        // The watcher begins anew by itself.
        let Ok(object) = version else { continue };
        let annotations = object.metadata.annotations.as_ref();
        let is_last = annotations.is_some_and(|all| all.contains_key("scenario"));
        seen.push(serde_json::to_value(object)?);
        if is_last {
            return Ok(seen);
        }
    }
    Err("the watch ended".into())
}

async fn wait_for_ready(world: &World) -> Result<()> {
    let kubectl = env::required("TODO_TEST_KUBECTL")?;
    let args = [
        "--namespace",
        &world.ns,
        "wait",
        "--for=condition=Ready",
        "tp/todo",
        "--timeout=20s",
    ];
    command::ok(&kubectl, &args, None).await?;
    Ok(())
}
