//! Tables for the whole status function.

mod rollout;

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use todoplatform_api::{Blocker, ComponentDapr, DependencyStatus, InventoryEntry, TodoPlatformStatus};

use super::*;
use crate::observe::{Counters, Declared, Observed, WorkloadKind};
use crate::sidecars::{ASKING_SIDECARS, COMPONENT_NOT_LOADED, Judgement, Problem, SUBSCRIPTION_NOT_ACTIVE};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn after(before: &TodoPlatformStatus, generation: i64, second: i64, finding: Finding) -> TodoPlatformStatus {
    let situation = Situation {
        namespace: "shop",
        generation,
        now: at(second),
        before,
        paused: Draft::no(PAUSED, "NotPaused", "nothing is paused"),
    };
    status(&situation, finding)
}

fn counters(wanted: i32) -> Counters {
    Counters {
        generation: 3,
        observed_generation: 3,
        asked: wanted,
        replicas: wanted,
        updated: wanted,
        ready: wanted,
        available: wanted,
        revision: Some("2".into()),
        is_stuck: false,
        is_rolling: false,
    }
}

fn service(component: &str, counters: Option<Counters>, pods: &[Value]) -> Observed {
    Observed {
        declared: Declared {
            component: component.into(),
            kind: WorkloadKind::Deployment,
            name: format!("todo-{component}"),
            replicas: 2,
            is_autoscaled: false,
            image: format!("example/todo-{component}:1"),
            is_paused: false,
        },
        counters,
        pods: pods
            .iter()
            .map(|pod| Arc::new(serde_json::from_value::<Pod>(pod.clone()).unwrap()))
            .collect(),
        wait: None,
        sidecars: None,
    }
}

fn store(component: &str, counters: Option<Counters>) -> Observed {
    let mut observed = service(component, counters, &[]);
    observed.declared.kind = WorkloadKind::StatefulSet;
    observed.declared.replicas = 1;
    observed
}

fn dependency(name: &str, ready: bool, reason: &str, is_embedded: bool) -> Found {
    Found {
        status: DependencyStatus {
            name: name.into(),
            kind: if is_embedded { "StatefulSet" } else { "PostgreSQL" }.into(),
            ready,
            reason: reason.into(),
            message: format!("{name} says {reason}"),
        },
        next_action: format!("mend {name}"),
        is_embedded,
    }
}

fn observed(components: Vec<Observed>, dependencies: Vec<Found>, is_gate_closed: bool) -> Finding {
    Finding::Observed {
        components,
        dependencies,
        is_gate_closed,
        is_hibernated: false,
        degradations: vec![],
        endpoint: Some("http://todo-gateway.shop.svc.cluster.local:8080".into()),
        version: "1".into(),
        skipped: vec![],
        inventory: vec![InventoryEntry {
            kind: "Deployment".into(),
            name: "todo-task".into(),
        }],
        day2: Box::default(),
    }
}

fn answered() -> Vec<Found> {
    vec![
        dependency("database", true, "Answered", false),
        dependency("dapr", true, "Answered", false),
    ]
}

/// `type=status/reason` of each condition, in order, without those that say that there is nothing to say.
fn conditions_of(status: &TodoPlatformStatus) -> Vec<String> {
    status
        .conditions
        .iter()
        .filter(|c| ![DRIFTED, PAUSED].contains(&c.type_.as_str()))
        .map(|c| format!("{}={}/{}", c.type_, c.status, c.reason))
        .collect()
}

fn pod(statuses: &Value) -> Value {
    json!({"metadata": {"name": "todo-task-1"}, "status": {"containerStatuses": statuses}})
}

fn container(name: &str, state: &Value) -> Value {
    json!({"name": name, "image": "example/gone:1", "imageID": "", "ready": false, "restartCount": 3, "state": state,
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}})
}

