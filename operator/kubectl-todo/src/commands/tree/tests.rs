use super::*;

fn object(name: &str, component: Option<&str>, more: &Value) -> Value {
    let mut object = json!({"metadata": {"name": name, "labels": {}, "ownerReferences": [{"uid": "7"}]}});
    if let Some(component) = component {
        object["metadata"]["labels"]["app.kubernetes.io/component"] = json!(component);
    }
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn found() -> Found {
    let serves = json!({"spec": {"replicas": 1}, "status": {"readyReplicas": 1}});
    let waits = json!({"spec": {"replicas": 2}, "status": {"readyReplicas": 1}});
    Found {
        platform: json!({
            "metadata": {"name": "todo", "namespace": "shop", "uid": "7", "generation": 1},
            "status": {
                "observedGeneration": 1,
                "conditions": [{"type": "Ready", "status": "False"}],
                "inventory": [
                    {"kind": "Deployment", "name": "todo-task"}, {"kind": "ConfigMap", "name": "todo-task"},
                    {"kind": "Secret", "name": "todo-task-app-token"}, {"kind": "Secret", "name": "todo-signing-key"},
                ],
            },
        }),
        children: vec![
            (ChildKind::Service, object("todo-task", Some("task"), &json!({}))),
            (
                ChildKind::StatefulSet,
                object("todo-redis", Some("redis"), &serves),
            ),
            (ChildKind::Deployment, object("todo-task", Some("task"), &waits)),
            (
                ChildKind::Deployment,
                object("todo-gateway", Some("gateway"), &serves),
            ),
            (ChildKind::PodMonitor, object("todo-sidecars", None, &json!({}))),
        ],
        pods: vec![object(
            "todo-task-1",
            Some("task"),
            &json!({"status": {"phase": "Running", "containerStatuses": [{"ready": true}, {"ready": false}]}}),
        )],
    }
}

#[test]
fn everything_is_drawn_by_component_with_its_edges() {
    let found = found();
    insta::assert_snapshot!(text(&found.platform, &branches(&found), Look::new(false, None)));
}

#[test]
fn what_the_inventory_has_and_the_cluster_lacks_is_missing() {
    let branches = branches(&found());
    let all: Vec<&Node> = branches.iter().flat_map(|branch| &branch.nodes).collect();
    let missing: Vec<_> = all
        .iter()
        .filter(|node| node.state == "missing")
        .map(|node| &node.kind)
        .collect();
    assert_eq!(missing, ["ConfigMap"]);
    let secrets: Vec<_> = all.iter().filter(|node| node.kind == "Secret").collect();
    assert!(secrets.len() == 2 && secrets.iter().all(|node| node.ready));
}

#[test]
fn objects_of_another_platform_of_the_same_name_are_left_out() {
    let platform = json!({"metadata": {"uid": "8"}});
    assert_eq!(owned(vec![object("a", None, &json!({}))], &platform).count(), 0);
}

#[test]
fn the_edges_are_those_of_the_service_graph() {
    let branches = branches(&found());
    let of = |component: &str| {
        let branch = branches.iter().find(|branch| branch.component == component);
        branch.map(|branch| branch.edges.clone()).unwrap_or_default()
    };
    assert_eq!(of("gateway").len(), 1);
    assert_eq!(
        of("gateway")[0].targets,
        ["task", "scheduler", "notification", "analytics"]
    );
    assert!(of("task").iter().any(|edge| edge.verb == "publishes"));
    assert_eq!(of("redis"), []);
}
