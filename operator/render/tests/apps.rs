//! Applications: images, switches, budgets, places, and those of the user's own.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{defaults, everything_external, hashes, named, object, objects, platform, rendered, validated};
use proptest::prelude::*;
use serde_json::{Value, json};
use todoplatform_render::{
    ChildKind, Facts, INVALID_SPEC, MISSING_CONFIG_MAP, build,
    release::{self, Release},
    validate,
};

fn pod(spec: &Value, app: &str) -> Value {
    let resources = rendered(&platform(spec.clone()));
    object(&resources, ChildKind::Deployment, &format!("todo-{app}"))["spec"]["template"].clone()
}

fn image(spec: &Value, app: &str) -> String {
    let pod = pod(spec, app);
    pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

/// Field paths and messages of what is refused.
fn refused(spec: Value) -> Vec<(String, String)> {
    let platform = platform(spec);
    let result = validate(&platform, &Facts::assumed(&platform), &defaults());
    let violations = result.err().map_or_else(Vec::new, |invalid| invalid.violations);
    violations
        .into_iter()
        .map(|violation| {
            assert!(!violation.next_action.is_empty(), "{violation}");
            assert_eq!(violation.reason, INVALID_SPEC);
            (violation.field_path, violation.message)
        })
        .collect()
}

fn shop(more: &Value) -> Value {
    let mut shop = json!({"name": "shop", "image": "acme/shop:1", "port": 9000});
    shop.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"extraServices": [shop]})
}

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

#[test]
fn everything_comes_from_the_registry_of_the_spec_the_sidecar_too() {
    let spec = json!({"images": {"registry": "mirror.acme/x", "pullPolicy": "Always"}});
    let resources = rendered(&platform(spec));
    let mut seen = BTreeSet::new();
    for kind in [ChildKind::Deployment, ChildKind::StatefulSet] {
        for workload in objects(&resources, kind) {
            let template = &workload["spec"]["template"];
            let container = &template["spec"]["containers"][0];
            seen.insert(container["image"].as_str().unwrap().to_owned());
            assert_eq!(container["imagePullPolicy"], "Always");
            let annotations = &template["metadata"]["annotations"];
            if !annotations["dapr.io/enabled"].is_null() {
                seen.insert(annotations["dapr.io/sidecar-image"].as_str().unwrap().to_owned());
                assert_eq!(annotations["dapr.io/sidecar-image-pull-policy"], "Always");
            }
        }
    }
    let expected = [
        "daprd:1.18.2",
        "postgres-exporter:0.18.1",
        "postgres:17.6",
        "redis:8.2.1",
        "redis_exporter:1.77.0",
        "todo-analytics:1.2.3",
        "todo-gateway:1.2.3",
        "todo-notification:1.2.3",
        "todo-scheduler:1.2.3",
        "todo-task:1.2.3",
    ]
    .map(|image| format!("mirror.acme/x/{image}"));
    assert_eq!(seen, expected.into());
}

#[test]
fn the_injector_decides_while_the_spec_says_nothing_of_the_sidecars_image() {
    let annotations = pod(&json!({}), "task")["metadata"]["annotations"].clone();
    assert_eq!(annotations["dapr.io/sidecar-image"], Value::Null);
    assert_eq!(annotations["dapr.io/sidecar-image-pull-policy"], Value::Null);
    let own = pod(&json!({"images": {"daprd": "acme/daprd:1"}}), "task");
    assert_eq!(
        own["metadata"]["annotations"]["dapr.io/sidecar-image"],
        "acme/daprd:1"
    );
}

#[test]
fn a_digest_takes_the_place_of_the_tag() {
    let spec = json!({"images": {"digests": {"task": DIGEST, "postgres": DIGEST, "daprd": DIGEST}}});
    assert_eq!(
        image(&spec, "task"),
        format!("registry.example/todo/todo-task@{DIGEST}")
    );
    assert_eq!(
        image(&spec, "gateway"),
        "registry.example/todo/todo-gateway:1.2.3"
    );
    let resources = rendered(&platform(spec.clone()));
    let postgres = object(&resources, ChildKind::StatefulSet, "todo-postgres");
    assert_eq!(
        postgres["spec"]["template"]["spec"]["containers"][0]["image"],
        format!("postgres@{DIGEST}")
    );
    assert_eq!(
        pod(&spec, "task")["metadata"]["annotations"]["dapr.io/sidecar-image"],
        format!("ghcr.io/dapr/daprd@{DIGEST}")
    );
    assert_eq!(
        refused(json!({"images": {"digests": {"mail": DIGEST}}}))[0].0,
        "spec.images.digests.mail"
    );
}