#[test]
fn a_platform_that_serves_is_ready_and_nothing_blocks() {
    let components = vec![
        service("task", Some(counters(2)), &[]),
        store("postgres", Some(counters(1))),
    ];
    let status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(components, answered(), false),
    );
    assert_eq!(
        conditions_of(&status),
        [
            "Ready=True/Ready",
            "DependenciesReady=True/Answered",
            "DaprReady=True/Ready",
            "Degraded=False/AsDeclared"
        ]
    );
    assert_eq!(status.components_ready.as_deref(), Some("2/2"));
    assert_eq!(status.observed_generation, Some(4));
    assert!(status.conditions.iter().all(|c| c.observed_generation == Some(4)));
    assert!(status.blocking.is_empty());
    assert_eq!(status.components[0].revision.as_deref(), Some("2"));
}

/// A workload, what the status says of it, and whether nothing will happen by itself.
struct Case {
    name: &'static str,
    counters: Option<Counters>,
    pods: Vec<Value>,
    reason: &'static str,
    message: &'static str,
    is_stalled: bool,
}

impl Case {
    fn new(
        name: &'static str,
        change: fn(&mut Counters),
        reason: &'static str,
        message: &'static str,
    ) -> Self {
        let mut counters = counters(2);
        change(&mut counters);
        Self {
            name,
            counters: Some(counters),
            pods: vec![],
            reason,
            message,
            is_stalled: false,
        }
    }

    fn pod(mut self, pod: Value) -> Self {
        self.pods.push(pod);
        self
    }

    fn check(self) {
        let Self {
            name,
            counters,
            pods,
            reason,
            message,
            is_stalled,
        } = self;
        let components = vec![service("task", counters, &pods)];
        let status = after(
            &TodoPlatformStatus::default(),
            4,
            100,
            observed(components, answered(), false),
        );
        let task = &status.components[0];
        assert_eq!(task.reason, reason, "{name}");
        assert!(task.message.contains(message), "{name}: {}", task.message);
        let is_ready = reason == "Ready";
        assert_eq!(
            condition(&status, READY).unwrap().status,
            if is_ready { "True" } else { "False" },
            "{name}"
        );
        assert_eq!(condition(&status, STALLED).is_some(), is_stalled, "{name}");
        assert_eq!(
            condition(&status, RECONCILING).is_some(),
            !is_ready && !is_stalled,
            "{name}"
        );
        assert_eq!(status.blocking.is_empty(), is_ready, "{name}");
        assert!(
            status
                .blocking
                .iter()
                .all(|blocker| blocker.next_action.starts_with("kubectl ")),
            "{name}"
        );
    }
}

#[test]
fn a_workload_is_judged_by_its_own_generation_and_counters() {
    Case::new("serves", |_| {}, "Ready", "").check();
    let absent = Case::new("absent", |_| {}, "Progressing", "not created yet");
    Case {
        counters: None,
        ..absent
    }
    .check();
    Case::new(
        "stale",
        |c| c.observed_generation = 2,
        "Progressing",
        "not been taken up",
    )
    .check();
    Case::new(
        "half updated",
        |c| c.updated = 1,
        "Progressing",
        "1 of 2 pods run",
    )
    .check();
    Case::new(
        "old pods left",
        |c| c.replicas = 3,
        "Progressing",
        "1 pods of an earlier",
    )
    .check();
    Case::new(
        "not available",
        |c| c.available = 0,
        "Progressing",
        "0 of 2 pods are ready",
    )
    .check();
    Case::new("stuck once, serves now", |c| c.is_stuck = true, "Ready", "").check();
    let stuck = |c: &mut Counters| {
        c.updated = 1;
        c.is_stuck = true;
    };
    Case {
        is_stalled: true,
        ..Case::new("stuck", stuck, "ProgressDeadlineExceeded", "1 of 2")
    }
    .check();
}

