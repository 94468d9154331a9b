//! The operator with the rights of its chart, through the whole life of a platform: it is refused nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster, identity,
    operator::{Operator, Start},
    wait,
};

use super::fixture::{World, place};

#[tokio::test]
async fn cluster_wide_the_chart_grants_enough() -> Result<()> {
    let (client, ns) = place("rights").await?;
    let objects = identity::chart(&ns, &ns, &[]).await?;
    assert_eq!(granted(&objects), needed_everywhere());
    let kubeconfig = identity::of_chart(&client, &objects, &ns).await?;
    // All namespaces may be read; only this scenario's platform is this operator's.
    let start = Start {
        name: format!("{ns}-rights"),
        args: Vec::new(),
        kubeconfig: Some(kubeconfig),
    };
    let start = start
        .arg("--lease-namespace", &ns)
        .arg("--lease-name", &lease_of(&objects)?)
        .arg("--platform-selector", &format!("scenario={ns}"));
    let operator = Operator::run(&start).await?;
    whole_life(World { client, ns, operator }).await
}

#[tokio::test]
async fn in_namespaces_roles_are_enough_and_there_is_no_cluster_role() -> Result<()> {
    let (client, ns) = place("roles").await?;
    let objects = identity::chart(&ns, &ns, &[format!("watchNamespaces={{{ns}}}")]).await?;
    let kinds: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object["kind"].as_str())
        .collect();
    assert!(
        !kinds.contains("ClusterRole") && !kinds.contains("ClusterRoleBinding"),
        "{kinds:?}"
    );
    let kubeconfig = identity::of_chart(&client, &objects, &ns).await?;
    let start = Start::in_namespace(&format!("{ns}-roles"), &ns)
        .arg("--lease-name", &lease_of(&objects)?)
        .kubeconfig(kubeconfig);
    let operator = Operator::run(&start).await?;
    whole_life(World { client, ns, operator }).await
}

/// Made, served, edited, drifted, pruned, refused, deleted; by an operator that hands over in the end.
async fn whole_life(world: World) -> Result<()> {
    let platform = |spec: Value| {
        json!({
            "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
            "metadata": {"name": "todo", "labels": {"scenario": world.ns}}, "spec": spec,
        })
    };
    let apply = |spec: Value| async { cluster::apply(&world.client, &world.ns, &platform(spec)).await };
    apply(json!({"profile": "development"})).await?;
    world.serve_until_ready().await?;
    cluster::delete(&world.client, &world.ns, "Deployment", "todo-task").await?;
    world.exists("Deployment", "todo-task").await?;
    apply(json!({"profile": "development", "observability": {"monitoring": {"enabled": false}}})).await?;
    wait::until(
        std::time::Duration::from_secs(30),
        "the monitors gone",
        || async {
            let left = world.names("PodMonitor").await?;
            if left.is_empty() {
                Ok(())
            } else {
                Err(format!("{left:?}").into())
            }
        },
    )
    .await?;
    world.serve_until_ready().await?;
    cluster::delete(&world.client, &world.ns, "TodoPlatform", "todo").await?;

    assert!(world.operator.metric("todoplatform_api_requests_total{").await? > 0.0);
    let metrics = world.operator.metrics().await?;
    let refused: Vec<&str> = metrics
        .lines()
        .filter(|line| {
            line.contains("status=\"403\"") || line.starts_with("todoplatform_watch_errors_total{")
        })
        .filter(|line| !line.ends_with(" 0"))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert_eq!(
        world
            .operator
            .metric("todoplatform_event_publish_failures_total")
            .await?
            .to_bits(),
        0f64.to_bits()
    );
    world.operator.terminate().await
}

/// The Lease that the chart's role is for.
fn lease_of(objects: &[Value]) -> Result<String> {
    let rules = objects
        .iter()
        .filter(|object| object["kind"] == "Role")
        .filter_map(|role| role["rules"].as_array())
        .flatten();
    let name = rules
        .filter(|rule| rule["resources"] == json!(["leases"]))
        .find_map(|rule| rule["resourceNames"][0].as_str());
    Ok(name.ok_or("no role names a Lease")?.to_owned())
}

/// Verb, resource and group of each rule of the operator's own cluster roles.
fn granted(objects: &[Value]) -> BTreeSet<String> {
    let is_ours = |object: &&Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        object["kind"] == "ClusterRole" && !name.ends_with("-view") && !name.ends_with("-edit")
    };
    let mut granted = BTreeSet::new();
    for rule in objects
        .iter()
        .filter(is_ours)
        .filter_map(|role| role["rules"].as_array())
        .flatten()
    {
        let words = |key: &str| -> Vec<String> {
            let words = rule[key].as_array().into_iter().flatten();
            words
                .filter_map(|word| word.as_str().map(str::to_owned))
                .collect()
        };
        for group in words("apiGroups") {
            for resource in words("resources") {
                for verb in words("verbs") {
                    granted.insert(format!("{verb} {resource}.{group}"));
                }
            }
        }
    }
    granted
}

/// The same of the operator's table.
fn needed_everywhere() -> BTreeSet<String> {
    let rules = [
        todoplatform_operator::rbac::namespaced(),
        todoplatform_operator::rbac::cluster(),
    ]
    .concat();
    let mut needed = BTreeSet::new();
    for rule in rules {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                needed.insert(format!("{verb} {resource}.{}", rule.group));
            }
        }
    }
    needed
}