#[test]
fn pull_secrets_reach_every_pod() {
    let resources = rendered(&platform(
        json!({"images": {"pullSecrets": [{"name": "mirror"}]}}),
    ));
    let wanted = json!([{"name": "mirror"}]);
    for account in objects(&resources, ChildKind::ServiceAccount) {
        // The API server copies them into the pods of the account, for all of their containers.
        assert_eq!(account["imagePullSecrets"], wanted);
    }
    for set in objects(&resources, ChildKind::StatefulSet) {
        assert_eq!(set["spec"]["template"]["spec"]["imagePullSecrets"], wanted);
    }
}

#[test]
fn a_version_picks_a_release_that_is_known() {
    let own = release::OWN.version;
    let validated = validated(&platform(json!({"version": own})));
    assert_eq!(validated.version, own);
    assert_eq!(
        release::RELEASES[0],
        release::OWN,
        "the operator's own is the newest"
    );
    let refused = refused(json!({"version": "0.0.9"}));
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0, "spec.version");
    let older = Release {
        version: "0.0.9",
        daprd: "1.17.0",
        digests: &[("task", DIGEST)],
    };
    let releases = [release::OWN, older];
    assert_eq!(release::find(&releases, "0.0.9"), Some(&older));
    assert_eq!(release::find(&releases, "0.0.8"), None);
    assert_eq!(release::known(&releases), format!("{own}, 0.0.9"));
}

#[test]
fn a_service_that_is_off_leaves_nothing_behind() {
    let resources = rendered(&platform(json!({"services": {"analytics": {"enabled": false}}})));
    let left: Vec<_> = resources
        .children
        .iter()
        .filter(|child| child.component.as_deref() == Some("analytics"))
        .collect();
    assert_eq!(left.len(), 0);
    assert!(
        resources
            .secrets
            .iter()
            .all(|recipe| !recipe.name.contains("analytics"))
    );
    for child in resources
        .children
        .iter()
        .filter(|child| child.component.as_deref() != Some("postgres"))
    {
        assert!(
            !child.object.to_string().contains("analytics"),
            "{} {}: {}",
            child.kind.as_str(),
            child.name,
            child.object
        );
    }
    // Reminders were only told of by the scheduler.
    let resources = rendered(&platform(json!({"services": {"scheduler": {"enabled": false}}})));
    let subscriptions = objects(&resources, ChildKind::Subscription);
    assert!(subscriptions.len() > 10);
    assert!(
        subscriptions
            .iter()
            .all(|one| one["spec"]["topic"] != "task.reminder")
    );
}

#[test]
fn a_service_that_others_need_is_refused_with_its_field() {
    let off = |names: &[&str]| {
        let services: BTreeMap<_, _> = names
            .iter()
            .map(|name| (*name, json!({"enabled": false})))
            .collect();
        json!({"services": services})
    };
    let refused_of =
        |names: &[&str]| -> Vec<String> { refused(off(names)).into_iter().map(|(path, _)| path).collect() };
    assert_eq!(refused_of(&["analytics"]), [""; 0]);
    assert_eq!(refused_of(&["gateway"]), [""; 0]);
    assert_eq!(refused_of(&["scheduler", "notification", "analytics"]), [""; 0]);
    assert_eq!(
        refused_of(&["gateway", "task", "scheduler", "notification", "analytics"]),
        [""; 0]
    );
    // The scheduler is left without an event; analytics still counts notifications, and those reminders.
    let refused_for_task = refused(off(&["task"]));
    assert_eq!(refused_for_task[0].0, "spec.services.task.enabled");
    assert!(
        refused_for_task[0].1.starts_with("scheduler needs task"),
        "{refused_for_task:?}"
    );
    assert_eq!(
        refused_of(&["task", "scheduler", "notification", "analytics"]),
        ["spec.services.gateway.enabled"]
    );
}