#[test]
fn a_pod_says_why_its_workload_does_not_serve() {
    let half = |c: &mut Counters| c.ready = 1;
    let waiting = |reason: &str| container("app", &json!({"waiting": {"reason": reason}}));
    let running = |name: &str| container(name, &json!({"running": {}}));
    let message = "image example/gone:1 of container app cannot be pulled";
    for reason in ["ErrImagePull", "ImagePullBackOff"] {
        Case::new("image", half, "ImagePullBackOff", message)
            .pod(pod(&json!([waiting(reason), running("daprd")])))
            .check();
    }
    Case::new("crash", half, "CrashLoopBackOff", "(OOMKilled, exit code 137)")
        .pod(pod(&json!([waiting("CrashLoopBackOff"), running("daprd")])))
        .check();
    Case::new(
        "config",
        half,
        "ContainerNotCreated",
        "container app cannot be created",
    )
    .pod(pod(&json!([
        waiting("CreateContainerConfigError"),
        running("daprd")
    ])))
    .check();
    Case::new("starts", half, "Progressing", "1 of 2")
        .pod(pod(&json!([waiting("ContainerCreating"), running("daprd")])))
        .check();
    Case::new(
        "no sidecar, though ready",
        |_| {},
        "SidecarMissing",
        "without Dapr's sidecar",
    )
    .pod(pod(&json!([running("app")])))
    .check();
    let unschedulable = json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]);
    Case::new("no node", half, "Unschedulable", "no node takes pod")
        .pod(json!({"metadata": {"name": "todo-task-1"}, "status": {"conditions": unschedulable}}))
        .check();
}

#[test]
fn a_pod_that_ends_is_no_problem() {
    let mut ending = pod(&json!([container(
        "app",
        &json!({"waiting": {"reason": "CrashLoopBackOff"}})
    )]));
    ending["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let components = vec![service("task", Some(counters(2)), &[ending])];
    let status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(components, answered(), false),
    );
    assert_eq!(status.components[0].reason, "Ready");
}

#[test]
fn a_closed_gate_is_waiting_and_names_what_it_waits_for() {
    let dependencies = vec![
        dependency("cache", false, "NotReady", true),
        dependency("database", false, "PasswordRefused", false),
        dependency("dapr", true, "Answered", false),
    ];
    let not_there = Counters {
        ready: 0,
        available: 0,
        ..counters(1)
    };
    let components = vec![service("task", None, &[]), store("redis", Some(not_there))];
    let status = after(
        &TodoPlatformStatus::default(),
        1,
        100,
        observed(components, dependencies, true),
    );
    assert_eq!(
        conditions_of(&status),
        [
            "Reconciling=True/WaitingForDependencies",
            "Ready=False/PasswordRefused",
            "DependenciesReady=False/PasswordRefused",
            "DaprReady=Unknown/NotStarted",
            "Degraded=False/AsDeclared"
        ]
    );
    assert_eq!(status.components[0].reason, "WaitingForDependencies");
    let blocking: Vec<(&str, &str)> = status
        .blocking
        .iter()
        .map(|b| (b.component.as_str(), b.next_action.as_str()))
        .collect();
    assert_eq!(
        blocking,
        [
            ("database", "mend database"),
            ("redis", "kubectl -n shop describe statefulset todo-redis")
        ]
    );
    assert_eq!(
        condition(&status, READY).unwrap().message,
        "database: database says PasswordRefused; redis: 0 of 1 pods are ready"
    );
}

#[test]
fn a_dependency_that_blinks_has_its_own_condition_and_ready_follows_the_components() {
    let dependencies = vec![
        dependency("database", false, "Unreachable", false),
        dependency("dapr", false, "InjectorMissing", false),
    ];
    let components = vec![service("task", Some(counters(2)), &[])];
    let status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(components, dependencies, false),
    );
    assert_eq!(
        conditions_of(&status),
        [
            "Ready=True/Ready",
            "DependenciesReady=False/Unreachable",
            "DaprReady=False/InjectorMissing",
            "Degraded=False/AsDeclared"
        ]
    );
}

