//! How many pods stay, where they run, what is set on them.

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, MISSING_CONFIG_MAP, build, validate};

use crate::common::{defaults, everything_external, hashes, object, objects, platform, rendered, validated};
use crate::{pod, refused, shop};

#[test]
fn budgets_are_made_from_two_pods_on_and_never_block() {
    let budget = |spec: Value| -> Value {
        let resources = rendered(&platform(spec));
        objects(&resources, ChildKind::PodDisruptionBudget)
            .into_iter()
            .find(|budget| budget["metadata"]["name"] == "todo-task")
            .map_or(Value::Null, |budget| budget["spec"].clone())
    };
    let task = |more: Value| json!({"services": {"task": more}});
    assert_eq!(budget(json!({})), Value::Null);
    assert_eq!(budget(task(json!({"replicas": 3}))), Value::Null);
    assert_eq!(
        budget(task(json!({"podDisruptionBudget": {"enabled": true}}))),
        Value::Null
    );
    let most = budget(task(json!({"replicas": 2, "podDisruptionBudget": {}})));
    assert_eq!(
        (&most["maxUnavailable"], &most["unhealthyPodEvictionPolicy"]),
        (&json!(1), &json!("AlwaysAllow"))
    );
    let least = budget(task(
        json!({"replicas": 3, "podDisruptionBudget": {"minAvailable": 2}}),
    ));
    assert_eq!(
        (&least["minAvailable"], &least["maxUnavailable"]),
        (&json!(2), &Value::Null)
    );
    let mut production = everything_external();
    assert_eq!(budget(production.clone())["maxUnavailable"], 1);
    production["services"]["task"]["podDisruptionBudget"] = json!({"enabled": false});
    assert_eq!(budget(production), Value::Null);
    assert_eq!(
        refused(task(
            json!({"replicas": 2, "podDisruptionBudget": {"minAvailable": 2}})
        ))[0]
            .0,
        "spec.services.task.podDisruptionBudget.minAvailable"
    );
}

