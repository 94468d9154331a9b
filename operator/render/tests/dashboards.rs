//! What every dashboard must be, and how it is delivered.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]
#![expect(clippy::needless_pass_by_value, reason = "a spec is written where it is used")]

mod common;
mod promql;

use std::collections::{BTreeMap, BTreeSet};

use common::{defaults, everything_external, hashes, named, object, objects, platform, rendered, validated};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    ChildKind, Facts, GRAFANA_DASHBOARD_MISSING, ValidatedPlatform, build, degradations,
    observability::dashboards::{Named, WIDTH, of_platform},
    validate,
    validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics, MonitoringSettings},
};

/// A platform whose stores and broker are scraped.
fn scraped(database: DatabaseMetrics, cache: CacheMetrics, broker: BrokerMetrics) -> ValidatedPlatform {
    let mut platform = validated(&platform(json!({"broker": {"topicPrefix": "shop.todo."}})));
    platform.monitoring = Some(MonitoringSettings {
        database,
        cache,
        broker,
        ..platform.monitoring.unwrap()
    });
    platform
}

/// Platforms that have every variant of a dashboard between them.
fn variants() -> Vec<ValidatedPlatform> {
    let (name, namespace) = ("pg".to_owned(), "stores".to_owned());
    vec![
        scraped(DatabaseMetrics::None, CacheMetrics::None, BrokerMetrics::None),
        scraped(
            DatabaseMetrics::Exporter,
            CacheMetrics::Exporter,
            BrokerMetrics::RedisStreams,
        ),
        scraped(
            DatabaseMetrics::CloudNativePg {
                name: name.clone(),
                namespace: namespace.clone(),
            },
            CacheMetrics::None,
            BrokerMetrics::KafkaExporter,
        ),
        scraped(
            DatabaseMetrics::None,
            CacheMetrics::None,
            BrokerMetrics::Redpanda {
                name: name.clone(),
                namespace: namespace.clone(),
            },
        ),
        scraped(
            DatabaseMetrics::None,
            CacheMetrics::None,
            BrokerMetrics::Strimzi { name, namespace },
        ),
    ]
}

fn dashboards() -> Vec<(Named, Value)> {
    variants()
        .iter()
        .flat_map(of_platform)
        .map(|named| {
            let json = serde_json::from_str(&named.dashboard.json()).unwrap();
            (named, json)
        })
        .collect()
}

fn panels(dashboard: &Value) -> Vec<&Value> {
    dashboard["panels"].as_array().unwrap().iter().collect()
}

