//! Whose doing a difference is, and what is done about it.

use kube::api::ListParams;
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, wait};

use super::converge::{own_writes, settled};
use super::fixture::World;

const TASK: (&str, &str) = ("Deployment", "todo-task");
const IMAGE: &str = "/spec/template/spec/containers/0/image";

fn with_image(image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})
}

async fn edit(world: &World, manager: &str, object: (&str, &str), change: &Value) -> Result<()> {
    cluster::merge_as(&world.client, &world.ns, manager, object, change).await
}

#[tokio::test]
async fn a_correction_names_who_changed_what() -> Result<()> {
    let world = World::new("who").await?;
    world.ready().await?;
    let image = world.get(TASK.0, TASK.1).await?.pointer(IMAGE).cloned();
    edit(&world, "kubectl-edit", TASK, &with_image("example/else:1")).await?;
    world
        .shows(TASK, "its image", |task| task.pointer(IMAGE) == image.as_ref())
        .await?;
    world
        .says(
            "Drifted",
            "False",
            "Corrected",
            &["Deployment/todo-task", ".image", "kubectl-edit"],
        )
        .await?;
    wait::until(std::time::Duration::from_secs(10), "an Event", || async {
        let events = cluster::objects(&world.client, &world.ns, "Event")
            .list(&ListParams::default())
            .await?;
        let note = |event: &Value| {
            event["note"]
                .as_str()
                .is_some_and(|note| note.contains("kubectl-edit"))
        };
        if events
            .items
            .iter()
            .any(|event| event.data["reason"] == "DriftCorrected" && note(&event.data))
        {
            Ok(())
        } else {
            Err("none names the manager".into())
        }
    })
    .await?;
    let metrics = world.operator.metrics().await?;
    assert!(
        metrics.contains("todoplatform_drift_corrections_total{manager=\"kubectl\",kind=\"Deployment\"} 1"),
        "{metrics}"
    );
    Ok(())
}

#[tokio::test]
async fn what_others_add_to_our_pods_is_removed_and_what_is_theirs_stays_and_all_comes_to_rest() -> Result<()>
{
    let world = World::new("added").await?;
    world.ready().await?;
    let template = |part: Value| json!({"spec": {"template": part}});
    let additions = [
        (
            template(
                json!({"spec": {"containers": [{"name": "app", "env": [{"name": "SPY", "value": "1"}]}]}}),
            ),
            "SPY",
        ),
        (
            template(json!({"metadata": {"labels": {"spy": "1"}}})),
            ".metadata.labels.spy",
        ),
        (
            template(json!({"spec": {"nodeSelector": {"disk": "spy"}}})),
            "nodeSelector",
        ),
    ];
    for (change, word) in additions {
        edit(&world, "meddler", TASK, &change).await?;
        world
            .says("Drifted", "False", "Corrected", &[word, "added by meddler"])
            .await?;
        world
            .shows(TASK, "without it", |task| {
                !task["spec"].to_string().contains("spy") && !task["spec"].to_string().contains("SPY")
            })
            .await?;
    }
    edit(
        &world,
        "meddler",
        ("ConfigMap", "todo-task"),
        &json!({"data": {"more": "x"}}),
    )
    .await?;
    world
        .shows(("ConfigMap", "todo-task"), "one key", |map| {
            map["data"]["more"].is_null()
        })
        .await?;

    // `kubectl rollout restart`, and labels of the object itself.
    let restarted = template(
        json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}}}),
    );
    edit(&world, "kubectl-rollout", TASK, &restarted).await?;
    edit(
        &world,
        "team",
        TASK,
        &json!({"metadata": {"labels": {"cost-centre": "7"}}}),
    )
    .await?;
    world.serve_until_ready().await?;
    settled(&world).await?;
    let before = own_writes(&world).await?;
    world.rests(TASK.0, TASK.1).await?;
    assert_eq!(before, own_writes(&world).await?);
    let task = world.get(TASK.0, TASK.1).await?;
    assert_eq!(task["metadata"]["labels"]["cost-centre"], "7");
    assert_eq!(
        task["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"],
        "2026-01-01T00:00:00Z"
    );
    Ok(())
}

