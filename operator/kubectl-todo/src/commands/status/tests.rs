use serde_json::{Value, json};

use super::*;
use crate::cluster::tests::{PLATFORMS, fake, platform};

const THEN: &str = "2030-01-01T00:00:00Z";

fn report(generation: i64, status: Option<Value>) -> Report {
    let mut platform = platform("todo");
    platform["metadata"]["generation"] = generation.into();
    if let Some(status) = status {
        platform["status"] = status;
    }
    Report::new(platform)
}

fn condition(type_: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": THEN, "observedGeneration": 3})
}

fn component(name: &str, ready: i32, reason: &str, message: &str) -> Value {
    json!({"name": name, "desired": 1, "updated": 1, "ready": ready, "reason": reason, "message": message,
           "image": format!("ghcr.io/todoplatform/todo-{name}:0.1.0")})
}

fn ready() -> Value {
    json!({
        "observedGeneration": 3,
        "conditions": [condition("Ready", "True", "Ready", "5 of 5 components serve")],
        "componentsReady": "5/5",
        "endpoint": "http://todo-gateway.shop.svc.cluster.local:8080",
        "version": "0.1.0",
        "components": [component("gateway", 1, "Ready", "")],
        "dependencies": [{"name": "database", "kind": "StatefulSet", "ready": true, "reason": "Ready"}],
    })
}

fn blocked() -> Value {
    json!({
        "observedGeneration": 3,
        "conditions": [
            condition("Ready", "False", "ImagePullBackOff", "task: the image cannot be pulled"),
            condition("Reconciling", "True", "Progressing", "waiting for task"),
            condition("DependenciesReady", "False", "Unreachable", "cache: no answer"),
            condition("DaprReady", "Unknown", "NotReconciled", "not looked at yet"),
        ],
        "componentsReady": "1/2",
        "components": [
            component("gateway", 1, "Ready", ""),
            component("task", 0, "ImagePullBackOff", "the image cannot be pulled:\n\u{1b}[2Jnot found"),
        ],
        "dependencies": [
            {"name": "database", "kind": "StatefulSet", "ready": true, "reason": "Ready", "message": "has a ready pod"},
            {"name": "cache", "kind": "Redis", "ready": false, "reason": "Unreachable", "message": "no answer"},
        ],
        "blocking": [
            {"component": "task", "reason": "ImagePullBackOff", "message": "the image cannot be pulled",
             "nextAction": "Correct spec.images.tag"},
            {"component": "cache", "reason": "Unreachable", "message": "no answer"},
        ],
    })
}

fn text(report: &Report, is_terminal: bool) -> String {
    let now = THEN.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(5);
    report.text(Look::new(is_terminal, None), now, false)
}

#[test]
fn a_ready_platform() {
    let report = report(3, Some(ready()));
    assert!(report.is_ready());
    insta::assert_snapshot!(text(&report, false));
}

#[test]
fn a_blocked_platform_says_what_to_do() {
    let report = report(3, Some(blocked()));
    assert!(!report.is_ready());
    insta::assert_snapshot!(text(&report, false));
}

#[test]
fn colours_add_nothing_but_colours() {
    let report = report(3, Some(blocked()));
    let coloured = text(&report, true);
    insta::assert_snapshot!(coloured.escape_debug().to_string().replace("\\n", "\n"));
    let mut stripped = coloured;
    for code in ["1", "31", "32", "33", "0"] {
        stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(stripped, text(&report, false));
}

#[test]
fn a_status_of_a_former_spec_is_not_ready() {
    let report = report(4, Some(ready()));
    assert!(!report.is_ready());
    let text = text(&report, false);
    assert!(
        text.starts_with(
            "TodoPlatform shop/todo: not Ready: the operator has not looked at the present spec yet\n"
        ),
        "{text}"
    );
}

#[test]
fn a_platform_that_nobody_has_looked_at_is_not_ready() {
    let report = report(1, None);
    assert!(!report.is_ready());
    assert_eq!(
        text(&report, false),
        "TodoPlatform shop/todo: not Ready: the operator has not looked at the present spec yet\n"
    );
}

#[test]
fn as_json_the_report_is_the_status_and_whose_it_is() {
    let mut status = ready();
    status["new"] = json!({"a": 1});
    let mut expected = status.clone();
    expected["namespace"] = "shop".into();
    expected["name"] = "todo".into();
    expected["ready"] = true.into();
    expected["current"] = true.into();
    assert_eq!(report(3, Some(status)).data(), expected);
}

#[test]
fn sidecars_are_told_where_the_operator_knows_of_them() {
    let mut status = ready();
    status["components"][0]["dapr"] = json!({
        "appId": "todo-gateway", "sidecars": 1, "runtimeVersion": "1.18.2", "componentsDeclared": 2, "componentsLoaded": 1,
        "failed": ["todo-gateway-events"], "subscriptionsDeclared": 3,
    });
    insta::assert_snapshot!(text(&report(3, Some(status)), false));
}

#[test]
fn wide_adds_revisions_and_nothing_else() {
    let mut status = ready();
    status["components"][0]["revision"] = json!("7");
    let report = report(3, Some(status));
    let wide = report.text(Look::new(false, None), THEN.parse().unwrap(), true);
    assert!(
        wide.contains("REVISION") && !text(&report, false).contains("REVISION"),
        "{wide}"
    );
}

#[test]
fn all_platforms_are_a_line_each() {
    let reports = [
        report(3, Some(ready())),
        report(3, Some(blocked())),
        report(4, Some(ready())),
    ];
    insta::assert_snapshot!(overview(&reports, false, Look::new(false, None)));
    assert!(overview(&reports, true, Look::new(false, None)).contains("ENDPOINT"));
    assert_eq!(
        overview(&[], false, Look::new(false, None)),
        "there is no TodoPlatform\n"
    );
}

#[test]
fn an_age_is_written_in_its_largest_unit() {
    let then: Timestamp = THEN.parse().unwrap();
    let cases = [
        (-5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (7_199, "119m"),
        (7_200, "2h"),
        (172_800, "2d"),
    ];
    for (seconds, expected) in cases {
        let now = then + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(age(then, now), expected, "{seconds}");
    }
}

#[tokio::test]
async fn status_ends_by_what_it_found() {
    let mut ready_one = platform("ready");
    ready_one["metadata"]["generation"] = 3.into();
    ready_one["status"] = ready();
    let paths = [format!("{PLATFORMS}/ready"), format!("{PLATFORMS}/new")];
    let cluster = fake(&[(&paths[0], ready_one), (&paths[1], platform("new"))]);
    for (name, expected) in [
        ("ready", Answer::new(String::new(), true)),
        ("new", Answer::new(String::new(), false)),
    ] {
        let args = StatusArgs {
            name: Some(name.into()),
            all_namespaces: false,
            watch: false,
            output: Output::Json,
        };
        let answer = status(&cluster, &args, Terminal::quiet()).await.unwrap();
        assert_eq!(answer.exit_code, expected.exit_code, "{name}");
        assert_eq!(serde_json::from_str::<Value>(&answer.text).unwrap()["name"], name);
    }
}
