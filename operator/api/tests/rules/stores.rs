//! Database, cache and broker.

use serde_json::{Value, json};
use todoplatform_api::rules::{self, CelRule};

use crate::{key, resource};

/// Each rule with a resource that breaks it alone, and the field that is named.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn broken() -> Vec<(CelRule, Value, &'static str)> {
    let kafka = |extra: &str, value: Value| {
        let mut broker = json!({"kafka": {"brokers": ["k:9092"]}});
        broker["kafka"][extra] = value;
        resource(json!({"broker": broker}))
    };
    let database = |section: Value| resource(json!({"database": section}));
    let cache = |external: Value| resource(json!({"cache": {"external": external}}));
    vec![
        (
            rules::DATABASE_ONE_OF,
            resource(json!({"database": {}})),
            "spec.database",
        ),
        (
            rules::DATABASE_ONE_OF,
            resource(json!({"database": {"embedded": {}, "external": {"urlSecretKeyRef": key()}}})),
            "spec.database",
        ),
        (
            rules::DATABASE_URL_FOR_ALL,
            resource(json!({"database": {"external": {"taskUrlSecretKeyRef": key()}}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_ONE_OF,
            database(
                json!({"external": {"urlSecretKeyRef": key()}, "cloudNativePG": {"clusterRef": {"name": "pg"}}}),
            ),
            "spec.database",
        ),
        (
            rules::DATABASE_REPLICA_OF,
            database(json!({"embedded": {}, "readReplica": {"urlSecretKeyRef": key()}})),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_REPLICA_OF,
            database(json!({"external": {"urlSecretKeyRef": key()}, "readReplica": {"host": "ro"}})),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_REPLICA_PLACE,
            database(json!({"cloudNativePG": {"clusterRef": {"name": "pg"}}, "readReplica": {"port": 5433}})),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_REPLICA_PLACE,
            database(
                json!({"external": {"urlSecretKeyRef": key()}, "readReplica": {"host": "ro", "urlSecretKeyRef": key()}}),
            ),
            "spec.database.readReplica",
        ),
        (
            rules::DATABASE_URL_OR_HOST,
            database(
                json!({"external": {"host": "db", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key(), "taskUrlSecretKeyRef": key()}}),
            ),
            "spec.database.external",
        ),
        (
            rules::DATABASE_PARTS_NEED_HOST,
            database(json!({"external": {"urlSecretKeyRef": key(), "sslMode": "require"}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_HOST_LOGIN,
            database(json!({"external": {"host": "db"}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_HOST_LOGIN,
            database(json!({"external": {"host": "db", "usernameSecretKeyRef": key()}})),
            "spec.database.external",
        ),
        (
            rules::DATABASE_HOST_LOGIN,
            database(
                json!({"external": {"host": "db", "usernameSecretKeyRef": key(), "passwordSecretKeyRef": key(), "admin": {"urlSecretKeyRef": key()}}}),
            ),
            "spec.database.external",
        ),
        (
            rules::DATABASE_ADMIN_LOGIN,
            database(json!({"external": {"host": "db", "admin": {}}})),
            "spec.database.external.admin",
        ),
        (
            rules::DATABASE_ADMIN_LOGIN,
            database(
                json!({"external": {"host": "db", "admin": {"urlSecretKeyRef": key(), "passwordSecretKeyRef": key()}}}),
            ),
            "spec.database.external.admin",
        ),
        (
            rules::CNPG_SHARED_DATABASE,
            database(
                json!({"cloudNativePG": {"clusterRef": {"name": "pg"}, "roles": "PerService", "database": "todo"}}),
            ),
            "spec.database.cloudNativePG",
        ),
        (rules::CACHE_PLACE, cache(json!({})), "spec.cache.external"),
        (
            rules::CACHE_PLACE,
            cache(json!({"host": "redis", "cluster": {"addresses": ["a:6379"]}})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_URL_ALONE,
            cache(json!({"urlSecretKeyRef": key(), "passwordSecretKeyRef": key()})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_PORT_NEEDS_HOST,
            cache(json!({"cluster": {"addresses": ["a:6379"]}, "port": 6379})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_CLUSTER_DATABASE,
            cache(json!({"cluster": {"addresses": ["a:6379"]}, "database": 1})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_USERNAME,
            cache(json!({"host": "redis", "usernameSecretKeyRef": key()})),
            "spec.cache.external",
        ),
        (
            rules::CACHE_USERNAME,
            cache(
                json!({"sentinel": {"masterName": "todo", "addresses": ["s:1"], "usernameSecretKeyRef": key()}}),
            ),
            "spec.cache.external.sentinel",
        ),
        (
            rules::CACHE_CA_NEEDS_TLS,
            cache(json!({"host": "redis", "caSecretKeyRef": key(), "enableTls": false})),
            "spec.cache.external",
        ),
        (rules::CACHE_ONE_OF, resource(json!({"cache": {}})), "spec.cache"),
        (
            rules::CACHE_ONE_OF,
            resource(json!({"cache": {"embedded": {}, "external": {"urlSecretKeyRef": key()}}})),
            "spec.cache",
        ),
        (
            rules::BROKER_ONE_OF,
            resource(json!({"broker": {}})),
            "spec.broker",
        ),
        (
            rules::BROKER_ONE_OF,
            resource(json!({"broker": {"redis": {"embedded": {}}, "kafka": {"brokers": ["k:9092"]}}})),
            "spec.broker",
        ),
        (
            rules::BROKER_ONE_OF,
            resource(
                json!({"broker": {"redpanda": {"brokers": ["r:9092"]}, "redpandaCluster": {"clusterRef": {"name": "r"}}}}),
            ),
            "spec.broker",
        ),
        (
            rules::TOPICS_NEED_KAFKA,
            resource(json!({"broker": {"topics": {"partitions": 3}}})),
            "spec.broker.topics",
        ),
        (
            rules::TOPICS_NEED_KAFKA,
            resource(json!({"broker": {"redis": {"embedded": {}}, "topics": {"manage": true}}})),
            "spec.broker.topics",
        ),
        (
            rules::KAFKA_TLS_NEEDS_CERTIFICATE,
            resource(json!({"broker": {"redpandaCluster": {"clusterRef": {"name": "r"}, "tls": {}}}})),
            "spec.broker.redpandaCluster.tls",
        ),
        (
            rules::BROKER_REDIS_ONE_OF,
            resource(json!({"broker": {"redis": {}}})),
            "spec.broker.redis",
        ),
        (
            rules::KAFKA_TLS_NEEDS_CERTIFICATE,
            kafka("tls", json!({})),
            "spec.broker.kafka.tls",
        ),
        (
            rules::KAFKA_CLIENT_CERTIFICATE,
            kafka("tls", json!({"clientCertSecretKeyRef": key()})),
            "spec.broker.kafka.tls",
        ),
    ]
}