/// Panels that show values, with the dashboard's title for messages.
fn charts() -> Vec<(String, Value)> {
    dashboards()
        .iter()
        .flat_map(|(_, dashboard)| {
            let title = dashboard["title"].as_str().unwrap().to_owned();
            panels(dashboard)
                .into_iter()
                .filter(|panel| panel["type"] != "row" && panel["type"] != "text")
                .map(move |panel| (format!("{title} / {}", panel["title"]), panel.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// An expression with the variables replaced by values that they may have.
fn asked(expr: &str) -> String {
    [
        ("$__rate_interval", "2m"),
        ("$namespace", "team"),
        ("$platform", "todo"),
        ("$app_id", "todo-task"),
    ]
    .iter()
    .fold(expr.to_owned(), |expr, (variable, value)| {
        expr.replace(variable, value)
    })
}

#[test]
fn every_expression_is_over_metrics_that_there_are() {
    let mut seen = 0;
    for (place, panel) in charts() {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{place}");
        for target in targets {
            let expr = target["expr"].as_str().unwrap();
            assert_eq!(
                promql::problems(&asked(expr)),
                Vec::<String>::new(),
                "{place}: {expr}"
            );
            assert!(
                !asked(expr).contains('$'),
                "{place}: {expr} has a variable that is not there"
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_expression_is_of_the_platform_that_is_chosen() {
    for (place, panel) in charts() {
        for target in panel["targets"].as_array().unwrap() {
            let expr = target["expr"].as_str().unwrap();
            let selectors = expr.matches('{').count();
            assert_eq!(
                expr.matches("{namespace=\"$namespace\",").count(),
                selectors,
                "{place}: {expr}"
            );
            let chosen = expr.matches("platform=\"$platform\"").count()
                + expr.matches("pod=~\"$platform-.*\"").count();
            assert_eq!(chosen, selectors, "{place}: {expr}");
        }
    }
}

#[test]
fn every_panel_says_what_it_shows() {
    for (place, panel) in charts() {
        assert!(!panel["title"].as_str().unwrap().is_empty(), "{place}");
        assert!(panel["description"].as_str().unwrap().ends_with('.'), "{place}");
        let defaults = &panel["fieldConfig"]["defaults"];
        assert!(!defaults["unit"].as_str().unwrap().is_empty(), "{place}");
        let steps = defaults["thresholds"]["steps"].as_array().unwrap();
        assert!(
            steps[0]["value"].is_null() && steps.iter().skip(1).all(|step| step["value"].is_number()),
            "{place}"
        );
        let values: Vec<f64> = steps.iter().filter_map(|step| step["value"].as_f64()).collect();
        assert!(values.is_sorted(), "{place}: {values:?}");
        assert_eq!(
            panel["datasource"],
            json!({"type": "prometheus", "uid": "${datasource}"}),
            "{place}"
        );
        let mut questions = BTreeSet::new();
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"], panel["datasource"], "{place}");
            assert!(questions.insert(target["refId"].as_str().unwrap()), "{place}");
        }
    }
}

#[test]
fn every_label_of_a_legend_is_one_that_the_expression_keeps() {
    for (place, panel) in charts() {
        for target in panel["targets"].as_array().unwrap() {
            let (expr, legend) = (
                target["expr"].as_str().unwrap(),
                target["legendFormat"].as_str().unwrap(),
            );
            assert!(!legend.is_empty(), "{place}");
            for label in legend
                .split("{{")
                .skip(1)
                .filter_map(|rest| rest.split_once("}}"))
                .map(|(label, _)| label)
            {
                let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
                let is_kept = !expr.contains(" by (") || expr.split(word).any(|found| found == label);
                assert!(is_kept, "{place}: {label} is not in {expr}");
            }
        }
    }
}

#[test]
fn rates_follow_the_width_of_the_screen() {
    for (place, panel) in charts() {
        let is_over_time = panel["type"] == "timeseries";
        for target in panel["targets"].as_array().unwrap() {
            let expr = target["expr"].as_str().unwrap();
            // A bracket is also how a dot is meant literally.
            let ranges = expr.matches('[').count() - expr.matches("[.]").count();
            if is_over_time {
                assert_eq!(
                    expr.matches("[$__rate_interval]").count(),
                    ranges,
                    "{place}: {expr}"
                );
            }
            assert_eq!(target["range"], is_over_time, "{place}");
            assert_eq!(target["instant"], !is_over_time, "{place}");
        }
    }
}

#[test]
fn nothing_can_be_edited_and_everything_can_be_chosen() {
    for (named, dashboard) in dashboards() {
        assert_eq!(dashboard["editable"], false);
        assert_eq!(dashboard["schemaVersion"], 42);
        assert_eq!(dashboard["graphTooltip"], 1);
        assert!(dashboard.get("id").is_none() && dashboard.get("dashboard").is_none());
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        let names: Vec<&str> = variables
            .iter()
            .map(|variable| variable["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names[..3],
            ["datasource", "namespace", "platform"],
            "{}",
            named.name
        );
        assert_eq!(variables[0]["query"], "prometheus");
        for variable in &variables[1..] {
            assert_eq!(variable["refresh"], 2);
            assert_eq!(variable["datasource"]["uid"], "${datasource}");
        }
        assert_eq!(variables[1]["current"]["value"], "team");
        assert_eq!(variables[2]["current"]["value"], "todo");
        let uses_apps = dashboard["panels"].to_string().contains("$app_id");
        assert_eq!(names.contains(&"app_id"), uses_apps, "{}", named.name);
    }
}

#[test]
fn panels_have_numbers_of_their_own_and_do_not_overlap() {
    for (named, dashboard) in dashboards() {
        let (mut numbers, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for panel in panels(&dashboard) {
            assert!(numbers.insert(panel["id"].as_u64().unwrap()), "{}", named.name);
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|field| panel["gridPos"][field].as_u64().unwrap());
            assert!(x + w <= u64::from(WIDTH), "{}: {}", named.name, panel["title"]);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{}: {}", named.name, panel["title"]);
            }
        }
    }
}

/// What is beside a panel is as high, and a table says what its columns are.
#[test]
fn lines_have_no_holes_and_columns_have_names() {
    for (named, dashboard) in dashboards() {
        let mut heights = BTreeMap::<u64, BTreeSet<u64>>::new();
        for panel in panels(&dashboard) {
            let [y, h] = ["y", "h"].map(|field| panel["gridPos"][field].as_u64().unwrap());
            heights.entry(y).or_default().insert(h);
            if panel["type"] == "table" {
                let questions = panel["targets"].as_array().unwrap();
                let columns: BTreeMap<String, Value> = questions
                    .iter()
                    .map(|question| {
                        let value = match questions.len() {
                            1 => "Value".to_owned(),
                            _ => format!("Value #{}", question["refId"].as_str().unwrap()),
                        };
                        (value, question["legendFormat"].clone())
                    })
                    .collect();
                let renamed = &panel["transformations"][1]["options"]["renameByName"];
                assert_eq!(renamed, &json!(columns), "{}: {}", named.name, panel["title"]);
                assert!(
                    !renamed.to_string().contains("{{"),
                    "{renamed}: a column is no series"
                );
            }
        }
        assert!(
            heights.values().all(|heights| heights.len() == 1),
            "{}: {heights:?}",
            named.name
        );
    }
}

#[test]
fn two_platforms_never_share_a_dashboard_a_title_or_a_file() {
    let place = |name: &str, namespace: &str| {
        let mut platform = named(name, json!({}));
        platform.metadata.namespace = Some(namespace.into());
        platform
    };
    let (mut uids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    for (name, namespace) in [
        ("todo", "team"),
        ("todo", "other"),
        ("b-c", "a"),
        ("c", "a-b"),
        (&*"p".repeat(40), &*"n".repeat(63)),
    ] {
        for named in of_platform(&validated(&place(name, namespace))) {
            let uid = named.dashboard.uid.clone();
            assert!(uid.len() <= 40, "{uid}");
            assert!(
                uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
                "{uid}"
            );
            assert!(uids.insert(uid));
            assert!(titles.insert(named.dashboard.title));
        }
    }
}

#[test]
fn the_same_platform_has_the_same_bytes() {
    for (first, second) in variants().iter().zip(&variants()) {
        let bytes = |platform| {
            of_platform(platform)
                .iter()
                .map(|named| named.dashboard.json())
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes(first), bytes(second));
    }
}

#[test]
fn the_broker_and_the_stores_decide_what_is_asked_of_them() {
    let asks = |platform: &ValidatedPlatform, name: &str| {
        let found = of_platform(platform)
            .into_iter()
            .find(|named| named.name == name)
            .unwrap();
        found.dashboard.json()
    };
    let [plain, redis, kafka, redpanda, strimzi] = <[_; 5]>::try_from(variants()).unwrap();
    for (platform, own, foreign) in [
        (&redis, "redis_stream_", "kafka_"),
        (&kafka, "kafka_consumergroup_group_lag", "kafka_consumergroup_lag"),
        (
            &strimzi,
            "kafka_consumergroup_lag",
            "kafka_consumergroup_group_lag",
        ),
        (&redpanda, "redpanda_kafka_", "redis_stream_"),
        (&plain, "Nothing of the broker is scraped", "redis_stream_"),
    ] {
        let json = asks(platform, "events");
        assert!(json.contains(own) && !json.contains(foreign), "{own}");
    }
    assert!(asks(&kafka, "events").contains("group=~\\\"team[.]todo-.*\\\""));
    assert!(asks(&kafka, "events").contains("topic=~\\\"shop[.]todo[.].*\\\""));
    assert!(asks(&redis, "stores").contains("pg_up") && asks(&redis, "stores").contains("redis_up"));
    assert!(asks(&kafka, "stores").contains("cnpg_collector_up"));
    assert!(!asks(&plain, "stores").contains("pg_up"));
}

#[test]
fn one_dashboard_in_full() {
    let overview = of_platform(&validated(&platform(json!({})))).remove(0);
    insta::assert_snapshot!(overview.dashboard.json());
}

fn delivered(platform: &TodoPlatform) -> BTreeMap<String, Value> {
    rendered(platform)
        .children
        .into_iter()
        .filter(|child| child.name.contains("-dashboard-"))
        .map(|child| (format!("{}/{}", child.kind.as_str(), child.name), child.object))
        .collect()
}

fn with(section: Value) -> TodoPlatform {
    platform(json!({"observability": {"dashboards": section}}))
}

#[test]
fn they_are_config_maps_that_the_sidecar_of_grafana_finds() {
    for spec in [json!({}), everything_external()] {
        let delivered = delivered(&platform(spec));
        assert_eq!(
            delivered.keys().collect::<Vec<_>>(),
            ["dapr", "events", "overview", "service", "slos", "stores"]
                .map(|name| format!("ConfigMap/todo-dashboard-{name}"))
                .iter()
                .collect::<Vec<_>>()
        );
        for (name, map) in delivered {
            assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1", "{name}");
            assert!(map["metadata"]["annotations"].is_null(), "{name}");
            let data = map["data"].as_object().unwrap();
            assert_eq!(data.len(), 1, "{name}");
            let (file, text) = data.iter().next().unwrap();
            let dashboard: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            assert_eq!(*file, format!("{}.json", dashboard["uid"].as_str().unwrap()));
            // A ConfigMap takes 1 MiB.
            assert!(text.as_str().unwrap().len() < 256 * 1024, "{name}");
        }
    }
}

#[test]
fn labels_and_annotations_are_the_users_and_ours_stay() {
    let delivered = delivered(&with(json!({
        "labels": {"dashboards": "yes", "app.kubernetes.io/managed-by": "somebody"},
        "annotations": {"grafana_folder": "Todo"},
    })));
    assert_eq!(delivered.len(), 6);
    for map in delivered.values() {
        let labels = &map["metadata"]["labels"];
        assert!(labels["grafana_dashboard"].is_null() && labels["dashboards"] == "yes");
        assert_eq!(labels["app.kubernetes.io/managed-by"], "todoplatform-operator");
        assert_eq!(map["metadata"]["annotations"], json!({"grafana_folder": "Todo"}));
    }
}

#[test]
fn unasked_they_are_made_where_the_prometheus_operator_is() {
    let made = |spec: Value, is_served: bool| {
        let platform = platform(spec);
        let mut facts = Facts::assumed(&platform);
        if !is_served {
            facts.optional_kinds.retain(|kind| !kind.is_monitoring());
        }
        let validated = validate(&platform, &facts, &defaults()).unwrap();
        let children = build(&validated, &facts).children;
        children
            .iter()
            .filter(|child| child.name.contains("-dashboard-"))
            .count()
    };
    let dashboards = |enabled: bool| json!({"observability": {"dashboards": {"enabled": enabled}}});
    let unwatched = json!({"observability": {"monitoring": {"enabled": false}}});
    let asked = json!({"observability": {"monitoring": {"enabled": false}, "dashboards": {"enabled": true}}});
    for (spec, is_served, count) in [
        (json!({}), true, 6),
        (json!({}), false, 0),
        (unwatched.clone(), true, 0),
        (dashboards(true), false, 6),
        (dashboards(false), true, 0),
        (asked, true, 6),
    ] {
        assert_eq!(made(spec.clone(), is_served), count, "{spec} {is_served}");
    }
}

#[test]
fn the_grafana_operator_gets_objects_of_its_own() {
    let section = json!({"delivery": "GrafanaOperator", "grafanaOperator": {
        "instanceSelector": {"grafana": "main"}, "folder": "Todo", "resyncPeriodSeconds": 3600,
        "allowCrossNamespaceImport": true,
    }});
    let delivered = delivered(&with(section.clone()));
    assert_eq!(delivered.len(), 6);
    for (name, dashboard) in &delivered {
        assert!(name.starts_with("GrafanaDashboard/todo-dashboard-"), "{name}");
        let mut spec = dashboard["spec"].clone();
        let text = spec.as_object_mut().unwrap().remove("json").unwrap();
        assert_eq!(
            spec,
            json!({
                "instanceSelector": {"matchLabels": {"grafana": "main"}}, "folder": "Todo", "resyncPeriod": "1h0m0s",
                "allowCrossNamespaceImport": true,
            })
        );
        assert!(text.as_str().unwrap().starts_with('{'));
        assert!(
            dashboard["metadata"]["labels"]["grafana_dashboard"].is_null(),
            "no sidecar is to take it too"
        );
    }
    // Neither can be changed in an object: another choice is another object.
    let mut other = section;
    other["grafanaOperator"]["instanceSelector"] = json!({"grafana": "other"});
    let others = self::delivered(&with(other));
    assert!(others.keys().all(|name| !delivered.contains_key(name)));
}

#[test]
fn what_the_grafana_operator_takes_unasked_can_be_shown_by_one_in_the_same_namespace() {
    let delivered = delivered(&with(json!({"delivery": "GrafanaOperator"})));
    let spec = &delivered.values().next().unwrap()["spec"];
    assert_eq!(
        spec["instanceSelector"],
        json!({"matchLabels": {"dashboards": "grafana"}})
    );
    assert_eq!(spec["resyncPeriod"], "10m0s");
    // As Go leaves out what is false: there it would be a difference for ever.
    assert!(spec.get("allowCrossNamespaceImport").is_none() && spec.get("folder").is_none());
}

#[test]
fn where_the_grafana_operator_is_not_the_platform_says_that_nothing_is_shown() {
    for (section, is_degraded) in [(json!({"delivery": "GrafanaOperator"}), true), (json!({}), false)] {
        let platform = with(section);
        let mut facts = Facts::assumed(&platform);
        facts.optional_kinds.remove(&ChildKind::GrafanaDashboard);
        let validated = validate(&platform, &facts, &defaults()).unwrap();
        let said: Vec<_> = degradations(&validated, &facts)
            .iter()
            .map(|it| it.reason)
            .collect();
        assert_eq!(said == [GRAFANA_DASHBOARD_MISSING], is_degraded, "{said:?}");
        let skipped = build(&validated, &facts).skipped;
        assert_eq!(skipped.contains(&ChildKind::GrafanaDashboard), is_degraded);
    }
}

#[test]
fn no_dashboard_restarts_a_pod() {
    let without = hashes(&rendered(&with(json!({"enabled": false}))));
    assert_eq!(hashes(&rendered(&with(json!({})))), without);
    assert_eq!(
        hashes(&rendered(&with(json!({"delivery": "GrafanaOperator"})))),
        without
    );
}

#[test]
fn a_dashboard_belongs_to_the_whole_platform() {
    let resources = rendered(&platform(json!({})));
    let overview = object(&resources, ChildKind::ConfigMap, "todo-dashboard-overview");
    assert!(overview["metadata"]["labels"]["app.kubernetes.io/component"].is_null());
    assert!(objects(&resources, ChildKind::GrafanaDashboard).is_empty());
}
