//! Who says how many pods a service has, and how.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use common::{defaults, everything_external, object, objects, platform, rendered, services};
use serde_json::{Value, json};
use todoplatform_render::{
    ChildKind, Facts, KEDA_MISSING, Prepared, Resources, build, degradations, validate,
};

fn replicas<'a>(resources: &'a Resources<Prepared>, name: &str) -> &'a Value {
    &object(resources, ChildKind::Deployment, name)["spec"]["replicas"]
}

fn names(resources: &Resources<Prepared>, kind: ChildKind) -> Vec<String> {
    objects(resources, kind)
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn development_has_one_pod_each_and_production_scales_what_has_no_number() {
    let development = rendered(&platform(json!({})));
    assert_eq!(names(&development, ChildKind::HorizontalPodAutoscaler), [""; 0]);
    assert_eq!(replicas(&development, "todo-task"), 1);

    let mut spec = everything_external();
    spec["services"] = json!({"task": {"replicas": 3}, "analytics": {"autoscaling": {"enabled": false}}});
    let production = rendered(&platform(spec));
    assert_eq!(
        names(&production, ChildKind::HorizontalPodAutoscaler),
        ["todo-gateway", "todo-notification", "todo-scheduler"]
    );
    assert_eq!(replicas(&production, "todo-task"), 3);
    assert_eq!(replicas(&production, "todo-analytics"), 2);
    assert_eq!(
        replicas(&production, "todo-gateway"),
        &Value::Null,
        "the autoscaler's"
    );
    let gateway = &object(&production, ChildKind::HorizontalPodAutoscaler, "todo-gateway")["spec"];
    assert_eq!(
        (&gateway["minReplicas"], &gateway["maxReplicas"]),
        (&json!(2), &json!(10))
    );
    assert_eq!(gateway["scaleTargetRef"]["name"], "todo-gateway");
    assert_eq!(gateway["metrics"].as_array().unwrap().len(), 1);
}

#[test]
fn every_setting_of_an_autoscaler_reaches_it() {
    let task = json!({"autoscaling": {
        "minReplicas": 3, "maxReplicas": 5, "targetCPUUtilizationPercentage": 60, "targetMemoryUtilizationPercentage": 80,
        "behavior": {"scaleUp": {"stabilizationWindowSeconds": 10}, "scaleDown": {"stabilizationWindowSeconds": 60}},
    }});
    let resources = rendered(&platform(json!({"services": {"task": task}})));
    let mut spec = object(&resources, ChildKind::HorizontalPodAutoscaler, "todo-task")["spec"].clone();
    spec.as_object_mut().unwrap().remove("scaleTargetRef");
    let metric = |name: &str, percent: i32| {
        json!({"type": "Resource", "resource": {
            "name": name, "target": {"type": "Utilization", "averageUtilization": percent}}})
    };
    let expected = json!({
        "minReplicas": 3, "maxReplicas": 5, "metrics": [metric("cpu", 60), metric("memory", 80)],
        "behavior": {"scaleUp": {"stabilizationWindowSeconds": 10}, "scaleDown": {"stabilizationWindowSeconds": 60}},
    });
    assert_eq!(spec, expected);
}

#[test]
fn one_bound_moves_the_other() {
    for (autoscaling, expected) in [
        (json!({}), (1, 3)),
        (json!({"minReplicas": 8}), (8, 8)),
        (json!({"maxReplicas": 1}), (1, 1)),
        (json!({"minReplicas": 2, "maxReplicas": 9}), (2, 9)),
    ] {
        let resources = rendered(&platform(
            json!({"services": {"task": {"autoscaling": autoscaling}}}),
        ));
        let spec = &object(&resources, ChildKind::HorizontalPodAutoscaler, "todo-task")["spec"];
        let bounds = (
            spec["minReplicas"].as_i64().unwrap(),
            spec["maxReplicas"].as_i64().unwrap(),
        );
        assert_eq!(bounds, expected, "{autoscaling}");
    }
}

fn by_lag(spec: &mut Value) {
    spec["services"] = json!({
        "scheduler": {"autoscaling": {"brokerLag": {"threshold": 50, "activation": 5}}},
        "task": {"replicas": 2}, "gateway": {"replicas": 2}, "notification": {"replicas": 2}, "analytics": {"replicas": 2},
    });
}

#[test]
fn a_service_scales_by_waiting_events_of_kafka_where_keda_is() {
    let mut spec = everything_external();
    by_lag(&mut spec);
    let resources = rendered(&platform(spec));
    assert_eq!(
        names(&resources, ChildKind::HorizontalPodAutoscaler),
        [""; 0],
        "never both"
    );
    assert_eq!(names(&resources, ChildKind::ScaledObject), ["todo-scheduler"]);
    assert_eq!(replicas(&resources, "todo-scheduler"), &Value::Null);
    let scaled = &object(&resources, ChildKind::ScaledObject, "todo-scheduler")["spec"];
    let kinds: Vec<_> = scaled["triggers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trigger| trigger["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["cpu", "kafka", "kafka", "kafka", "kafka"]);
    let trigger = &scaled["triggers"][1];
    assert_eq!(
        trigger["metadata"],
        json!({
            "bootstrapServers": "kafka-0:9093,kafka-1:9093", "consumerGroup": "team.todo-scheduler",
            "topic": "team.todo.task.created", "lagThreshold": "50", "activationLagThreshold": "5",
            "offsetResetPolicy": "earliest", "version": "3.6.0", "tls": "enable", "sasl": "scram_sha512",
        })
    );
    assert_eq!(trigger["authenticationRef"]["name"], "todo-broker");
    let group = objects(&resources, ChildKind::Component)
        .iter()
        .find(|component| component["metadata"]["name"] == "todo-scheduler-events")
        .unwrap()["spec"]["metadata"]
        .to_string();
    assert!(
        group.contains("team.todo-scheduler"),
        "the sidecar reads as the same group: {group}"
    );
    let secrets =
        &object(&resources, ChildKind::TriggerAuthentication, "todo-broker")["spec"]["secretTargetRef"];
    let parameters: Vec<_> = secrets
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["parameter"].as_str().unwrap())
        .collect();
    assert_eq!(parameters, ["username", "password", "ca"]);
}

