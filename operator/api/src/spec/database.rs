//! `spec.database`: the PostgreSQL behind task, notification and analytics.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{EmbeddedStore, SecretKeyRef};
use crate::rules;

/// The PostgreSQL behind task, notification and analytics.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::DATABASE_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// A PostgreSQL that the platform runs. Exactly one of `embedded` and `external` is set. Default of development: this one; refused by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedStore>,
    /// A PostgreSQL of your own. Exactly one of `embedded` and `external` is set. Default of development: none; required by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalDatabase>,
}

/// A PostgreSQL of your own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::DATABASE_URL_FOR_ALL.rule())]
#[serde(rename_all = "camelCase")]
pub struct ExternalDatabase {
    /// The key of a Secret with the connection URL (`postgres://user:password@host:5432/database`) of every service that has none of its own. Each service keeps to a schema named after it. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_secret_key_ref: Option<SecretKeyRef>,
    /// The task service's own connection URL. Default of both profiles: `urlSecretKeyRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_url_secret_key_ref: Option<SecretKeyRef>,
    /// The notification service's own connection URL. Default of both profiles: `urlSecretKeyRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_url_secret_key_ref: Option<SecretKeyRef>,
    /// The analytics service's own connection URL. Default of both profiles: `urlSecretKeyRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analytics_url_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the certificate (PEM) of the authority that signed the server's. Default of both profiles: the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_key_ref: Option<SecretKeyRef>,
}
