use super::*;
use crate::look::Look;

fn deployment(component: &str, image: &str, hash: &str) -> Value {
    json!({
        "kind": "Deployment",
        "metadata": {"name": format!("todo-{component}"), "uid": "7", "resourceVersion": "9", "managedFields": [{"manager": "x"}],
            "annotations": {"deployment.kubernetes.io/revision": "3"}},
        "spec": {"replicas": 2, "template": {
            "metadata": {"annotations": {"todoplatform.dev/config-hash": hash, "dapr.io/log-level": "info"}},
            "spec": {"containers": [{"name": "app", "image": image}]},
        }},
        "status": {"readyReplicas": 1},
    })
}

fn config_map(text: &str) -> Value {
    json!({"kind": "ConfigMap", "metadata": {"name": "todo-task"}, "data": {"config.yaml": text}})
}

fn change(kind: ChildKind, component: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Change> {
    Change::between(kind, Some(component.into()), before, after)
}

#[test]
fn what_the_server_sets_is_no_difference() {
    let live = deployment("task", "a:1", "h");
    let mut wanted = live.clone();
    wanted["metadata"]["resourceVersion"] = json!("10");
    wanted["metadata"]["managedFields"] = json!([]);
    wanted["metadata"]["annotations"] = json!({});
    wanted["status"] = Value::Null;
    assert_eq!(
        change(ChildKind::Deployment, "task", Some(&live), Some(&wanted)),
        None
    );
}

#[test]
fn a_changed_template_restarts_its_app_and_says_why() {
    let changes: Vec<Change> = [
        change(
            ChildKind::ConfigMap,
            "task",
            Some(&config_map("a: 1\n")),
            Some(&config_map("a: 2\n")),
        ),
        change(
            ChildKind::Deployment,
            "task",
            Some(&deployment("task", "a:1", "h")),
            Some(&deployment("task", "a:2", "i")),
        ),
        change(
            ChildKind::Deployment,
            "analytics",
            Some(&deployment("analytics", "a:1", "h")),
            Some(&deployment("analytics", "a:1", "i")),
        ),
        change(
            ChildKind::Service,
            "gateway",
            None,
            Some(&json!({"metadata": {"name": "todo-gateway"}})),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let restarts = restart::restarts(&changes);
    let told: Vec<_> = restarts
        .iter()
        .map(|restart| (restart.component.as_str(), restart.reasons.clone()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "task",
                vec![
                    "ConfigMap todo-task changed".to_owned(),
                    "image a:1 -> a:2".to_owned()
                ]
            ),
            (
                "analytics",
                vec!["a key of a Secret that it reads has another value, or is another one".to_owned()]
            ),
        ]
    );
    insta::assert_snapshot!(text::text(&changes, &restarts, Look::new(false, None)));
}

#[test]
fn more_pods_alone_restart_none() {
    let before = deployment("task", "a:1", "h");
    let mut after = before.clone();
    after["spec"]["replicas"] = json!(3);
    let changes: Vec<_> = change(ChildKind::Deployment, "task", Some(&before), Some(&after))
        .into_iter()
        .collect();
    assert_eq!(changes.len(), 1);
    assert_eq!(restart::restarts(&changes), []);
    assert!(text::text(&changes, &[], Look::new(false, None)).ends_with("\nNo pod restarts.\n"));
}

#[test]
fn sidecar_annotations_and_other_fields_are_named() {
    let before = deployment("task", "a:1", "h");
    let mut after = before.clone();
    after["spec"]["template"]["metadata"]["annotations"]["dapr.io/log-level"] = json!("debug");
    after["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "1"}});
    let changes: Vec<_> = change(ChildKind::Deployment, "task", Some(&before), Some(&after))
        .into_iter()
        .collect();
    assert_eq!(
        restart::restarts(&changes)[0].reasons,
        ["sidecar: dapr.io/log-level", "spec.containers[app].resources"]
    );
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let child = Child {
        kind: ChildKind::StatefulSet,
        name: "todo-postgres".into(),
        component: Some("postgres".into()),
        object: json!({}),
    };
    let changes = [Change::refused(&child, "spec: Forbidden")];
    let told = text::text(&changes, &restart::restarts(&changes), Look::new(false, None));
    assert_eq!(
        told,
        "StatefulSet todo-postgres refused\nspec: Forbidden\n\nNo pod restarts.\n"
    );
}
