//! Who is told of alerts: routes, receivers, silence.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]
#![expect(clippy::needless_pass_by_value, reason = "a spec is written where it is used")]

mod common;

use common::{defaults, hashes, object, platform, rendered, validated};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    ALERTMANAGER_CONFIG_MISSING, ChildKind, Facts, MISSING_SECRET, MISSING_SECRET_KEY, build, degradations,
    validate,
};

fn key(key: &str) -> Value {
    json!({"name": "alerting", "key": key})
}

fn everything() -> Value {
    json!({
        "receivers": [
            {"name": "chat", "slack": {"channel": "#todo", "apiUrlSecretKeyRef": key("slack")}},
            {"name": "pager", "pagerDuty": {"routingKeySecretKeyRef": key("pager")}},
            {"name": "mail", "severities": ["warning"], "sendResolved": false, "email": {
                "to": "ops@example.com", "from": "todo@example.com", "smarthost": "mail.example.com:587",
                "username": "todo", "passwordSecretKeyRef": key("mail"),
            }},
            {"name": "hook", "webhook": {"urlSecretKeyRef": key("hook")}},
        ],
        "maintenance": [
            {"name": "sunday", "weekdays": ["sunday"], "times": [{"start": "02:00", "end": "04:00"}]},
            {"name": "first-week-of-january", "months": ["january"], "daysOfMonth": [{"first": 1, "last": 7}]},
        ],
    })
}

fn told(routing: Value) -> TodoPlatform {
    platform(
        json!({"observability": {"routing": routing, "monitoring": {"labels": {"release": "prometheus"}}}}),
    )
}

fn config(platform: &TodoPlatform) -> Value {
    object(&rendered(platform), ChildKind::AlertmanagerConfig, "todo").clone()
}

fn chat_alone(more: Value) -> Value {
    let mut routing = json!({"receivers": [{"name": "chat", "webhook": {"urlSecretKeyRef": key("hook")}}]});
    routing
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    routing
}

#[test]
fn everything_that_can_be_told() {
    insta::assert_snapshot!(serde_yaml::to_string(&config(&told(everything()))).unwrap());
}

#[test]
fn nobody_is_told_where_nobody_is_named_or_nothing_is_watched() {
    for spec in [
        json!({}),
        json!({"observability": {"routing": everything(), "monitoring": {"enabled": false}}}),
    ] {
        let resources = rendered(&platform(spec));
        assert!(
            resources
                .children
                .iter()
                .all(|child| child.kind != ChildKind::AlertmanagerConfig)
        );
    }
}

#[test]
fn severities_are_those_of_the_way_unless_they_are_said() {
    let object = config(&told(everything()));
    let routes: Vec<(&str, &str)> = object["spec"]["route"]["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| {
            assert_eq!(route["continue"], true, "everybody is asked: {route}");
            let severity = route["matchers"][0]["value"].as_str().unwrap();
            (route["receiver"].as_str().unwrap(), severity)
        })
        .collect();
    assert_eq!(
        routes,
        [
            ("chat", "critical|warning"),
            ("pager", "critical"),
            ("mail", "warning"),
            ("hook", "critical|warning"),
        ]
    );
}

#[test]
fn only_alerts_of_the_platform_come_in() {
    let object = config(&told(everything()));
    let of_platform = json!([
        {"name": "namespace", "matchType": "=", "value": "team"},
        {"name": "platform", "matchType": "=", "value": "todo"},
    ]);
    assert_eq!(object["spec"]["route"]["matchers"], of_platform);
    for rule in object["spec"]["inhibitRules"].as_array().unwrap() {
        for side in ["sourceMatch", "targetMatch"] {
            let matchers = rule[side].as_array().unwrap();
            assert_eq!(json!(matchers[..2]), of_platform, "{rule}");
        }
        for label in ["namespace", "platform"] {
            assert!(
                rule["equal"].as_array().unwrap().contains(&json!(label)),
                "{rule}"
            );
        }
    }
}

#[test]
fn intervals_are_never_zero_and_can_be_set() {
    let intervals = |object: &Value| {
        ["groupWait", "groupInterval", "repeatInterval"]
            .map(|field| object["spec"]["route"][field].as_str().unwrap().to_owned())
    };
    assert_eq!(intervals(&config(&told(everything()))), ["30s", "300s", "14400s"]);
    let set = json!({"groupWaitSeconds": 1, "groupIntervalSeconds": 2, "repeatIntervalSeconds": 60, "groupBy": ["topic"]});
    let object = config(&told(chat_alone(set)));
    assert_eq!(intervals(&object), ["1s", "2s", "60s"]);
    assert_eq!(object["spec"]["route"]["groupBy"], json!(["topic"]));
}

