//! Roles and databases of the services' own, on a real PostgreSQL. The scenario plays the kubelet: it runs the Job's
//! command with the Job's environment.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use todo_scenarios::{Result, cluster, env, platform, wait};
use tokio::process::Command;

use super::fixture::World;

fn superuser() -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(&env::required(
        "TODO_TEST_POSTGRES_URL",
    )?)?)
}

/// The value of a Secret's key.
async fn secret(world: &World, name: &str, key: &str) -> Result<String> {
    let api: Api<Secret> = Api::namespaced(world.client.clone(), &world.ns);
    let secret = api.get(name).await?;
    let value = secret.data.as_ref().and_then(|data| data.get(key));
    Ok(String::from_utf8(value.ok_or("no such key")?.0.clone())?)
}

/// The one Job, once it is there.
async fn job(world: &World) -> Result<Value> {
    wait::until(Duration::from_secs(30), "the Job", || async {
        match &world.names("Job").await?[..] {
            [name] => world.get("Job", name).await,
            names => Err(format!("{names:?}").into()),
        }
    })
    .await
}

/// Does what a pod of the Job would do; gives its error output.
async fn run(world: &World, job: &Value) -> Result<(bool, String)> {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let mut environment = BTreeMap::new();
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str().ok_or("a variable without name")?;
        let selector = &variable["valueFrom"]["secretKeyRef"];
        let value = match (selector["name"].as_str(), selector["key"].as_str()) {
            (Some(name), Some(key)) => secret(world, name, key).await?,
            _ => variable["value"].as_str().unwrap_or_default().to_owned(),
        };
        environment.insert(name.to_owned(), value);
    }
    let arguments = container["args"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let output = Command::new(env::required("TODO_TEST_OPERATOR")?)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .output()
        .await?;
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

async fn complete(world: &World, job: &Value) -> Result<()> {
    let name = job["metadata"]["name"].as_str().ok_or("a Job without name")?;
    let now = "2026-01-01T00:00:00Z";
    let condition = |type_: &str| json!({"type": type_, "status": "True", "lastTransitionTime": now, "lastProbeTime": now});
    let status = json!({
        "startTime": now, "completionTime": now, "succeeded": 1,
        "conditions": [condition("SuccessCriteriaMet"), condition("Complete")],
    });
    cluster::merge_status(&world.client, &world.ns, "Job", name, &status).await
}

async fn log_in(world: &World, service: &str, database: &str) -> Result<()> {
    let role = |service: &str| format!("{}-todo-{service}", world.ns);
    let password = secret(world, "todo-database", &format!("{service}-password")).await?;
    let options = superuser()?
        .username(&role(service))
        .password(&password)
        .database(&role(database));
    options.connect().await?;
    Ok(())
}

#[tokio::test]
async fn a_job_gives_each_service_its_own_before_the_services_start() -> Result<()> {
    let world = World::new("roles").await?;
    let admin = superuser()?;
    let right = json!({"url": env::required("TODO_TEST_POSTGRES_URL")?});
    world.secret("admin", &json!({"url": format!("postgres://postgres:canary-31@{}:{}/postgres", admin.get_host(), admin.get_port())})).await?;
    world
        .apply(&json!({"profile": "development", "database": {"external": {
            "host": admin.get_host(), "port": admin.get_port(),
            "admin": {"urlSecretKeyRef": {"name": "admin", "key": "url"}},
        }}}))
        .await?;
    let refused = platform::condition_is(
        &world.client,
        &world.ns,
        "DependenciesReady",
        "False",
        "PasswordRefused",
    )
    .await?;
    assert!(!refused.to_string().contains("canary-31"));
    assert!(
        world.names("Job").await?.is_empty(),
        "nothing to do before the database lets us in"
    );

    world.secret("admin", &right).await?;
    let first = job(&world).await?;
    platform::condition_is(&world.client, &world.ns, "DependenciesReady", "False", "Running").await?;
    assert!(world.services().await?.is_empty(), "no service before its role");
    let (succeeded, said) = run(&world, &first).await?;
    assert!(succeeded, "{said}");
    complete(&world, &first).await?;
    world.serve_until_ready().await?;
    for service in ["task", "notification", "analytics"] {
        log_in(&world, service, service).await?;
    }
    let foreign = log_in(&world, "task", "notification").await;
    let refusal = foreign
        .err()
        .ok_or("task reads notification's tables")?
        .to_string();
    assert!(refusal.contains("permission denied"), "{refusal}");

    // Another login of the administrator: another Job, and the one before is pruned. What runs runs on.
    world
        .secret(
            "admin",
            &json!({"url": format!("{}?application_name=another", env::required("TODO_TEST_POSTGRES_URL")?)}),
        )
        .await?;
    let old = first["metadata"]["name"].clone();
    let second = wait::until(Duration::from_mins(2), "another Job", || async {
        let job = job(&world).await?;
        if job["metadata"]["name"] == old {
            Err("still the old one".into())
        } else {
            Ok(job)
        }
    })
    .await?;
    assert_eq!(world.services().await?.len(), 5);
    let (succeeded, said) = run(&world, &second).await?;
    assert!(succeeded, "run again: {said}");
    complete(&world, &second).await?;
    world.serve_until_ready().await?;
    log_in(&world, "task", "task").await?;
    clean(&world).await
}

async fn clean(world: &World) -> Result<()> {
    let mut connection = superuser()?.connect().await?;
    for service in ["task", "notification", "analytics"] {
        let name = format!("{}-todo-{service}", world.ns);
        for statement in [
            format!("drop database \"{name}\" with (force)"),
            format!("drop role \"{name}\""),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await?;
        }
    }
    Ok(())
}