#[test]
fn production_spreads_and_development_does_not() {
    let spread = |spec: &Value| pod(spec, "task")["spec"]["topologySpreadConstraints"].clone();
    assert_eq!(spread(&json!({})), Value::Null);
    let constraints = spread(&everything_external());
    let keys: Vec<_> = constraints
        .as_array()
        .unwrap()
        .iter()
        .map(|constraint| constraint["topologyKey"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
    assert_eq!(constraints[0]["matchLabelKeys"], json!(["pod-template-hash"]));
    assert_eq!(
        constraints[0]["labelSelector"]["matchLabels"]["app.kubernetes.io/component"],
        "task"
    );
    let mut off = everything_external();
    off["podDefaults"] = json!({"topologySpread": {"enabled": false}});
    assert_eq!(spread(&off), Value::Null);
    off["services"]["task"]["pod"] = json!({"topologySpread": {"constraints": [{"topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]}});
    assert_eq!(spread(&off)[0]["topologyKey"], "rack");
    assert_eq!(spread(&off)[0]["whenUnsatisfiable"], "DoNotSchedule");
}

#[test]
fn a_services_own_place_stands_over_that_of_all() {
    let spec = json!({
        "podDefaults": {"nodeSelector": {"a": "1", "b": "1"}, "tolerations": [{"key": "all"}], "priorityClassName": "low",
            "annotations": {"example.com/a": "1"}, "labels": {"team": "all"}},
        "services": {"task": {"pod": {"nodeSelector": {"b": "2"}, "tolerations": [{"key": "own", "value": "x"}],
            "priorityClassName": "high", "labels": {"team": "own"}}}},
    });
    let (task, gateway) = (pod(&spec, "task"), pod(&spec, "gateway"));
    assert_eq!(task["spec"]["nodeSelector"], json!({"a": "1", "b": "2"}));
    assert_eq!(
        task["spec"]["tolerations"],
        json!([{"key": "own", "operator": "Equal", "value": "x"}])
    );
    assert_eq!(task["spec"]["priorityClassName"], "high");
    assert_eq!(task["metadata"]["labels"]["team"], "own");
    assert_eq!(task["metadata"]["annotations"]["example.com/a"], "1");
    assert_eq!(gateway["spec"]["nodeSelector"], json!({"a": "1", "b": "1"}));
    assert_eq!(
        gateway["spec"]["tolerations"],
        json!([{"key": "all", "operator": "Exists"}])
    );
    assert_eq!(gateway["metadata"]["labels"]["team"], "all");
}

#[test]
fn keys_of_the_operators_own_are_refused_by_their_field() {
    for (spec, field_path) in [
        (
            json!({"podDefaults": {"annotations": {"dapr.io/app-id": "x"}}}),
            "spec.podDefaults.annotations.dapr.io/app-id",
        ),
        (
            json!({"services": {"task": {"pod": {"labels": {"app.kubernetes.io/name": "x"}}}}}),
            "spec.services.task.pod.labels.app.kubernetes.io/name",
        ),
        (
            json!({"services": {"task": {"serviceAccount": {"annotations": {"todoplatform.dev/x": "y"}}}}}),
            "spec.services.task.serviceAccount.annotations.todoplatform.dev/x",
        ),
        (
            json!({"services": {"task": {"config": {"auth": {"issuer": "me"}}}}}),
            "spec.services.task.config.auth.issuer",
        ),
        (
            json!({"services": {"task": {"config": {"platform": {"a": 1}}}}}),
            "spec.services.task.config.platform",
        ),
        (
            shop(&json!({"pod": {"annotations": {"dapr.io/config": "x"}}})),
            "spec.extraServices[0].pod.annotations.dapr.io/config",
        ),
    ] {
        let found = refused(spec.clone());
        assert_eq!(found.len(), 1, "{spec}: {found:?}");
        assert_eq!(found[0].0, field_path);
    }
}

#[test]
fn configuration_of_the_users_own_joins_the_operators() {
    let spec = json!({"services": {"scheduler": {"config": {"scheduler": {"pollMilliseconds": 250}, "log": {"colour": true}}}}});
    let resources = rendered(&platform(spec));
    let map = object(&resources, ChildKind::ConfigMap, "todo-scheduler");
    let file: Value = serde_yaml::from_str(map["data"]["config.yaml"].as_str().unwrap()).unwrap();
    assert_eq!(file["scheduler"]["pollMilliseconds"], 250);
    assert_eq!(
        file["log"],
        json!({"level": "info", "format": "json", "colour": true})
    );
    assert_eq!(file["service"], "scheduler");
}

#[test]
fn variables_from_a_whole_object_restart_only_their_reader() {
    let with = json!({"services": {"task": {"envFrom": [{"kind": "Secret", "name": "s"}]},
        "analytics": {"envFrom": [{"kind": "ConfigMap", "name": "c", "prefix": "C_"}]}}});
    let platform = platform(with);
    let facts = Facts::assumed(&platform);
    let checked = validated(&platform);
    let before = hashes(&build(&checked, &facts));
    let differ = |facts: &Facts| -> Vec<String> {
        let after = hashes(&build(&checked, facts));
        after
            .into_iter()
            .filter(|(name, hash)| before[name] != *hash)
            .map(|(name, _)| name)
            .collect()
    };
    let mut changed = facts.clone();
    changed
        .secrets
        .get_mut("s")
        .unwrap()
        .keys
        .insert("*".into(), "other".into());
    assert_eq!(differ(&changed), ["todo-task"]);
    let mut changed = facts.clone();
    changed.config_maps.insert("c".into(), "other".into());
    assert_eq!(differ(&changed), ["todo-analytics"]);
    let mut missing = facts;
    missing.config_maps.clear();
    let invalid = validate(&platform, &missing, &defaults()).unwrap_err();
    assert_eq!(
        (
            invalid.violations[0].field_path.as_str(),
            invalid.violations[0].reason
        ),
        ("spec.services.analytics.envFrom[0]", MISSING_CONFIG_MAP)
    );
}