#[tokio::test]
async fn report_leaves_a_change_and_names_it_until_the_policy_says_otherwise() -> Result<()> {
    let world = World::new("report").await?;
    world.ready().await?;
    world.respec(&json!({"driftPolicy": {"mode": "Report"}})).await?;
    world.serve_until_ready().await?;
    edit(&world, "kubectl-scale", TASK, &json!({"spec": {"replicas": 4}})).await?;
    world
        .says(
            "Drifted",
            "True",
            "Drifted",
            &[".spec.replicas changed by kubectl-scale"],
        )
        .await?;

    // What the platform says of the rest is still sent, around the change.
    world
        .respec(&json!({"services": {"task": {"image": "example/task:9"}}}))
        .await?;
    let sent = world
        .shows(TASK, "the new image", |task| {
            task.pointer(IMAGE) == Some(&json!("example/task:9"))
        })
        .await?;
    assert_eq!(sent["spec"]["replicas"], 4);
    world
        .says(
            "Drifted",
            "True",
            "Drifted",
            &[".spec.replicas changed by kubectl-scale"],
        )
        .await?;
    world.rests(TASK.0, TASK.1).await?;

    world.respec(&json!({"driftPolicy": {"mode": "Ignore"}})).await?;
    world.says("Drifted", "False", "Ignored", &[]).await?;
    assert_eq!(world.get(TASK.0, TASK.1).await?["spec"]["replicas"], 4);

    world.respec(&json!({"driftPolicy": {"mode": "Correct"}})).await?;
    world
        .shows(TASK, "one pod", |task| task["spec"]["replicas"] == 1)
        .await?;
    Ok(())
}

#[tokio::test]
async fn an_ignored_field_is_others_and_its_neighbours_are_not() -> Result<()> {
    let world = World::new("ignore").await?;
    let ignore = json!([{"kind": "Deployment", "name": "todo-task", "jsonPointer": "/spec/replicas"}]);
    world
        .apply(&json!({"profile": "development", "driftPolicy": {"ignore": ignore}}))
        .await?;
    world.serve_until_ready().await?;
    edit(&world, "kubectl-scale", TASK, &json!({"spec": {"replicas": 4}})).await?;
    edit(&world, "kubectl-edit", TASK, &with_image("example/else:1")).await?;
    world
        .shows(TASK, "its image and four pods", |task| {
            task["spec"]["replicas"] == 4 && task.pointer(IMAGE) != Some(&json!("example/else:1"))
        })
        .await?;
    let corrected = world
        .says("Drifted", "False", "Corrected", &[".image", "kubectl-edit"])
        .await?;
    assert!(
        !corrected["status"]["conditions"]
            .to_string()
            .contains(".spec.replicas")
    );
    world.rests(TASK.0, TASK.1).await?;

    // What is ignored is of that object alone.
    edit(
        &world,
        "kubectl-scale",
        ("Deployment", "todo-gateway"),
        &json!({"spec": {"replicas": 4}}),
    )
    .await?;
    world
        .shows(("Deployment", "todo-gateway"), "one pod", |gateway| {
            gateway["spec"]["replicas"] == 1
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn two_writers_that_undo_each_other_come_to_rest_and_it_is_said() -> Result<()> {
    let world = World::new("contest").await?;
    world.ready().await?;
    // A writer that does not give up within reason: it puts its value back whenever it is gone.
    wait::until(
        std::time::Duration::from_secs(30),
        "a change that stands",
        || async {
            let task = world.get(TASK.0, TASK.1).await?;
            if task["spec"]["replicas"] != 7 {
                edit(&world, "other-operator", TASK, &json!({"spec": {"replicas": 7}})).await?;
            }
            let now = world.get("TodoPlatform", "todo").await?;
            match todo_scenarios::platform::condition(&now, "Drifted") {
                Some(("True", _, message)) if message.contains("other-operator") => Ok(()),
                other => Err(format!("{other:?}").into()),
            }
        },
    )
    .await?;
    world.rests(TASK.0, TASK.1).await?;
    Ok(())
}