#[test]
fn a_stalled_platform_says_why_and_keeps_what_it_knew_of_the_rest() {
    let ready = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(vec![service("task", Some(counters(2)), &[])], answered(), false),
    );
    let problem = |number: usize| Blocker {
        component: format!("spec.field{number}"),
        reason: "MissingSecret".into(),
        message: format!("problem {number}"),
        next_action: "mend".into(),
    };
    let status = after(
        &ready,
        5,
        200,
        Finding::Stalled {
            problems: (1..=7).map(problem).collect(),
        },
    );
    assert_eq!(
        conditions_of(&status),
        [
            "Stalled=True/MissingSecret",
            "Ready=False/MissingSecret",
            "DependenciesReady=True/Answered",
            "DaprReady=True/Ready",
            "Degraded=False/AsDeclared"
        ]
    );
    assert!(
        condition(&status, STALLED)
            .unwrap()
            .message
            .ends_with("problem 5; and 2 more")
    );
    assert!(status.conditions.iter().all(|c| c.observed_generation == Some(5)));
    assert_eq!(status.observed_generation, Some(5));
    assert_eq!(status.components, ready.components);
    assert_eq!(status.inventory, ready.inventory);
    // What flipped did so now; what did not keeps its time.
    assert_eq!(condition(&status, READY).unwrap().last_transition_time.0, at(200));
    assert_eq!(
        condition(&status, DAPR_READY).unwrap().last_transition_time.0,
        at(100)
    );
}

#[test]
fn an_edit_is_announced_before_anything_is_sent() {
    let ready = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(vec![service("task", Some(counters(2)), &[])], answered(), false),
    );
    let inventory = vec![InventoryEntry {
        kind: "Service".into(),
        name: "todo-task".into(),
    }];
    let status = after(
        &ready,
        5,
        200,
        Finding::Applying {
            inventory: inventory.clone(),
            writes: 3,
        },
    );
    assert_eq!(
        conditions_of(&status)[..2],
        ["Reconciling=True/Applying", "Ready=False/Applying"]
    );
    assert_eq!(
        (status.observed_generation, status.inventory),
        (Some(5), inventory)
    );
}

#[test]
fn something_that_is_tried_again_is_reconciling_not_stalled() {
    let problem = Blocker {
        component: "Service/todo-task".into(),
        reason: "ApplyUnavailable".into(),
        ..Blocker::default()
    };
    let status = after(
        &TodoPlatformStatus::default(),
        1,
        1,
        Finding::Retrying { problem },
    );
    assert_eq!(
        conditions_of(&status),
        [
            "Reconciling=True/ApplyUnavailable",
            "Ready=False/ApplyUnavailable",
            "DependenciesReady=Unknown/NotReconciled",
            "DaprReady=Unknown/NotReconciled",
            "Degraded=Unknown/NotReconciled"
        ]
    );
}

#[test]
fn the_same_said_later_or_in_another_order_is_the_same() {
    let finding = || {
        observed(
            vec![
                service("task", Some(counters(2)), &[]),
                store("redis", Some(counters(1))),
            ],
            answered(),
            false,
        )
    };
    let first = after(&TodoPlatformStatus::default(), 4, 100, finding());
    let mut later = after(&TodoPlatformStatus::default(), 4, 900, finding());
    assert_ne!(first, later);
    later.conditions.reverse();
    later.components.reverse();
    assert!(says_the_same(&first, &later));
    later.conditions[0].reason = "Else".into();
    assert!(!says_the_same(&first, &later));
}

#[test]
fn conditions_of_other_writers_are_theirs() {
    let mut status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(vec![], answered(), false),
    );
    let mut foreign = status.conditions[0].clone();
    foreign.type_ = "Approved".into();
    let own = status.clone();
    status.conditions.push(foreign);
    assert_eq!(ours(status), own);
}

fn with_sidecars(
    wanted: i32,
    ready: i32,
    problem: Option<&'static str>,
    doubt: Option<&'static str>,
) -> Observed {
    let counters = Counters {
        ready,
        available: ready,
        ..counters(wanted)
    };
    Observed {
        sidecars: Some(Judgement {
            status: ComponentDapr {
                app_id: "todo-task".into(),
                sidecars: 2,
                ..ComponentDapr::default()
            },
            problem: problem.map(|reason| Problem {
                reason,
                message: format!("sidecars say {reason}"),
                next_action: "look".into(),
            }),
            doubt: doubt.map(|reason| Doubt {
                reason,
                message: format!("who knows: {reason}"),
            }),
        }),
        ..service("task", Some(counters), &[])
    }
}

