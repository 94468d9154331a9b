//! What platforms are watched by: of metrics that there are, about what runs, with labels by which it is routed.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;
mod promql;
mod watched;

use std::collections::{BTreeMap, BTreeSet};

use common::{defaults, everything_external, platform, validated};
use serde_json::{Value, json};
use todoplatform_kinds::monitoring::Rule;
use todoplatform_render::{
    Facts, ValidatedPlatform,
    observability::alerts::{ALERTS, areas},
    validate,
    validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics},
};
use watched::{development, rules, variants};

fn alerts(platform: &ValidatedPlatform) -> Vec<Rule> {
    rules(platform)
        .into_iter()
        .filter(|rule| rule.alert.is_some())
        .collect()
}

fn names(platform: &ValidatedPlatform) -> BTreeSet<String> {
    alerts(platform)
        .into_iter()
        .filter_map(|rule| rule.alert)
        .collect()
}

/// The development platform with these fields, everything scraped.
fn with(spec: Value) -> ValidatedPlatform {
    let mut platform = validated(&platform(spec));
    let monitoring = platform.monitoring.as_mut().unwrap();
    monitoring.database = DatabaseMetrics::Exporter;
    monitoring.cache = CacheMetrics::Exporter;
    monitoring.broker = BrokerMetrics::RedisStreams;
    platform
}

#[test]
fn every_expression_can_hold() {
    let mut checked = 0;
    for (variant, platform) in variants() {
        for rule in rules(&platform) {
            let problems = promql::problems(&rule.expr);
            assert_eq!(problems, [""; 0], "{variant}: {}", rule.expr);
            checked += 1;
        }
    }
    assert!(checked > 300, "only {checked} rules");
}

#[test]
fn every_alert_says_whose_it_is_and_what_to_do() {
    for (variant, platform) in variants() {
        for alert in alerts(&platform) {
            let name = alert.alert.unwrap();
            assert_eq!(alert.labels["namespace"], "team", "{variant}: {name}");
            assert_eq!(alert.labels["platform"], "todo", "{variant}: {name}");
            assert!(["critical", "warning"].contains(&alert.labels["severity"].as_str()));
            assert!(!alert.labels["family"].is_empty());
            for annotation in ["summary", "description", "runbook_url", "dashboard_uid"] {
                assert!(
                    !alert.annotations[annotation].is_empty(),
                    "{name} lacks {annotation}"
                );
            }
            assert!(alert.annotations["dashboard_uid"].len() <= 40);
        }
    }
}

#[test]
fn nothing_is_left_to_be_filled_in() {
    for (variant, platform) in variants() {
        for rule in rules(&platform) {
            let texts = rule.annotations.values().chain([&rule.expr]);
            for text in texts {
                let open = text
                    .match_indices('<')
                    .any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_lowercase()));
                assert!(!open, "{variant}: {text}");
                assert!(
                    !text.contains("=\"\"") || text.contains("container!=\"\""),
                    "{variant}: {text}"
                );
            }
        }
    }
}

#[test]
fn every_alert_of_the_catalogue_is_made_for_some_platform() {
    let made: BTreeSet<String> = variants()
        .iter()
        .flat_map(|(_, platform)| names(platform))
        .collect();
    let known: BTreeSet<String> = ALERTS
        .iter()
        .flat_map(|area| *area)
        .map(|alert| alert.name.to_owned())
        .collect();
    assert_eq!(made, known);
}

#[test]
fn objects_and_groups_are_named_after_the_platform() {
    let mut seen = BTreeSet::new();
    for area in areas(&development()) {
        for group in area.groups {
            assert!(group.name.starts_with("todo."), "{}", group.name);
            assert!(seen.insert(group.name.clone()), "{} stands twice", group.name);
        }
    }
    let expected = [
        "availability",
        "broker",
        "dapr",
        "data",
        "slo",
        "slo.long",
        "workloads",
    ];
    assert_eq!(Vec::from_iter(seen), expected.map(|area| format!("todo.{area}")));
}

#[test]
fn the_same_platform_gives_the_same_bytes() {
    let text = || serde_json::to_string(&rules(&development())).unwrap();
    assert_eq!(text(), text());
}

