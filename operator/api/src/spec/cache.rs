//! `spec.cache`: the Redis behind the gateway's rate limit and the scheduler's reminders.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{EmbeddedStore, SecretKeyRef};
use crate::rules;

/// The Redis behind the gateway's rate limit and the scheduler's reminders.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::CACHE_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct Cache {
    /// A Redis that the platform runs. Exactly one of `embedded` and `external` is set. Default of development: this one; refused by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedStore>,
    /// A Redis of your own. Exactly one of `embedded` and `external` is set. Default of development: none; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalCache>,
}

/// A Redis of your own: one server, the master that sentinels name, or a cluster.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = rules::CACHE_PLACE.rule(),
    validation = rules::CACHE_URL_ALONE.rule(),
    validation = rules::CACHE_PORT_NEEDS_HOST.rule(),
    validation = rules::CACHE_CLUSTER_DATABASE.rule(),
    validation = rules::CACHE_USERNAME.rule(),
    validation = rules::CACHE_CA_NEEDS_TLS.rule()
)]
#[serde(rename_all = "camelCase")]
pub struct ExternalCache {
    /// The key of a Secret with the connection URL (`redis://:password@host:6379/0`, `rediss://` for TLS). Exactly one of `urlSecretKeyRef`, `host`, `sentinel` and `cluster` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_secret_key_ref: Option<SecretKeyRef>,
    /// The server's host name or address. A name without dots is a Service in the platform's namespace. Exactly one of `urlSecretKeyRef`, `host`, `sentinel` and `cluster` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$")
    )]
    pub host: Option<String>,
    /// Sentinels, which say where the master is. Exactly one of `urlSecretKeyRef`, `host`, `sentinel` and `cluster` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentinel: Option<CacheSentinel>,
    /// A Redis cluster. Exactly one of `urlSecretKeyRef`, `host`, `sentinel` and `cluster` is set. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<CacheCluster>,
    /// The port of `host`. Default of both profiles: 6379.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// Number of the database; a cluster has one only. Default of both profiles: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1023))]
    pub database: Option<i32>,
    /// The key of a Secret with the user's name. Default of both profiles: Redis' own default user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the password. Default of both profiles: no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
    /// Whether the connections are encrypted, those to sentinels too. Default of both profiles: true with `caSecretKeyRef`, else false; a URL says it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_tls: Option<bool>,
    /// The key of a Secret with the certificate (PEM) of the authority that signed the server's. Default of both profiles: the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_key_ref: Option<SecretKeyRef>,
}

/// Sentinels, which say where the master is.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::CACHE_USERNAME.rule())]
#[serde(rename_all = "camelCase")]
pub struct CacheSentinel {
    /// The name by which the sentinels know the master. Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[-A-Za-z0-9._]+$"))]
    pub master_name: String,
    /// Hosts and ports of the sentinels (`sentinel-0.example:26379`). Required.
    #[schemars(
        length(min = 1, max = 16),
        inner(
            length(min = 1, max = 259),
            regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[0-9]{1,5}$")
        )
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub addresses: Vec<String>,
    /// The key of a Secret with the user's name at the sentinels. Default of both profiles: Redis' own default user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the sentinels' own password. Default of both profiles: no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
}

/// A Redis cluster.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CacheCluster {
    /// Hosts and ports of some of the nodes, from which the others are learnt (`redis-0.example:6379`). Required.
    #[schemars(
        length(min = 1, max = 16),
        inner(
            length(min = 1, max = 259),
            regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[0-9]{1,5}$")
        )
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub addresses: Vec<String>,
}
