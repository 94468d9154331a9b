//! Sidecars: what they say they have loaded shows and holds Ready back; pods that have none are replaced.
//!
//! There are no nodes here: the scenario makes the pods and answers for their sidecars, on loopback addresses.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, platform, wait};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::fixture::World;

/// Answers `GET` as a sidecar would, with whatever was set last.
struct FakeSidecar {
    port: u16,
    answer: Arc<Mutex<Value>>,
}

impl FakeSidecar {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let answer = Arc::new(Mutex::new(json!({"runtimeVersion": "1.18.2"})));
        let shared = Arc::clone(&answer);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let _head = stream.read(&mut request).await;
                let body = shared.lock().unwrap_or_else(PoisonError::into_inner).to_string();
                let response = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _sent = stream.write_all(response.as_bytes()).await;
            }
        });
        Ok(Self { port, answer })
    }

    fn loads(&self, components: &[&str]) {
        let components: Vec<Value> = components.iter().map(|name| json!({ "name": name })).collect();
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) =
            json!({"runtimeVersion": "1.18.2", "components": components, "subscriptions": []});
    }
}

/// A pod as the ReplicaSet of a Deployment would make it, with or without what the injector adds.
async fn pod(world: &World, service: &str, name: &str, has_sidecar: bool) -> Result<()> {
    let deployment = world.get("Deployment", &format!("todo-{service}")).await?;
    let template = &deployment["spec"]["template"];
    let mut spec = template["spec"].clone();
    if has_sidecar {
        let mut sidecar = spec["containers"][0].clone();
        for field in [
            "ports",
            "startupProbe",
            "readinessProbe",
            "livenessProbe",
            "volumeMounts",
            "env",
        ] {
            if let Some(fields) = sidecar.as_object_mut() {
                fields.remove(field);
            }
        }
        sidecar["name"] = json!("daprd");
        let containers = spec["containers"]
            .as_array_mut()
            .ok_or("a pod without containers")?;
        containers.push(sidecar);
    }
    let owner = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("todo-{service}-1"), "controller": true,
        "uid": "5e1f1e7c-0000-4000-8000-000000000002",
    });
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "spec": spec,
        "metadata": {
            "name": name, "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"], "ownerReferences": [owner],
        },
    });
    cluster::apply(&world.client, &world.ns, &pod).await?;
    Ok(())
}

/// Plays the kubelet: the pod runs, and answers at this address.
async fn runs(world: &World, name: &str, address: &str) -> Result<()> {
    let container = |name: &str| {
        json!({"name": name, "image": "x", "imageID": "", "ready": true, "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}})
    };
    let status = json!({
        "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
        "containerStatuses": [container("app"), container("daprd")],
    });
    cluster::merge_status(&world.client, &world.ns, "Pod", name, &status).await
}

#[tokio::test]
async fn what_a_sidecar_has_not_loaded_is_named_and_holds_ready_back() -> Result<()> {
    let sidecar = FakeSidecar::start().await?;
    let port = sidecar.port.to_string();
    let world = World::with("truth", &["--sidecar-port", &port]).await?;
    world.ready().await?;

    pod(&world, "task", "todo-task-1-a", true).await?;
    runs(&world, "todo-task-1-a", "127.0.0.1").await?;
    let held = platform::condition_is(
        &world.client,
        &world.ns,
        "DaprReady",
        "False",
        "ComponentNotLoaded",
    )
    .await?;
    assert!(!platform::is_ready(&held));
    let task = platform::component(&held, "task");
    assert_eq!(task["reason"], "ComponentNotLoaded", "{task:#}");
    assert_eq!(task["dapr"]["failed"], json!(["todo-task-events"]), "{task:#}");
    assert_eq!(
        (
            &task["dapr"]["componentsLoaded"],
            &task["dapr"]["componentsDeclared"]
        ),
        (&json!(0), &json!(1))
    );
    assert!(
        held["status"]["blocking"]
            .to_string()
            .contains("todo-task-events")
    );

    // The task service consumes nothing: with its component it is whole.
    sidecar.loads(&["todo-task-events", "somebody-elses"]);
    let ready = platform::ready(&world.client, &world.ns, Duration::from_secs(30)).await?;
    let task = platform::component(&ready, "task");
    assert_eq!(
        task["dapr"],
        json!({
            "appId": "todo-task", "sidecars": 1, "runtimeVersion": "1.18.2", "componentsDeclared": 1, "componentsLoaded": 1,
            "subscriptionsDeclared": 0, "subscriptionsActive": 0,
        })
    );

    // Nobody answers there. That proves nothing, and is said.
    pod(&world, "task", "todo-task-1-b", true).await?;
    runs(&world, "todo-task-1-b", "127.0.0.77").await?;
    let doubted = platform::condition_is(
        &world.client,
        &world.ns,
        "DaprReady",
        "Unknown",
        "SidecarUnreachable",
    )
    .await?;
    assert!(platform::is_ready(&doubted), "{:#}", doubted["status"]);
    let message = platform::component(&doubted, "task")["message"].to_string();
    assert!(message.contains("todo-task-1-b"), "{message}");
    Ok(())
}

#[tokio::test]
async fn pods_that_missed_injection_are_replaced_three_at_a_time_and_none_of_what_is_paused() -> Result<()> {
    let world = World::new("watchdog").await?;
    world.ready().await?;
    world.respec(&json!({"paused": true})).await?;
    world.says("Paused", "True", "Paused", &[]).await?;
    let names = ["a", "b", "c", "d"].map(|letter| format!("todo-task-1-{letter}"));
    for name in &names {
        pod(&world, "task", name, false).await?;
    }
    let missing = platform::until(
        &world.client,
        &world.ns,
        Duration::from_secs(10),
        "task names a pod without its sidecar",
        |p| platform::component(p, "task")["reason"] == "SidecarMissing",
    )
    .await?;
    assert!(!platform::is_ready(&missing));

    let left = || async {
        let pods = world.names("Pod").await?;
        Ok::<_, todo_scenarios::Error>(pods.iter().filter(|pod| names.contains(pod)).count())
    };
    wait::throughout(
        Duration::from_secs(25),
        "nothing of a paused platform goes",
        || async {
            match left().await? {
                4 => Ok(()),
                pods => Err(format!("{pods} are left").into()),
            }
        },
    )
    .await?;
    world.respec(&json!({"paused": null})).await?;
    wait::until(Duration::from_secs(40), "three pods deleted", || async {
        match left().await? {
            1 => Ok(()),
            pods => Err(format!("{pods} are left").into()),
        }
    })
    .await?;
    wait::throughout(Duration::from_secs(15), "the fourth waits", || async {
        match left().await? {
            1 => Ok(()),
            pods => Err(format!("{pods} are left").into()),
        }
    })
    .await?;
    let metrics = world.operator.metrics().await?;
    assert!(
        metrics.contains("todoplatform_pods_without_sidecar_replaced_total 3"),
        "three are counted"
    );
    let events = cluster::objects(&world.client, &world.ns, "Event")
        .list(&kube::api::ListParams::default())
        .await?;
    let told = events.items.iter().any(|event| {
        event.data["reason"] == "SidecarMissing" && event.data["note"].to_string().contains("is deleted")
    });
    assert!(told, "an Event tells of it");
    Ok(())
}
