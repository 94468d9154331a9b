//! `spec.cache`: the Redis behind the gateway's rate limit and the scheduler's reminders.

use kube::KubeSchema;
use schemars::JsonSchema;
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

/// A Redis of your own.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExternalCache {
    /// The key of a Secret with the connection URL (`redis://:password@host:6379/0`, `rediss://` for TLS). Required.
    pub url_secret_key_ref: SecretKeyRef,
    /// The key of a Secret with the certificate (PEM) of the authority that signed the server's. Default of both profiles: the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_key_ref: Option<SecretKeyRef>,
}
