//! Exporters: where they run, how they ask, and that nothing depends on them.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use common::{defaults, everything_external, platform, rendered, validated};
use serde_json::{Value, json};
use todoplatform_render::{Child, ChildKind, Facts, build, validate};

fn exporters(spec: Value) -> Vec<Child> {
    let children = rendered(&platform(spec)).children;
    children
        .into_iter()
        .filter(|child| child.kind == ChildKind::Deployment && child.name.ends_with("-exporter"))
        .collect()
}

fn names(children: &[Child]) -> Vec<&str> {
    children.iter().map(|child| child.name.as_str()).collect()
}

fn container(child: &Child) -> &Value {
    &child.object["spec"]["template"]["spec"]["containers"][0]
}

fn variable<'a>(child: &'a Child, name: &str) -> &'a Value {
    let env = container(child)["env"].as_array().unwrap();
    let found = env.iter().find(|variable| variable["name"] == name);
    found.unwrap_or_else(|| unreachable!("{} has no {name}", child.name))
}

fn monitors(spec: Value) -> Vec<(String, Value)> {
    let children = rendered(&platform(spec)).children;
    children
        .into_iter()
        .filter(|child| child.kind == ChildKind::PodMonitor)
        .map(|child| (child.name, child.object["spec"].clone()))
        .collect()
}

#[test]
fn embedded_stores_have_exporters_with_logins_of_their_own() {
    let found = exporters(json!({}));
    assert_eq!(names(&found), ["todo-postgres-exporter", "todo-redis-exporter"]);
    let [postgres, redis] = &found[..] else {
        unreachable!()
    };
    assert_eq!(variable(postgres, "DATA_SOURCE_USER")["value"], "exporter");
    assert_eq!(
        variable(postgres, "DATA_SOURCE_PASS")["valueFrom"]["secretKeyRef"],
        json!({"name": "todo-postgres-exporter", "key": "password"})
    );
    assert_eq!(
        variable(postgres, "DATA_SOURCE_URI")["value"],
        "todo-postgres.team.svc.cluster.local:5432/postgres?sslmode=disable"
    );
    let streams = container(redis)["args"][0].as_str().unwrap();
    for stream in ["db0=task.created", "db0=task.created.todo-analytics.dlq"] {
        assert!(
            streams.split(['=', ',']).count() > 2 && streams.contains(stream),
            "{streams}"
        );
    }
    assert!(!streams.contains('*'), "{streams}");
    for exporter in &found {
        assert_eq!(exporter.component, None, "nothing waits for an exporter");
        assert_eq!(
            container(exporter)["securityContext"]["readOnlyRootFilesystem"],
            true
        );
        assert_eq!(
            exporter.object["spec"]["template"]["spec"]["automountServiceAccountToken"],
            false
        );
    }
}

#[test]
fn without_the_kind_that_would_scrape_them_none_runs() {
    let platform = platform(json!({}));
    let mut facts = Facts::assumed(&platform);
    facts.optional_kinds.remove(&ChildKind::PodMonitor);
    let children = build(&validated(&platform), &facts).children;
    assert!(
        children
            .iter()
            .all(|child| !child.name.ends_with("-exporter") || child.kind == ChildKind::NetworkPolicy)
    );
    assert!(exporters(json!({"observability": {"monitoring": {"enabled": false}}})).is_empty());
}

#[test]
fn a_sleeping_platform_has_sleeping_exporters() {
    for exporter in exporters(json!({"hibernated": true})) {
        assert_eq!(exporter.object["spec"]["replicas"], 0);
    }
}