#[test]
fn a_service_scales_by_waiting_entries_of_redis_streams() {
    let mut spec = json!({});
    by_lag(&mut spec);
    let resources = rendered(&platform(spec));
    let scaled = &object(&resources, ChildKind::ScaledObject, "todo-scheduler")["spec"];
    let trigger = &scaled["triggers"][1];
    assert_eq!(trigger["type"], "redis-streams");
    assert_eq!(trigger["metadata"]["stream"], "task.created");
    assert_eq!(trigger["metadata"]["consumerGroup"], "team.todo-scheduler");
    assert_eq!(trigger["metadata"]["lagCount"], "50");
}

#[test]
fn without_keda_the_same_service_scales_by_cpu_and_the_status_says_so() {
    let mut spec = everything_external();
    by_lag(&mut spec);
    let platform = platform(spec);
    let mut facts = Facts::assumed(&platform);
    let validated = validate(&platform, &facts, &defaults()).unwrap();
    assert_eq!(degradations(&validated, &facts), []);
    facts.optional_kinds.remove(&ChildKind::ScaledObject);
    let resources = build(&validated, &facts);
    assert_eq!(
        names(&resources, ChildKind::HorizontalPodAutoscaler),
        ["todo-scheduler"]
    );
    assert_eq!(names(&resources, ChildKind::ScaledObject), [""; 0]);
    assert_eq!(names(&resources, ChildKind::TriggerAuthentication), [""; 0]);
    let said = degradations(&validated, &facts);
    assert_eq!(said[0].reason, KEDA_MISSING);
    assert!(
        said[0].message.contains("scaledobjects.keda.sh"),
        "{}",
        said[0].message
    );
    assert!(
        !said[0].message.contains("triggerauthentications"),
        "{}",
        said[0].message
    );
}

#[test]
fn what_consumes_nothing_cannot_scale_by_waiting_events() {
    let platform = platform(json!({"services": {"task": {"autoscaling": {"brokerLag": {}}}}}));
    let invalid = validate(&platform, &Facts::assumed(&platform), &defaults()).unwrap_err();
    assert_eq!(invalid.violations.len(), 1);
    assert_eq!(
        invalid.violations[0].field_path,
        "spec.services.task.autoscaling.brokerLag"
    );
}

#[test]
fn a_platform_that_sleeps_has_no_pods_and_keeps_everything_else() {
    let mut spec = everything_external();
    let awake = rendered(&platform(spec.clone()));
    spec["hibernated"] = json!(true);
    let asleep = rendered(&platform(spec));
    assert_eq!(names(&asleep, ChildKind::HorizontalPodAutoscaler), [""; 0]);
    // Nobody is told that what sleeps is down.
    assert_eq!(names(&asleep, ChildKind::PrometheusRule), [""; 0]);
    assert_ne!(names(&awake, ChildKind::PrometheusRule), [""; 0]);
    for deployment in services(&asleep) {
        assert_eq!(deployment["spec"]["replicas"], 0);
    }
    for deployment in services(&awake) {
        let name = deployment["metadata"]["name"].as_str().unwrap();
        assert_eq!(
            object(&asleep, ChildKind::Deployment, name)["spec"]["template"],
            deployment["spec"]["template"],
            "waking up restarts nothing twice"
        );
    }
    let kinds = |resources: &Resources<Prepared>| -> Vec<(ChildKind, String)> {
        let children = resources.children.iter();
        children
            .filter(|child| !child.kind.is_autoscaler() && child.kind != ChildKind::PrometheusRule)
            .map(|child| (child.kind, child.name.clone()))
            .collect()
    };
    assert_eq!(kinds(&asleep), kinds(&awake));
    let stores = rendered(&platform(json!({"hibernated": true})));
    assert!(
        objects(&stores, ChildKind::StatefulSet)
            .iter()
            .all(|set| set["spec"]["replicas"] == 0)
    );
}
