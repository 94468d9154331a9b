use serde_json::json;

use super::*;

fn platform(status: Value) -> Value {
    let mut status = status;
    if status["observedGeneration"].is_null() {
        status["observedGeneration"] = json!(3);
    }
    json!({"metadata": {"name": "todo", "namespace": "shop", "generation": 3}, "status": status})
}

fn not_ready(reason: &str, message: &str) -> Value {
    json!([{"type": "Ready", "status": "False", "reason": reason, "message": message}])
}

fn told(evidence: &Evidence) -> String {
    text("todo", &chains(evidence), Look::new(false, None))
}

fn evidence(status: Value) -> Evidence {
    Evidence {
        platform: platform(status),
        pods: Vec::new(),
        events: Vec::new(),
    }
}

fn pod(name: &str, component: &str, ready: bool, containers: &Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop", "labels": {"app.kubernetes.io/component": component}, "creationTimestamp": "2030-01-01T00:00:00Z"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
            "containerStatuses": containers,
        },
    })
}

#[test]
fn nothing_holds_a_ready_platform_back() {
    let ready = evidence(json!({"conditions": [{"type": "Ready", "status": "True"}]}));
    assert_eq!(chains(&ready), []);
    assert_eq!(
        told(&ready),
        "TodoPlatform todo is Ready: nothing holds it back\n"
    );
}

#[test]
fn a_chain_goes_down_to_the_container_that_crashes_and_its_log() {
    let mut evidence = evidence(json!({
        "conditions": not_ready("CrashLoopBackOff", "task: a container ends again and again"),
        "components": [{"name": "task", "ready": 0, "desired": 1}],
        "blocking": [{"component": "task", "reason": "CrashLoopBackOff", "message": "a container ends again and again"}],
    }));
    evidence.pods = vec![
        pod(
            "todo-gateway-1",
            "gateway",
            false,
            &json!([{"name": "app", "ready": false, "state": {"running": {}}}]),
        ),
        pod(
            "todo-task-0",
            "task",
            true,
            &json!([{"name": "app", "ready": true, "state": {"running": {}}}]),
        ),
        pod(
            "todo-task-1",
            "task",
            false,
            &json!([
                {"name": "daprd", "ready": true, "state": {"running": {}}},
                {"name": "app", "ready": false, "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
                 "lastState": {"terminated": {"exitCode": 1, "message": "the database refuses\nthe password"}}},
            ]),
        ),
    ];
    evidence.events = vec![
        json!({"involvedObject": {"name": "todo-task-1"}, "lastTimestamp": "2030-01-01T00:00:01Z", "reason": "Old", "message": "old"}),
        json!({"involvedObject": {"name": "todo-task-1"}, "lastTimestamp": "2030-01-01T00:00:02Z", "reason": "BackOff", "message": "Back-off restarting"}),
        json!({"involvedObject": {"name": "other"}, "lastTimestamp": "2031-01-01T00:00:02Z", "reason": "Other", "message": "other"}),
    ];
    insta::assert_snapshot!(told(&evidence));
}

#[test]
fn a_dependency_ends_in_what_the_operator_says_to_do() {
    insta::assert_snapshot!(told(&evidence(json!({
        "conditions": not_ready("WaitingForDependencies", "waiting for broker"),
        "dependencies": [{"name": "broker", "kind": "Kafka", "ready": false}],
        "blocking": [{"component": "broker", "reason": "Unreachable", "message": "no answer of kafka:9092",
            "nextAction": "Check that kafka:9092 is reachable from the cluster"}],
    }))));
}

#[test]
fn a_field_of_the_spec_and_two_chains() {
    insta::assert_snapshot!(told(&evidence(json!({
        "conditions": not_ready("MissingSecret", "two Secrets are missing"),
        "blocking": [
            {"component": "spec.cache.external.urlSecretKeyRef", "reason": "MissingSecret", "message": "Secret `a` does not exist", "nextAction": "kubectl create secret"},
            {"component": "spec.database.external.urlSecretKeyRef", "reason": "MissingSecret", "message": "Secret `b` does not exist", "nextAction": "kubectl create secret"},
        ],
    }))));
}

#[test]
fn a_component_without_pods_is_told_by_its_workload() {
    let mut evidence = evidence(json!({
        "conditions": not_ready("Progressing", "waiting for task"),
        "components": [{"name": "task", "ready": 0, "desired": 1}],
        "blocking": [{"component": "task", "reason": "Progressing", "message": "no pod yet"}],
    }));
    evidence.events = vec![
        json!({"involvedObject": {"name": "todo-task-5d9c"}, "lastTimestamp": "2030-01-01T00:00:02Z", "reason": "FailedCreate", "message": "exceeded quota"}),
    ];
    let told = told(&evidence);
    assert!(told.contains("event: FailedCreate: exceeded quota\n"), "{told}");
    assert!(
        told.ends_with(
            "next: kubectl -n shop get events --field-selector type=Warning --sort-by .lastTimestamp\n"
        ),
        "{told}"
    );
}

#[test]
fn a_spec_that_nobody_has_looked_at_points_to_the_operator() {
    for (observed, words) in [
        (-1, "has never looked"),
        (2, "has seen generation 2, and the spec is at 3"),
    ] {
        let told = told(&evidence(json!({"observedGeneration": observed})));
        assert!(told.contains(words), "{told}");
        assert!(
            told.ends_with("next: kubectl get pods -A -l app.kubernetes.io/name=todoplatform-operator\n"),
            "{told}"
        );
    }
}

#[test]
fn every_chain_ends_in_a_next_action() {
    let none = evidence(json!({"conditions": [
        {"type": "Ready", "status": "False", "reason": "Progressing", "message": "waiting"},
        {"type": "Reconciling", "status": "True", "reason": "Progressing", "message": "waiting for task"},
    ]}));
    let told = told(&none);
    assert!(
        told.contains("condition Reconciling: Progressing: waiting for task\n"),
        "{told}"
    );
    assert!(
        told.ends_with("next: kubectl todo status todo --watch\n"),
        "{told}"
    );
}
