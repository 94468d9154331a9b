//! Every dashboard, looked at: drawn in a browser with the answers of a Prometheus that remembers a scripted morning. No
//! cluster; the programs are named by `TODO_TEST_BROWSER`, `TODO_TEST_PROMETHEUS` and `TODO_TEST_PROMTOOL`.
//!
//! Where `TODO_TEST_PICTURES` names a folder, they are kept there as pictures.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod pictures {
    pub(crate) mod labels;
    pub(crate) mod levels;
    pub(crate) mod objectives;
    pub(crate) mod own;
    pub(crate) mod places;
    pub(crate) mod rates;
    pub(crate) mod seeded;
    pub(crate) mod story;
}

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use pictures::{labels, seeded::Prometheus, story};
use serde_json::json;
use todo_scenarios::{
    Result,
    browser::{self, View},
};
use todoplatform_api::TodoPlatform;
use todoplatform_operator::metrics::dashboard;
use todoplatform_render::{
    Facts, OperatorDefaults, ValidatedPlatform,
    observability::dashboards::of_platform,
    validate,
    validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics},
};

/// The sample that sets most about monitoring, as the platform `todo` in the namespace `todo`.
fn watched() -> ValidatedPlatform {
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../config/samples/observability.yaml"
    );
    let mut platform: TodoPlatform = serde_yaml::from_str(&fs::read_to_string(sample).unwrap()).unwrap();
    platform.metadata.name = Some("todo".into());
    platform.metadata.namespace = Some("todo".into());
    validate(
        &platform,
        &Facts::assumed(&platform),
        &OperatorDefaults::default(),
    )
    .unwrap()
}

fn with(database: DatabaseMetrics, broker: BrokerMetrics) -> ValidatedPlatform {
    let mut platform = watched();
    let monitoring = platform.monitoring.as_mut().unwrap();
    monitoring.database = database;
    monitoring.cache = CacheMetrics::Exporter;
    monitoring.broker = broker;
    platform
}

/// Every dashboard there is, by a name: those about Redis streams and a PostgreSQL first, then what differs with other
/// brokers and databases, then the operator's.
fn dashboards() -> BTreeMap<String, String> {
    let (name, namespace) = ("stores".to_owned(), "stores".to_owned());
    let cloud_native_pg = DatabaseMetrics::CloudNativePg {
        name: name.clone(),
        namespace: namespace.clone(),
    };
    let strimzi = BrokerMetrics::Strimzi {
        name: name.clone(),
        namespace: namespace.clone(),
    };
    let redpanda = BrokerMetrics::Redpanda { name, namespace };
    let variants = [
        ("", with(DatabaseMetrics::Exporter, BrokerMetrics::RedisStreams)),
        ("-kafka", with(cloud_native_pg, BrokerMetrics::KafkaExporter)),
        ("-strimzi", with(DatabaseMetrics::None, strimzi)),
        ("-redpanda", with(DatabaseMetrics::None, redpanda)),
    ];
    let mut dashboards = BTreeMap::from([("operator".to_owned(), dashboard::json())]);
    for (variant, platform) in variants {
        for named in of_platform(&platform) {
            let json = named.dashboard.json();
            if !dashboards.values().any(|known| *known == json) {
                dashboards.insert(format!("{}{variant}", named.name), json);
            }
        }
    }
    dashboards
}

#[tokio::test]
async fn every_question_of_every_dashboard_has_an_answer() -> Result<()> {
    let pictures = std::env::var("TODO_TEST_PICTURES").ok();
    let prometheus = Prometheus::start(&watched(), &labels::metrics()).await?;
    let view = View {
        // From when on rates are known.
        from: story::BEGIN + 300,
        to: story::BEGIN + story::LENGTH,
        scrape: Duration::from_secs(story::SCRAPE.unsigned_abs()),
        variables: BTreeMap::new(),
    };
    let mut found = Vec::new();
    let dashboards = dashboards();
    for (name, dashboard) in &dashboards {
        let summary = match &pictures {
            Some(folder) => {
                let file = Path::new(folder).join(format!("{name}.png"));
                browser::picture(dashboard, &prometheus.url, &view, &file).await?
            }
            None => browser::look(dashboard, &prometheus.url, &view).await?,
        };
        found.extend(
            summary
                .every_question_has_an_answer()
                .err()
                .map(|e| e.to_string()),
        );
    }
    assert!(dashboards.len() > 9, "{:?}", dashboards.keys());
    assert!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

/// An empty dashboard does not pass for a full one.
#[tokio::test]
async fn a_panel_without_data_is_named_with_what_it_asked() -> Result<()> {
    let up: Vec<_> = labels::metrics()
        .into_iter()
        .filter(|metric| metric.name == "up")
        .collect();
    let prometheus = Prometheus::start(&watched(), &up).await?;
    let panel = |title: &str, y: u32, expr: &str| {
        json!({
            "type": "stat", "title": title, "gridPos": {"x": 0, "y": y, "w": 4, "h": 4},
            "targets": [{"refId": "A", "expr": expr, "instant": true, "legendFormat": "one"}],
            "fieldConfig": {"defaults": {"unit": "short", "custom": {}}},
        })
    };
    let panels = [
        panel("Full", 0, "up{namespace=\"$namespace\"}"),
        panel("Empty", 4, "down{namespace=\"$namespace\"}"),
        panel("Wrong", 8, "up{"),
    ];
    let chosen =
        json!({"name": "namespace", "label": "Namespace", "type": "query", "current": {"value": "other"}});
    let dashboard = json!({"title": "Three", "panels": panels, "templating": {"list": [chosen]}}).to_string();
    let view = View {
        from: story::BEGIN,
        to: story::BEGIN + story::LENGTH,
        scrape: Duration::from_secs(30),
        variables: BTreeMap::new(),
    }
    .choose("namespace", "todo");
    let error = browser::look(&dashboard, &prometheus.url, &view)
        .await?
        .every_panel_shows_something(&[])
        .unwrap_err()
        .to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines[..2],
        ["Three:", "  Empty: no data: down{namespace=\"$namespace\"}"]
    );
    assert!(
        lines[2].starts_with("  Wrong: ") && lines[2].contains("parse error"),
        "{error}"
    );
    assert_eq!(lines.len(), 3, "{error}");
    Ok(())
}

/// No metric is without a series, and no series is without a name for each of its labels.
#[test]
fn every_metric_of_the_catalogues_is_in_the_story() {
    let platform = watched();
    for metric in labels::metrics() {
        let series = labels::series(&metric, &platform);
        assert!(!series.is_empty(), "{}", metric.name);
        for labels in series {
            assert_eq!(labels.len(), metric.labels.len(), "{}", metric.name);
        }
    }
}