#[test]
fn a_maintenance_mutes_every_route() {
    let object = config(&told(everything()));
    for route in object["spec"]["route"]["routes"].as_array().unwrap() {
        // A route does not take over what the one above it names.
        assert_eq!(
            route["muteTimeIntervals"],
            json!(["sunday", "first-week-of-january"]),
            "{route}"
        );
    }
    assert_eq!(
        object["spec"]["muteTimeIntervals"][0],
        json!({"name": "sunday", "timeIntervals": [{
            "weekdays": ["sunday"], "times": [{"startTime": "02:00", "endTime": "04:00"}],
        }]})
    );
}

#[test]
fn a_hibernated_platform_tells_nobody() {
    let mut platform = told(everything());
    platform.spec.hibernated = Some(true);
    let object = config(&platform);
    assert!(object["spec"]["route"]["routes"].is_null(), "{object}");
    assert_eq!(object["spec"]["route"]["receiver"], "todo.nobody");
    let awake = config(&told(everything()));
    assert_eq!(object["spec"]["receivers"], awake["spec"]["receivers"]);
}

#[test]
fn a_paused_platform_is_silenced_by_an_alert_since_nothing_of_it_is_written() {
    let sources = |routing: Value| -> Vec<String> {
        config(&told(routing))["spec"]["inhibitRules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["sourceMatch"][2]["value"].as_str().unwrap().to_owned())
            .collect()
    };
    let always = ["critical", "TodoPostgresDown|TodoRedisDown"];
    assert_eq!(
        sources(chat_alone(json!({}))),
        [always.as_slice(), &["TodoPlatformPaused"]].concat()
    );
    assert_eq!(sources(chat_alone(json!({"muteWhilePaused": false}))), always);
}

#[test]
fn the_alert_that_silences_is_one_of_the_operators_chart() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../charts/todoplatform-operator/files/alerts.yaml"
    );
    let alerts = std::fs::read_to_string(path).unwrap();
    assert!(alerts.contains("- alert: TodoPlatformPaused\n"));
}

#[test]
fn a_missing_credential_is_named_with_its_field() {
    let platform = told(everything());
    let complete = Facts::assumed(&platform);
    for (gone, path) in [
        (
            "slack",
            "spec.observability.routing.receivers[0].slack.apiUrlSecretKeyRef",
        ),
        (
            "pager",
            "spec.observability.routing.receivers[1].pagerDuty.routingKeySecretKeyRef",
        ),
        (
            "mail",
            "spec.observability.routing.receivers[2].email.passwordSecretKeyRef",
        ),
        (
            "hook",
            "spec.observability.routing.receivers[3].webhook.urlSecretKeyRef",
        ),
    ] {
        let mut facts = complete.clone();
        facts.secrets.get_mut("alerting").unwrap().keys.remove(gone);
        let invalid = validate(&platform, &facts, &defaults()).unwrap_err();
        let found: Vec<_> = invalid
            .violations
            .iter()
            .map(|violation| (violation.field_path.as_str(), violation.reason))
            .collect();
        assert_eq!(found, [(path, MISSING_SECRET_KEY)]);
    }
    let mut facts = complete.clone();
    facts.secrets.remove("alerting");
    let invalid = validate(&platform, &facts, &defaults()).unwrap_err();
    assert_eq!(invalid.violations.len(), 4);
    assert!(invalid.violations.iter().all(|it| it.reason == MISSING_SECRET));
}

#[test]
fn where_the_kind_is_not_served_the_platform_says_that_nobody_is_told() {
    for is_degraded in [true, false] {
        let platform = if is_degraded {
            told(everything())
        } else {
            platform(json!({}))
        };
        let mut facts = Facts::assumed(&platform);
        assert_eq!(degradations(&validated(&platform), &facts), []);
        facts.optional_kinds.remove(&ChildKind::AlertmanagerConfig);
        let validated = validate(&platform, &facts, &defaults()).unwrap();
        let said: Vec<_> = degradations(&validated, &facts)
            .iter()
            .map(|it| it.reason)
            .collect();
        assert_eq!(said == [ALERTMANAGER_CONFIG_MISSING], is_degraded, "{said:?}");
        let skipped = build(&validated, &facts).skipped;
        assert_eq!(skipped.contains(&ChildKind::AlertmanagerConfig), is_degraded);
    }
}

#[test]
fn no_routing_and_no_credential_restarts_a_pod() {
    let without = hashes(&rendered(&platform(json!({}))));
    let platform = told(everything());
    assert_eq!(hashes(&rendered(&platform)), without);
    let mut facts = Facts::assumed(&platform);
    for value in facts.secrets.get_mut("alerting").unwrap().keys.values_mut() {
        "rotated".clone_into(value);
    }
    assert_eq!(hashes(&build(&validated(&platform), &facts)), without);
}