#[test]
fn what_a_sidecar_lacks_holds_ready_back_and_what_nobody_knows_does_not() {
    // Ready pods, what lacks, what is in doubt; Ready, its reason, DaprReady, its reason.
    let cases = [
        (2, None, None, "True", "Ready", "True", "Ready"),
        (
            2,
            Some(COMPONENT_NOT_LOADED),
            None,
            "False",
            COMPONENT_NOT_LOADED,
            "False",
            COMPONENT_NOT_LOADED,
        ),
        (
            2,
            Some(SUBSCRIPTION_NOT_ACTIVE),
            None,
            "False",
            SUBSCRIPTION_NOT_ACTIVE,
            "False",
            SUBSCRIPTION_NOT_ACTIVE,
        ),
        (
            2,
            Some(ASKING_SIDECARS),
            None,
            "False",
            ASKING_SIDECARS,
            "True",
            "Ready",
        ),
        (
            2,
            None,
            Some(SIDECAR_UNREACHABLE),
            "True",
            "Ready",
            "Unknown",
            SIDECAR_UNREACHABLE,
        ),
        (
            2,
            None,
            Some("VersionSkew"),
            "True",
            "Ready",
            "True",
            "VersionSkew",
        ),
        (
            1,
            Some(COMPONENT_NOT_LOADED),
            None,
            "False",
            COMPONENT_NOT_LOADED,
            "False",
            COMPONENT_NOT_LOADED,
        ),
        (
            1,
            Some(SUBSCRIPTION_NOT_ACTIVE),
            None,
            "False",
            "Progressing",
            "True",
            "Ready",
        ),
        (
            1,
            Some(ASKING_SIDECARS),
            None,
            "False",
            "Progressing",
            "True",
            "Ready",
        ),
    ];
    for (pods, lacks, doubts, ready, reason, dapr, dapr_reason) in cases {
        let component = with_sidecars(2, pods, lacks, doubts);
        let finding = observed(vec![component], vec![], false);
        let status = after(&TodoPlatformStatus::default(), 3, 1, finding);
        let name = format!("{pods} pods, {lacks:?}, {doubts:?}");
        let found = |type_| {
            let condition = condition(&status, type_).unwrap();
            (condition.status.as_str(), condition.reason.as_str())
        };
        assert_eq!(found(READY), (ready, reason), "{name}");
        assert_eq!(found(DAPR_READY), (dapr, dapr_reason), "{name}");
        let line = &status.components[0];
        assert_eq!(line.dapr.as_ref().unwrap().sidecars, 2, "{name}");
        assert_eq!(line.message.starts_with("who knows"), doubts.is_some(), "{name}");
    }
}

#[test]
fn a_spec_that_a_pause_holds_back_is_not_ready_and_nothing_goes_on() {
    let paused = |before: &TodoPlatformStatus, generation| {
        let mut finding = observed(vec![service("task", Some(counters(2)), &[])], answered(), false);
        if let Finding::Observed { day2, .. } = &mut finding {
            day2.withheld = vec!["Deployment/todo-task".into()];
            day2.resume = "kubectl annotate".into();
        }
        after(before, generation, 200, finding)
    };
    let ready = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(vec![service("task", Some(counters(2)), &[])], answered(), false),
    );
    assert_eq!(ready.applied_generation, Some(4));
    assert_eq!(conditions_of(&paused(&ready, 4))[0], "Ready=True/Ready");
    let held = paused(&ready, 5);
    assert_eq!(conditions_of(&held)[0], "Ready=False/Paused");
    assert_eq!(held.applied_generation, Some(4));
    assert_eq!(held.blocking[0].next_action, "kubectl annotate");
}

#[test]
fn what_stands_on_its_own_is_always_there() {
    let status = after(
        &TodoPlatformStatus::default(),
        1,
        1,
        Finding::Retrying {
            problem: Blocker::default(),
        },
    );
    for type_ in conditions::STANDING {
        assert!(condition(&status, type_).is_some(), "{type_}");
    }
}
