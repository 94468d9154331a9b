//! A CloudNativePG cluster that comes later than the platform and goes before it. The scenario plays CloudNativePG: its
//! CRD, the Cluster's status, the Secrets.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform, wait};

use super::fixture::World;

const CRD: &str = "clusters.postgresql.cnpg.io";

/// As much of the kind as the operator looks at.
fn crd() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": CRD},
        "spec": {
            "group": "postgresql.cnpg.io", "scope": "Namespaced",
            "names": {"kind": "Cluster", "listKind": "ClusterList", "plural": "clusters", "singular": "cluster"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}

async fn install(client: &Client) -> Result<()> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let params = PatchParams::apply("scenario").force();
    api.patch(CRD, &params, &Patch::Apply(&crd())).await?;
    Ok(())
}

async fn uninstall(client: &Client) -> Result<()> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    // An earlier run may have left it.
    let _absent = api.delete(CRD, &DeleteParams::default()).await;
    wait::until(Duration::from_secs(30), "the kind is gone", || async {
        match api.get_opt(CRD).await? {
            Some(_) => Err("it is still there".into()),
            None => Ok(()),
        }
    })
    .await
}

/// Waits until the database stands like this, and the services are not there.
async fn waits(world: &World, reason: &str) -> Result<Value> {
    let waiting =
        platform::condition_is(&world.client, &world.ns, "DependenciesReady", "False", reason).await?;
    assert!(
        world.services().await?.is_empty(),
        "no service before its database"
    );
    assert!(
        platform::condition(&waiting, "Stalled").is_none(),
        "waiting is not an error"
    );
    Ok(waiting)
}

#[tokio::test]
async fn the_services_start_with_the_cluster_and_the_platform_outlives_it() -> Result<()> {
    let world = World::new("cnpg").await?;
    uninstall(&world.client).await?;
    world
        .apply(&json!({"profile": "development", "database": {"cloudNativePG": {"clusterRef": {"name": "pg"}}, "readReplica": {}}}))
        .await?;
    waits(&world, "KindMissing").await?;
    install(&world.client).await?;
    let missing = waits(&world, "ClusterMissing").await?;
    let next = &missing["status"]["blocking"][0]["nextAction"];
    assert!(
        next.as_str()
            .is_some_and(|next| next.contains("clusters.postgresql.cnpg.io pg")),
        "{next}"
    );

    let object = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "pg"}, "spec": {"instances": 3}});
    wait::until(Duration::from_secs(30), "the Cluster is taken", || {
        cluster::apply(&world.client, &world.ns, &object)
    })
    .await?;
    let setting_up = json!({"phase": "Setting up primary", "instances": 1, "readyInstances": 0});
    cluster::merge_status(&world.client, &world.ns, "Cluster", "pg", &setting_up).await?;
    let waiting = waits(&world, "NotReady").await?;
    assert!(
        waiting.to_string().contains("Setting up primary"),
        "{:#}",
        waiting["status"]
    );

    // It serves; its Secrets come a moment later.
    let ready = json!({"phase": "Cluster in healthy state", "readyInstances": 3, "instances": 3, "currentPrimary": "pg-1", "targetPrimary": "pg-1", "conditions": [
        {"type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
    ]});
    cluster::merge_status(&world.client, &world.ns, "Cluster", "pg", &ready).await?;
    world.workloads_serve().await?;
    platform::condition_is(&world.client, &world.ns, "DependenciesReady", "True", "Answered").await?;
    assert!(
        world.services().await?.is_empty(),
        "no service before its Secrets"
    );
    world
        .secret(
            "pg-app",
            &json!({"username": "app", "password": "canary-5150", "dbname": "app"}),
        )
        .await?;
    world
        .secret("pg-ca", &json!({"ca.crt": "-----BEGIN CERTIFICATE-----"}))
        .await?;
    let done = world.serve_until_ready().await?;
    assert!(!done.to_string().contains("canary-5150"));
    let task = world.get("Deployment", "todo-task").await?;
    let env = &task["spec"]["template"]["spec"]["containers"][0]["env"];
    assert!(
        env.to_string().contains(&format!("pg-rw.{}.svc", world.ns)),
        "{env:#}"
    );

    // The reference goes, and the kind with it: what runs runs on, and the platform can be deleted.
    uninstall(&world.client).await?;
    cluster::delete(&world.client, &world.ns, "Secret", "pg-app").await?;
    cluster::delete(&world.client, &world.ns, "Secret", "pg-ca").await?;
    platform::condition_is(
        &world.client,
        &world.ns,
        "DependenciesReady",
        "False",
        "KindMissing",
    )
    .await?;
    assert_eq!(world.services().await?.len(), 5, "nothing is torn down");
    cluster::delete(&world.client, &world.ns, "TodoPlatform", "todo").await?;
    wait::until(Duration::from_secs(30), "the platform is gone", || async {
        match world.get("TodoPlatform", "todo").await {
            Ok(object) => Err(format!("{:#}", object["metadata"]).into()),
            Err(_) => Ok(()),
        }
    })
    .await
}
