//! Stores of others, real ones: what refuses the operator is told apart from what is away.

use serde_json::{Value, json};
use todo_scenarios::{Result, env, platform};

use super::fixture::World;

fn external() -> Value {
    json!({
        "profile": "development",
        "database": {"external": {"urlSecretKeyRef": {"name": "db", "key": "url"}}},
        "cache": {"external": {"urlSecretKeyRef": {"name": "cache", "key": "url"}}},
    })
}

#[tokio::test]
async fn a_database_that_refuses_the_password_gates_the_start_until_the_secret_is_mended() -> Result<()> {
    let world = World::new("password").await?;
    let right = env::required("TODO_TEST_POSTGRES_URL")?;
    let wrong = with_password(&right, "canary-77aa")?;
    world
        .secret("cache", &json!({"url": env::required("TODO_TEST_REDIS_URL")?}))
        .await?;
    world.secret("db", &json!({"url": wrong})).await?;
    world.apply(&external()).await?;
    let refused = platform::condition_is(
        &world.client,
        &world.ns,
        "DependenciesReady",
        "False",
        "PasswordRefused",
    )
    .await?;
    let text = refused.to_string();
    assert!(
        text.contains("database") && !text.contains("canary-77aa"),
        "{text}"
    );
    assert!(
        refused["status"]["blocking"][0]["nextAction"].is_string(),
        "{:#}",
        refused["status"]["blocking"]
    );
    assert!(world.services().await?.is_empty());

    world.secret("db", &json!({"url": right})).await?;
    world.serve_until_ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_away_is_called_unreachable() -> Result<()> {
    let world = World::new("away").await?;
    world
        .secret(
            "db",
            &json!({"url": "postgres://todo:canary-12ab@127.0.0.1:1/todo"}),
        )
        .await?;
    world
        .secret("cache", &json!({"url": "redis://:canary-12ab@127.0.0.1:1/0"}))
        .await?;
    world.apply(&external()).await?;
    let away = platform::condition_is(
        &world.client,
        &world.ns,
        "DependenciesReady",
        "False",
        "Unreachable",
    )
    .await?;
    assert!(!away.to_string().contains("canary-12ab"));
    Ok(())
}

fn with_password(url: &str, password: &str) -> Result<String> {
    let mut url = reqwest::Url::parse(url)?;
    url.set_password(Some(password))
        .map_err(|()| "a URL that takes no password")?;
    Ok(url.to_string())
}