#[test]
fn external_stores_are_asked_on_demand_and_a_kafka_always() {
    let mut spec = everything_external();
    assert_eq!(names(&exporters(spec.clone())), ["todo-kafka-exporter"]);
    spec["observability"] = json!({"monitoring": {"exporters": {
        "postgres": {"enabled": true, "image": "mirror/pg:1", "resources": {"limits": {"memory": "64Mi"}}},
        "redis": {"enabled": true}, "kafka": {"enabled": false},
    }}});
    let found = exporters(spec);
    assert_eq!(names(&found), ["todo-postgres-exporter", "todo-redis-exporter"]);
    assert_eq!(container(&found[0])["image"], "mirror/pg:1");
    assert_eq!(container(&found[0])["resources"]["limits"]["memory"], "64Mi");
    assert!(container(&found[1])["args"].is_null(), "the broker is no Redis");
}

/// Its driver would ask for encryption wherever nobody says a mode, and refuses the mode that tries both.
#[test]
fn an_external_postgres_is_asked_as_the_services_ask_it() {
    let of = |profile: &str, external: Value| {
        let mut spec = everything_external();
        spec["profile"] = json!(profile);
        spec["database"] = json!({"external": external});
        spec["observability"] = json!({"monitoring": {"exporters": {"postgres": {"enabled": true}}}});
        let found = exporters(spec);
        let named = |exporter: &&Child| exporter.name == "todo-postgres-exporter";
        let exporter = found.into_iter().find(|child| named(&child)).unwrap();
        let env = container(&exporter)["env"].as_array().unwrap().clone();
        move |name: &str| {
            let found = env.iter().find(|variable| variable["name"] == name);
            found.and_then(|variable| Some(variable["value"].as_str()?.to_owned()))
        }
    };
    let url = json!({"urlSecretKeyRef": {"name": "db", "key": "url"}});
    let with_authority = json!({"urlSecretKeyRef": {"name": "db", "key": "url"}, "caSecretKeyRef": {"name": "db", "key": "ca"}});
    let by_url = of("development", url.clone());
    assert_eq!(by_url("PGSSLMODE").as_deref(), Some("disable"));
    let by_url = of("production", url);
    assert_eq!(by_url("PGSSLMODE"), None);
    for profile in ["development", "production"] {
        let by_url = of(profile, with_authority.clone());
        assert_eq!(by_url("PGSSLMODE").as_deref(), Some("verify-full"));
        assert_eq!(
            by_url("PGSSLROOTCERT").as_deref(),
            Some("/etc/exporter/ca/database.pem")
        );
    }
    let parts = |mode: &str| {
        json!({
            "host": "db.example.com", "database": "todo", "sslMode": mode,
            "usernameSecretKeyRef": {"name": "db", "key": "user"},
            "passwordSecretKeyRef": {"name": "db", "key": "password"},
        })
    };
    for (mode, known) in [("prefer", "disable"), ("require", "require")] {
        let uri = of("development", parts(mode))("DATA_SOURCE_URI").unwrap();
        assert_eq!(uri, format!("db.example.com:5432/todo?sslmode={known}"));
    }
}

#[test]
fn the_kafka_is_asked_for_our_groups_and_topics_alone_and_no_secret_is_in_the_file() {
    let platform = platform(everything_external());
    let children = rendered(&platform).children;
    let map = children
        .iter()
        .find(|child| child.kind == ChildKind::ConfigMap && child.name == "todo-kafka-exporter")
        .unwrap();
    let file = map.object["data"]["config.toml"].as_str().unwrap();
    for line in [
        r#""^team\\.todo-analytics$""#,
        r#""^team\\.todo\\.task\\.created$""#,
        r#""^team\\.todo\\.task\\.created\\.todo-analytics\\.dlq$""#,
        r#""sasl.password" = "${KAFKA_PASSWORD}""#,
    ] {
        assert!(file.contains(line), "{line} is not in\n{file}");
    }
    assert!(!file.contains("\"^team\\\\.todo-gateway$\""), "{file}");
    let exporter = children
        .iter()
        .find(|child| child.kind == ChildKind::Deployment && child.name == "todo-kafka-exporter")
        .unwrap();
    assert!(variable(exporter, "KAFKA_PASSWORD")["valueFrom"]["secretKeyRef"]["name"].is_string());
}