#[test]
fn without_a_gateway_there_is_no_endpoint() {
    let platform = platform(json!({"services": {"gateway": {"enabled": false}}}));
    assert_eq!(validated(&platform).endpoint(), None);
}

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
fn an_extra_service_is_told_whom_it_knows() {
    let mut spec = shop(&json!({
        "calls": ["task"], "publishes": ["shop.ordered"], "stores": ["redis", "daprState", "postgresql"],
        "databaseUrlSecretKeyRef": {"name": "shop", "key": "url"}, "protocol": "h2c", "command": ["/shop"], "args": ["run"],
    }));
    spec["broker"] = json!({"topicPrefix": "p."});
    let pod = pod(&spec, "shop");
    let container = &pod["spec"]["containers"][0];
    let env: BTreeMap<_, _> = container["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| (variable["name"].as_str().unwrap(), variable))
        .collect();
    for (name, value) in [
        ("APP_ID", "todo-shop"),
        ("APP_PORT", "9000"),
        ("PUBSUB_NAME", "todo-shop-events"),
        ("TOPIC_PREFIX", "p."),
        ("STATE_STORE_NAME", "todo-shop-state"),
        ("PEER_TASK", "todo-task"),
    ] {
        assert_eq!(env[name]["value"], value);
    }
    assert_eq!(env["DATABASE_URL"]["valueFrom"]["secretKeyRef"]["name"], "shop");
    assert!(env.contains_key("REDIS_URL") && env.contains_key("DAPR_API_TOKEN"));
    assert_eq!(container["command"], json!(["/shop"]));
    assert_eq!(container["args"], json!(["run"]));
    assert_eq!(container["readinessProbe"]["tcpSocket"]["port"], "http");
    assert_eq!(container["volumeMounts"][0]["mountPath"], "/tmp");
    assert_eq!(
        pod["metadata"]["annotations"]["dapr.io/app-port"],
        Value::Null,
        "nothing calls it"
    );
    let resources = rendered(&platform(spec));
    let callers =
        &object(&resources, ChildKind::Configuration, "todo-task")["spec"]["accessControl"]["policies"];
    assert_eq!(callers[1]["appId"], "todo-shop");
}

#[test]
fn a_change_of_the_platforms_version_is_no_concern_of_an_extra_service() {
    let mut spec = shop(&json!({}));
    spec["images"] = json!({"tag": "1.0.0"});
    let before = (pod(&spec, "shop"), pod(&spec, "task"));
    spec["images"]["tag"] = json!("2.0.0");
    assert_eq!(pod(&spec, "shop"), before.0);
    assert_ne!(pod(&spec, "task"), before.1);
    assert_eq!(before.0["metadata"]["labels"]["app.kubernetes.io/version"], "1");
}

#[test]
fn what_an_extra_service_may_not_be_is_refused_by_its_field() {
    for (spec, field_path) in [
        (shop(&json!({"calls": ["tsk"]})), "spec.extraServices[0].calls[0]"),
        (
            shop(&json!({"calls": ["task", "shop"]})),
            "spec.extraServices[0].calls[1]",
        ),
        (
            shop(&json!({"calls": ["gateway"]})),
            "spec.extraServices[0].calls[0]",
        ),
        (
            shop(&json!({"consumes": [{"topic": "task.creatd"}]})),
            "spec.extraServices[0].consumes[0].topic",
        ),
        (
            shop(&json!({"stores": ["postgresql"]})),
            "spec.extraServices[0].databaseUrlSecretKeyRef",
        ),
        (
            json!({"extraServices": [
                {"name": "a", "image": "a:1", "port": 80, "publishes": ["b.c", "b-c"]},
                {"name": "x", "image": "x:1", "port": 80, "consumes": [{"topic": "b.c"}, {"topic": "b-c"}]},
            ]}),
            "spec.extraServices[1].consumes[1].topic",
        ),
        (
            json!({"extraServices": [{"name": "a", "image": "a:1", "port": 80}, {"name": "a", "image": "a:2", "port": 80}]}),
            "spec.extraServices[1].name",
        ),
    ] {
        let found = refused(spec.clone());
        assert!(!found.is_empty(), "{spec}");
        assert!(
            found.iter().all(|(path, _)| path == field_path),
            "{spec}: {found:?}"
        );
    }
    let long = named(
        &"x".repeat(40),
        json!({"extraServices": [{"name": "y".repeat(13), "image": "a:1", "port": 80}]}),
    );
    let invalid = validate(&long, &Facts::assumed(&long), &defaults()).unwrap_err();
    assert_eq!(invalid.violations[0].field_path, "spec.extraServices[0].name");
}

#[test]
fn a_paused_service_is_built_and_not_written() {
    let platform = platform(json!({"services": {"task": {"paused": true}}}));
    let resources = rendered(&platform);
    assert_eq!(resources.paused, ["task".to_owned()].into());
    let of_task = |child: &&todoplatform_render::Child| child.component.as_deref() == Some("task");
    assert!(resources.children.iter().filter(of_task).count() > 5);
    assert_eq!(resources.written().filter(of_task).count(), 0);
    assert!(resources.written().count() > 30);
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

fn a_service() -> impl Strategy<Value = Value> {
    let switch = || prop::option::of(any::<bool>());
    (
        switch(),
        switch(),
        prop::option::of(-1_i32..5),
        prop::option::of(0_i32..5),
        prop::option::of(0_i32..5),
        prop::option::of("[a-z./@:]{0,12}"),
        prop::option::of("[a-zA-Z]{1,6}"),
        prop::option::of("(dapr\\.io/|todoplatform\\.dev/|app\\.kubernetes\\.io/)?[a-z]{1,4}"),
    )
        .prop_map(|(enabled, paused, replicas, least, most, image, key, label)| {
            let mut section = json!({});
            let mut set = |field: &str, value: Option<Value>| {
                if let Some(value) = value {
                    section[field] = value;
                }
            };
            set("enabled", enabled.map(Value::from));
            set("paused", paused.map(Value::from));
            set("replicas", replicas.map(Value::from));
            set(
                "podDisruptionBudget",
                least.map(|least| json!({"minAvailable": least, "maxUnavailable": most})),
            );
            set("image", image.map(Value::from));
            set("config", key.map(|key| json!({key: {"log": 1}, "log": null})));
            set(
                "pod",
                label.map(|label| json!({"labels": {label.clone(): "x"}, "annotations": {label: "x"}})),
            );
            section
        })
}

/// `ingress` or `httpRoute`, with some of their fields.
fn a_way_in() -> impl Strategy<Value = (&'static str, Value)> {
    let host = prop::option::of("(todo\\.example|[a-z.*]{1,8})");
    let path = prop::option::of("/(v1(/tasks)?)?[a-z/]{0,3}");
    (any::<bool>(), host, path, any::<bool>()).prop_map(|(is_ingress, host, path, more)| {
        let mut way_in = json!({});
        if let Some(path) = path {
            way_in["path"] = json!(path);
        }
        let (field, hosts) = if is_ingress {
            ("ingress", "hosts")
        } else {
            ("httpRoute", "hostnames")
        };
        if let Some(host) = host {
            way_in[hosts] = json!([host]);
        }
        if more && is_ingress {
            way_in["tls"] = json!({"issuerRef": {"name": "i"}});
        } else if more {
            way_in["parentRefs"] = json!([{"name": "public"}]);
        }
        (field, way_in)
    })
}

fn an_extra_service() -> impl Strategy<Value = Value> {
    let word = || "(task|gateway|shop|a|b|[a-z-]{1,20})";
    let topics = || prop::collection::vec("(task\\.created|a\\.b|a-b|[a-z.-]{1,6})", 0..3);
    (
        a_service(),
        word(),
        any::<i16>(),
        topics(),
        topics(),
        prop::collection::vec(word(), 0..3),
        any::<bool>(),
        prop::option::of(a_way_in()),
    )
        .prop_map(
            |(mut section, name, port, publishes, consumes, calls, stores, way_in)| {
                let consumes: Vec<_> = consumes
                    .into_iter()
                    .map(|topic| json!({"topic": topic}))
                    .collect();
                section.as_object_mut().unwrap().remove("config");
                if section["image"].is_null() {
                    section["image"] = json!("a:1");
                }
                section["name"] = json!(name);
                section["port"] = json!(port);
                section["publishes"] = json!(publishes);
                section["consumes"] = json!(consumes);
                section["calls"] = json!(calls);
                if let Some((field, way_in)) = way_in {
                    section[field] = way_in;
                }
                section["stores"] = if stores {
                    json!(["redis", "postgresql"])
                } else {
                    json!([])
                };
                section
            },
        )
}

proptest! {
    #[test]
    fn any_spec_is_built_or_refused_with_its_fields(
        task in a_service(), scheduler in a_service(), gateway in a_service(), shared in a_service(),
        extra in prop::collection::vec(an_extra_service(), 0..3), shares in any::<bool>(), version in prop::option::of("[0-9.]{1,6}"),
    ) {
        let mut spec = json!({"services": {"task": task, "scheduler": scheduler, "gateway": gateway}, "extraServices": extra});
        if shares {
            spec["gateway"] = json!({"ingress": {"hosts": ["todo.example"]}});
        }
        if let Some(shared) = shared.get("pod") {
            spec["podDefaults"] = shared.clone();
        }
        if let Some(version) = version {
            spec["version"] = json!(version);
        }
        let platform = platform(spec);
        let facts = Facts::assumed(&platform);
        match validate(&platform, &facts, &defaults()) {
            Ok(validated) => {
                let resources = build(&validated, &facts);
                let names: BTreeSet<_> = resources.children.iter().map(|child| (child.kind, &child.name)).collect();
                prop_assert_eq!(names.len(), resources.children.len());
            }
            Err(invalid) => {
                prop_assert!(!invalid.violations.is_empty());
                for violation in invalid.violations {
                    prop_assert!(violation.field_path.starts_with("spec."), "{}", violation);
                    prop_assert!(!violation.message.is_empty());
                }
            }
        }
    }
}