/// Whether any rule speaks of the application.
fn speaks_of(platform: &ValidatedPlatform, app_id: &str) -> bool {
    rules(platform).iter().any(|rule| {
        let texts = rule
            .labels
            .values()
            .chain(rule.annotations.values())
            .chain([&rule.expr]);
        texts.into_iter().any(|text| text.contains(app_id))
    })
}

#[test]
fn what_is_stopped_on_purpose_is_not_watched() {
    assert!(speaks_of(&with(json!({})), "todo-notification"));
    for section in [
        json!({"enabled": false}),
        json!({"paused": true}),
        json!({"replicas": 0}),
    ] {
        let platform = with(json!({"services": {"notification": section}}));
        assert!(!speaks_of(&platform, "todo-notification"), "{section}");
        assert!(speaks_of(&platform, "todo-task"));
    }
    assert_eq!(rules(&with(json!({"hibernated": true}))), []);
    let silent = with(json!({"observability": {"alerting": {"enabled": false}}}));
    assert_eq!(rules(&silent), []);
    let unscraped = validated(&platform(
        json!({"observability": {"monitoring": {"enabled": false}}}),
    ));
    assert_eq!(rules(&unscraped), []);
}

#[test]
fn a_store_that_says_nothing_has_no_alerts_that_would_need_it() {
    let mut unscraped = validated(&platform(everything_external()));
    unscraped.monitoring.as_mut().unwrap().broker = BrokerMetrics::None;
    let names = names(&unscraped);
    for name in [
        "TodoPostgresDown",
        "TodoRedisDown",
        "TodoConsumerStuck",
        "TodoPostgresDisk",
    ] {
        assert!(!names.contains(name), "{name}");
    }
    for name in ["TodoOutboxStalled", "TodoConsumerBehind", "TodoTargetMissing"] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn an_app_of_the_users_own_is_watched_from_outside() {
    let platform = with(json!({"extraServices": [{
        "name": "audit", "image": "registry.example/audit:1", "port": 8080,
        "consumes": [{"topic": "task.created"}],
    }]}));
    let group = rules(&platform)
        .into_iter()
        .filter(|rule| rule.alert.as_deref() == Some("TodoConsumerStuck"))
        .find(|rule| rule.expr.contains(r"team\\.todo-audit"));
    assert!(group.is_some());
    let objectives: BTreeSet<String> = rules(&platform)
        .into_iter()
        .filter_map(|mut rule| rule.labels.remove("slo"))
        .collect();
    assert!(!objectives.contains("audit-availability"), "{objectives:?}");
}

#[test]
fn alerts_differ_where_the_spec_says_so() {
    let platform = with(json!({"observability": {"alerting": {
        "labels": {"team": "todo"},
        "runbookUrl": "https://wiki.example/runbooks",
        "overrides": [
            {"name": "TodoOutboxStalled", "severity": "warning", "for": "30s", "threshold": "120", "labels": {"team": "events"}},
            {"name": "TodoJobsFailing", "enabled": false},
            {"name": "TodoRedisEvicting", "for": "0s"},
        ],
    }}}));
    let alerts = alerts(&platform);
    let find = |name: &str| alerts.iter().find(|rule| rule.alert.as_deref() == Some(name));
    let stalled = find("TodoOutboxStalled").unwrap();
    assert!(stalled.expr.ends_with("> 120"), "{}", stalled.expr);
    assert_eq!(stalled.for_.as_deref(), Some("30s"));
    assert_eq!(stalled.labels["severity"], "warning");
    assert_eq!(stalled.labels["team"], "events");
    assert_eq!(
        stalled.annotations["runbook_url"],
        "https://wiki.example/runbooks/todo-outbox-stalled.md"
    );
    assert_eq!(find("TodoTargetDown").unwrap().labels["team"], "todo");
    assert_eq!(find("TodoJobsFailing"), None);
    assert_eq!(find("TodoRedisEvicting").unwrap().for_, None);
}

#[test]
fn objectives_differ_where_the_spec_says_so() {
    let platform = with(json!({"observability": {"slos": {"objectives": [
        {"name": "gateway-availability", "objective": "99.95", "minimumPerHour": 100},
        {"name": "task-latency", "thresholdMilliseconds": 1000},
        {"name": "reminders", "enabled": false},
    ]}}}));
    let of = |slo: &str| -> BTreeMap<String, String> {
        rules(&platform)
            .into_iter()
            .filter(|rule| rule.labels.get("slo").is_some_and(|own| own == slo))
            .map(|rule| {
                let window = rule.labels.get("window").map(|window| format!(" {window}"));
                let name = rule.record.or(rule.alert).unwrap();
                (name + &window.unwrap_or_default(), rule.expr)
            })
            .collect()
    };
    let gateway = of("gateway-availability");
    assert_eq!(gateway["todo:slo_objective:ratio"], "vector(0.9995)");
    assert!(gateway["TodoSloBurnFast 1h"].contains("> 0.0072 and"));
    assert!(gateway["TodoSloBurnFast 1h"].ends_with("* 3600 > 100"));
    assert!(of("task-latency")["todo:sli_error:ratio_rate5m"].contains(r#"le=~"1(\\.0)?""#));
    assert!(of("notification-latency")["todo:sli_error:ratio_rate5m"].contains(r#"le="0.3""#));
    assert_eq!(of("reminders"), BTreeMap::new());
    assert_eq!(of("event-delivery").len(), 18);
    let none = with(json!({"observability": {"slos": {"enabled": false}}}));
    assert!(rules(&none).iter().all(|rule| !rule.labels.contains_key("slo")));
}

#[test]
fn what_nobody_knows_is_refused_with_what_was_meant() {
    let cases = [
        (
            json!({"alerting": {"overrides": [{"name": "TodoOutboxStuck"}]}}),
            "spec.observability.alerting.overrides[0].name",
            "there is no alert `TodoOutboxStuck`",
            "TodoOutboxStalled",
        ),
        (
            json!({"alerting": {"overrides": [{"name": "TodoJobsFailing", "threshold": "3"}]}}),
            "spec.observability.alerting.overrides[0].threshold",
            "TodoJobsFailing compares with no number",
            "Remove",
        ),
        (
            json!({"alerting": {"labels": {"severity": "page"}}}),
            "spec.observability.alerting.labels.severity",
            "label severity says what an alert is about",
            "another name",
        ),
        (
            json!({"alerting": {"overrides": [{"name": "TodoJobsFailing", "labels": {"example.com/team": "a"}}]}}),
            "spec.observability.alerting.overrides[0].labels.example.com/team",
            "example.com/team is no label of Prometheus",
            "`team`",
        ),
        (
            json!({"slos": {"objectives": [{"name": "gateway-latencies"}]}}),
            "spec.observability.slos.objectives[0].name",
            "there is no objective `gateway-latencies`",
            "gateway-latency",
        ),
        (
            json!({"slos": {"objectives": [{"name": "task-latency", "thresholdMilliseconds": 200}]}}),
            "spec.observability.slos.objectives[0].thresholdMilliseconds",
            "200 is no bound",
            "250, 300",
        ),
        (
            json!({"slos": {"objectives": [{"name": "task-availability", "thresholdMilliseconds": 300}]}}),
            "spec.observability.slos.objectives[0].thresholdMilliseconds",
            "task-availability times nothing",
            "Remove",
        ),
    ];
    for (observability, path, message, action) in cases {
        let resource = platform(json!({"observability": observability}));
        let invalid = validate(&resource, &Facts::assumed(&resource), &defaults()).unwrap_err();
        let found = invalid
            .violations
            .iter()
            .find(|violation| violation.field_path == path);
        let found = found.unwrap_or_else(|| unreachable!("{path}: {invalid}"));
        assert!(found.message.contains(message), "{}", found.message);
        assert!(found.next_action.contains(action), "{}", found.next_action);
    }
}

#[test]
fn goldens() {
    for (variant, platform) in variants() {
        let text = serde_yaml::to_string(
            &areas(&platform)
                .into_iter()
                .map(|area| area.groups)
                .collect::<Vec<_>>(),
        )
        .unwrap();
        insta::assert_snapshot!(variant, text);
    }
}