#[test]
fn a_changed_login_restarts_the_exporter() {
    let platform = platform(everything_external());
    let facts = Facts::assumed(&platform);
    let hash = |facts: &Facts| {
        let children = build(&validated(&platform), facts).children;
        let exporter = children
            .into_iter()
            .find(|child| child.kind == ChildKind::Deployment && child.name == "todo-kafka-exporter");
        exporter.unwrap().object["spec"]["template"]["metadata"]["annotations"]["todoplatform.dev/config-hash"].clone()
    };
    let mut changed = facts.clone();
    for secret in changed.secrets.values_mut() {
        secret
            .keys
            .values_mut()
            .for_each(|value| *value = "another".into());
    }
    assert_ne!(hash(&facts), hash(&changed));
}

#[test]
fn stores_with_metrics_of_their_own_are_scraped_under_the_names_of_the_platform() {
    let found = monitors(json!({
        "database": {"cloudNativePG": {"clusterRef": {"name": "pg"}}},
        "broker": {"strimzi": {"clusterRef": {"name": "events", "namespace": "kafka"}, "listener": "plain"}},
    }));
    let of = |name: &str| {
        let found = found.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    };
    assert_eq!(
        of("todo-database")["selector"]["matchLabels"],
        json!({"cnpg.io/cluster": "pg"})
    );
    assert!(of("todo-database")["namespaceSelector"].is_null());
    assert_eq!(
        of("todo-broker")["namespaceSelector"],
        json!({"matchNames": ["kafka"]})
    );
    for (name, monitor) in &found {
        let relabelings = monitor["podMetricsEndpoints"][0]["relabelings"]
            .as_array()
            .unwrap();
        for (label, value) in [("namespace", "team"), ("platform", "todo")] {
            let fixed = json!({"targetLabel": label, "replacement": value});
            assert!(relabelings.contains(&fixed), "{name}: {relabelings:?}");
        }
    }
}

#[test]
fn labels_for_prometheus_never_take_the_place_of_ours() {
    let theirs = json!({"app.kubernetes.io/managed-by": "helm", "release": "prometheus"});
    let children = rendered(&platform(
        json!({"observability": {"monitoring": {"labels": theirs}}}),
    ))
    .children;
    let watched: Vec<&Child> = children
        .iter()
        .filter(|child| {
            matches!(
                child.kind,
                ChildKind::PodMonitor | ChildKind::ServiceMonitor | ChildKind::PrometheusRule
            )
        })
        .collect();
    assert!(watched.len() > 4);
    for child in watched {
        let labels = &child.object["metadata"]["labels"];
        assert_eq!(labels["release"], "prometheus");
        assert_eq!(labels["app.kubernetes.io/managed-by"], "todoplatform-operator");
    }
}

#[test]
fn an_exporter_that_has_nothing_to_ask_is_refused_with_the_reason() {
    let asked = |kind: &str| json!({"monitoring": {"exporters": {kind: {"enabled": true}}}});
    let strimzi =
        json!({"strimzi": {"clusterRef": {"name": "events", "namespace": "kafka"}, "listener": "plain"}});
    for (spec, kind, why) in [
        (json!({}), "kafka", "a Redis"),
        (json!({"broker": strimzi}), "kafka", "Strimzi"),
        (
            json!({"database": {"cloudNativePG": {"clusterRef": {"name": "pg"}}}}),
            "postgres",
            "CloudNativePG",
        ),
    ] {
        let mut spec = spec;
        spec["observability"] = asked(kind);
        let platform = platform(spec);
        let invalid = validate(&platform, &Facts::assumed(&platform), &defaults()).unwrap_err();
        let path = format!("spec.observability.monitoring.exporters.{kind}.enabled");
        let violation = invalid
            .violations
            .iter()
            .find(|violation| violation.field_path == path);
        let violation = violation.unwrap_or_else(|| panic!("{path}: {:?}", invalid.violations));
        assert!(violation.message.contains(why), "{}", violation.message);
    }
}
