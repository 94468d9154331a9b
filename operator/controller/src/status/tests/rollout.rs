//! What is said of components that wait, of a platform that sleeps, and of one that does without something.

use super::*;
use crate::turns::{Reason, Wait};

fn waits(mut observed: Observed, reason: Reason, after: &str) -> Observed {
    observed.wait = Some(Wait {
        reason,
        after: after.into(),
    });
    observed
}

fn asleep(components: Vec<Observed>, is_gate_closed: bool) -> TodoPlatformStatus {
    let mut finding = observed(components, answered(), is_gate_closed);
    if let Finding::Observed { is_hibernated, .. } = &mut finding {
        *is_hibernated = true;
    }
    after(&TodoPlatformStatus::default(), 4, 100, finding)
}

fn without_pods(mut observed: Observed) -> Observed {
    observed.declared.replicas = 0;
    observed
}

#[test]
fn a_component_that_waits_is_not_as_declared_and_comes_after_what_it_waits_for() {
    let mut rolling = counters(2);
    rolling.updated = 1;
    let components = vec![
        waits(service("gateway", Some(counters(2)), &[]), Reason::Turn, "task"),
        service("task", Some(rolling), &[]),
    ];
    let status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(components, answered(), false),
    );
    assert_eq!(
        conditions_of(&status)[..2],
        ["Reconciling=True/Progressing", "Ready=False/Progressing"]
    );
    let blocking: Vec<_> = status
        .blocking
        .iter()
        .map(|blocker| blocker.component.as_str())
        .collect();
    assert_eq!(blocking, ["task", "gateway"]);
    assert_eq!(status.components[0].reason, "WaitingForTurn");
    assert_eq!(
        status.components[0].message,
        "restarts with its change once task serves"
    );
}

#[test]
fn a_component_that_waits_and_is_in_trouble_says_the_trouble() {
    let crash = container("app", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    let mut half = counters(2);
    half.ready = 1;
    let component = service(
        "task",
        Some(half),
        &[pod(&json!([crash, container("daprd", &json!({"running": {}}))]))],
    );
    let status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(vec![waits(component, Reason::Turn, "gateway")], answered(), false),
    );
    assert_eq!(status.components[0].reason, "CrashLoopBackOff");
}

#[test]
fn a_platform_that_sleeps_as_declared_is_ready_and_says_that_it_sleeps() {
    let sleeping = || {
        vec![
            without_pods(service("task", Some(counters(0)), &[])),
            without_pods(store("postgres", Some(counters(0)))),
        ]
    };
    let never_started = vec![without_pods(service("task", None, &[]))];
    for (components, is_gate_closed) in [(sleeping(), false), (sleeping(), true), (never_started, true)] {
        let status = asleep(components, is_gate_closed);
        assert_eq!(
            conditions_of(&status),
            [
                "Ready=True/Hibernated",
                "DependenciesReady=Unknown/Hibernated",
                "DaprReady=Unknown/Hibernated",
                "Degraded=False/AsDeclared"
            ]
        );
        assert!(status.blocking.is_empty());
    }
}

#[test]
fn a_platform_on_its_way_to_sleep_is_reconciling() {
    let status = asleep(
        vec![
            without_pods(service("gateway", Some(counters(2)), &[])),
            waits(
                without_pods(service("task", Some(counters(2)), &[])),
                Reason::Hibernating,
                "gateway",
            ),
        ],
        false,
    );
    assert_eq!(
        conditions_of(&status)[..2],
        ["Reconciling=True/Hibernating", "Ready=False/Hibernating"]
    );
    assert_eq!(status.components[0].message, "2 pods still run");
    assert_eq!(status.components[1].reason, "Hibernating");
}

#[test]
fn a_platform_that_wakes_says_so() {
    let status = after(
        &TodoPlatformStatus::default(),
        4,
        100,
        observed(
            vec![waits(
                service("gateway", Some(counters(0)), &[]),
                Reason::Waking,
                "task",
            )],
            answered(),
            false,
        ),
    );
    assert_eq!(
        conditions_of(&status)[..2],
        ["Reconciling=True/Waking", "Ready=False/Waking"]
    );
}

#[test]
fn what_a_platform_does_without_degrades_it_and_holds_nothing_back() {
    let mut finding = observed(vec![service("task", Some(counters(2)), &[])], answered(), false);
    if let Finding::Observed { degradations, .. } = &mut finding {
        degradations.push(Degradation {
            reason: "KedaMissing",
            message: "scheduler: scales by CPU".into(),
        });
    }
    let status = after(&TodoPlatformStatus::default(), 4, 100, finding);
    let conditions = conditions_of(&status);
    assert!(
        conditions.contains(&"Ready=True/Ready".to_owned()),
        "{conditions:?}"
    );
    assert!(
        conditions.contains(&"Degraded=True/KedaMissing".to_owned()),
        "{conditions:?}"
    );
}
