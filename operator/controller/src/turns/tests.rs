use super::*;

/// `name:state`, where the layer follows from the name and the state is a word of the table below. `!` after the name: it
/// would restart. `0` after the name: no pods are wanted.
fn workload(text: &str) -> Workload {
    let (name, state) = text.split_once(':').unwrap();
    let component = name.trim_end_matches(['!', '0']).to_owned();
    let layer = match component.as_str() {
        "gateway" => Layer::Gateway,
        "postgres" => Layer::Store,
        _ => Layer::Service,
    };
    let of = |asked, pods, available, is_rolling, serves| Standing {
        asked,
        pods,
        available,
        is_rolling,
        serves,
    };
    let live = match state {
        "absent" => None,
        "serves" => Some(of(2, 2, 2, false, true)),
        "rolls" => Some(of(2, 3, 2, true, false)),
        "unwell" => Some(of(2, 2, 1, false, false)),
        "down" => Some(of(2, 2, 0, false, false)),
        "starts" => Some(of(2, 2, 0, true, false)),
        "sleeps" => Some(of(0, 0, 0, false, true)),
        "stops" => Some(of(0, 1, 1, true, false)),
        other => panic!("no state {other}"),
    };
    Workload {
        component,
        layer,
        wants_pods: !name.contains('0'),
        restarts: name.contains('!'),
        live,
    }
}

/// Who waits for whom.
fn waits(workloads: &str, unanswered: &[&str]) -> String {
    let workloads: Vec<_> = workloads.split_whitespace().map(workload).collect();
    let unanswered: Vec<_> = unanswered.iter().map(|&name| name.to_owned()).collect();
    turns(&workloads, &unanswered)
        .iter()
        .map(|(component, wait)| format!("{component}<-{}", wait.after))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn apps_restart_one_after_another() {
    for (name, workloads, expected) in [
        (
            "nothing changes",
            "analytics:serves task:serves gateway:serves",
            "",
        ),
        (
            "nothing runs yet",
            "analytics!:absent task!:absent gateway!:absent",
            "",
        ),
        ("one alone", "analytics:serves task!:serves gateway:serves", ""),
        (
            "the first of three",
            "analytics!:serves task!:serves gateway!:serves",
            "gateway<-analytics task<-analytics",
        ),
        (
            "while the first rolls",
            "analytics:rolls task!:serves gateway!:serves",
            "gateway<-analytics task<-analytics",
        ),
        (
            "the last waits too",
            "analytics:serves task:rolls gateway!:serves",
            "gateway<-task",
        ),
        (
            "the next",
            "analytics:serves task!:serves gateway!:serves",
            "gateway<-task",
        ),
        (
            "a stuck one is the only one that goes on",
            "analytics!:serves task!:rolls gateway!:serves",
            "analytics<-task gateway<-task",
        ),
        (
            "what is down has nothing to lose, and the rest waits for it",
            "analytics!:serves task!:down gateway!:down",
            "analytics<-task",
        ),
        (
            "nobody restarts beside one that is unwell",
            "analytics:unwell task!:serves gateway!:serves",
            "gateway<-analytics task<-analytics",
        ),
        (
            "a change of one app alone does not wait for another's own trouble",
            "analytics:unwell task!:serves gateway:serves",
            "",
        ),
        (
            "a store that restarts goes first, alone",
            "analytics!:serves task!:serves postgres!:serves",
            "analytics<-postgres task<-postgres",
        ),
        (
            "a store that is not there yet holds nobody",
            "analytics!:serves task:serves postgres:absent",
            "",
        ),
        (
            "what sleeps takes the change at once",
            "analytics0!:sleeps task!:serves gateway0!:sleeps",
            "",
        ),
    ] {
        assert_eq!(waits(workloads, &[]), expected, "{name}");
    }
}

#[test]
fn a_platform_goes_to_sleep_from_the_gateway_down() {
    for (workloads, expected) in [
        (
            "task0:serves gateway0:serves postgres0:serves",
            "postgres<-task task<-gateway",
        ),
        (
            "task0:serves gateway0:stops postgres0:serves",
            "postgres<-task task<-gateway",
        ),
        ("task0:serves gateway0:sleeps postgres0:serves", "postgres<-task"),
        ("task0:stops gateway0:sleeps postgres0:serves", "postgres<-task"),
        ("task0:sleeps gateway0:sleeps postgres0:serves", ""),
        (
            "task0!:serves gateway0!:sleeps postgres0:serves",
            "postgres<-task",
        ),
        ("task0:serves gateway:serves postgres:serves", ""),
    ] {
        assert_eq!(waits(workloads, &[]), expected, "{workloads}");
    }
}

#[test]
fn a_platform_wakes_from_the_stores_up() {
    for (workloads, unanswered, expected) in [
        (
            "task:sleeps gateway:sleeps postgres:sleeps",
            &["database"][..],
            "gateway<-task task<-postgres",
        ),
        (
            "task:sleeps gateway:sleeps postgres:starts",
            &[],
            "gateway<-task task<-postgres",
        ),
        (
            "task:sleeps gateway:sleeps postgres:serves",
            &["broker"],
            "gateway<-task task<-broker",
        ),
        ("task:sleeps gateway:sleeps postgres:serves", &[], "gateway<-task"),
        ("task:starts gateway:sleeps postgres:serves", &[], "gateway<-task"),
        ("task:serves gateway:sleeps postgres:serves", &[], ""),
        (
            "task!:sleeps gateway!:sleeps postgres:serves",
            &[],
            "gateway<-task",
        ),
        ("task:serves gateway:serves postgres:serves", &["broker"], ""),
    ] {
        assert_eq!(waits(workloads, unanswered), expected, "{workloads}");
    }
}

#[test]
fn what_a_pod_reads_at_its_start_waits_with_it() {
    let wait = Wait {
        reason: Reason::Turn,
        after: "task".into(),
    };
    for kind in [
        ChildKind::ConfigMap,
        ChildKind::Configuration,
        ChildKind::Resiliency,
        ChildKind::Component,
        ChildKind::Subscription,
        ChildKind::Deployment,
    ] {
        assert!(wait.holds(kind), "{kind:?}");
    }
    for kind in [
        ChildKind::Service,
        ChildKind::ServiceAccount,
        ChildKind::PodMonitor,
        ChildKind::HorizontalPodAutoscaler,
    ] {
        assert!(!wait.holds(kind), "{kind:?}");
    }
    let waking = Wait {
        reason: Reason::Waking,
        ..wait
    };
    assert!(
        waking.holds(ChildKind::ScaledObject),
        "it would wake its target itself"
    );
}

#[test]
fn a_turn_is_passed_on_by_one_that_serves_and_not_while_one_rolls() {
    for (workloads, expected) in [
        ("analytics!:serves task!:serves", true),
        ("analytics:rolls task!:serves", false),
        ("analytics!:unwell task!:serves", false),
        ("analytics:serves task!:serves", false),
        ("gateway0:serves task0:serves", false),
    ] {
        let all: Vec<_> = workloads.split_whitespace().map(workload).collect();
        let waiting = turns(&all, &[]);
        assert_eq!(
            waits_for_one_that_serves(&all, &waiting),
            expected,
            "{workloads}: {waiting:?}"
        );
    }
}
