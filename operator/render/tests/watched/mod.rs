//! Platforms that differ in how their stores and brokers say how they are.

use serde_json::json;
use todoplatform_kinds::monitoring::Rule;
use todoplatform_render::{
    ValidatedPlatform,
    observability::alerts::areas,
    validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics},
};

use crate::common::{everything_external, platform, validated};

/// Everything inside the cluster, everything scraped.
pub(crate) fn development() -> ValidatedPlatform {
    let mut platform = validated(&platform(json!({})));
    let monitoring = platform.monitoring.as_mut().unwrap();
    monitoring.database = DatabaseMetrics::Exporter;
    monitoring.cache = CacheMetrics::Exporter;
    monitoring.broker = BrokerMetrics::RedisStreams;
    platform
}

/// Stores and broker outside.
fn production(database: DatabaseMetrics, broker: BrokerMetrics) -> ValidatedPlatform {
    let mut spec = everything_external();
    // What is said of 12 objectives more says nothing new.
    spec["observability"]["slos"] = json!({"enabled": false});
    let mut platform = validated(&platform(spec));
    let monitoring = platform.monitoring.as_mut().unwrap();
    monitoring.database = database;
    monitoring.broker = broker;
    platform
}

/// One platform for each way in which something is known of stores and brokers, by a name.
pub(crate) fn variants() -> Vec<(&'static str, ValidatedPlatform)> {
    let at = |name: &str| (name.to_owned(), "data".to_owned());
    let (name, namespace) = at("pg");
    let cloud_native_pg = DatabaseMetrics::CloudNativePg { name, namespace };
    let (name, namespace) = at("kafka");
    let strimzi = BrokerMetrics::Strimzi { name, namespace };
    let (name, namespace) = at("redpanda");
    let redpanda = BrokerMetrics::Redpanda { name, namespace };
    vec![
        ("redis", development()),
        ("kafka", production(cloud_native_pg, BrokerMetrics::KafkaExporter)),
        ("strimzi", production(DatabaseMetrics::None, strimzi)),
        ("redpanda", production(DatabaseMetrics::None, redpanda)),
    ]
}

/// Every rule of a platform.
pub(crate) fn rules(platform: &ValidatedPlatform) -> Vec<Rule> {
    let groups = areas(platform).into_iter().flat_map(|area| area.groups);
    groups.flat_map(|group| group.rules).collect()
}
