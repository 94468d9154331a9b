//! `spec.database`: the PostgreSQL behind task, notification and analytics.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EmbeddedStore, SecretKeyRef};
use crate::rules;

/// The PostgreSQL behind task, notification and analytics.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = rules::DATABASE_ONE_OF.rule(),
    validation = rules::DATABASE_REPLICA_OF.rule()
)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// A PostgreSQL that the platform runs. Exactly one of `embedded`, `external` and `cloudNativePG` is set. Default of development: this one; refused by production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedStore>,
    /// A PostgreSQL of your own. Exactly one of `embedded`, `external` and `cloudNativePG` is set. Default of development: none; production needs this one or `cloudNativePG`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalDatabase>,
    /// A cluster of the CloudNativePG operator in the platform's namespace. Exactly one of `embedded`, `external` and `cloudNativePG` is set. Default of development: none; production needs this one or `external`.
    #[serde(default, rename = "cloudNativePG", skip_serializing_if = "Option::is_none")]
    pub cloud_native_pg: Option<CloudNativePg>,
    /// A read replica, from which the analytics service reads its counts; while it does not answer they are read from the database itself. `{}` means the read-only Service of the cluster in `cloudNativePG`. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_replica: Option<ReadReplica>,
}

/// A PostgreSQL of your own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = rules::DATABASE_URL_FOR_ALL.rule(),
    validation = rules::DATABASE_URL_OR_HOST.rule(),
    validation = rules::DATABASE_PARTS_NEED_HOST.rule(),
    validation = rules::DATABASE_HOST_LOGIN.rule()
)]
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
    /// The server's host name or address, instead of connection URLs. A name without dots is a Service in the platform's namespace. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$")
    )]
    pub host: Option<String>,
    /// The server's port. Default of both profiles: 5432.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// The database that all services share, each in a schema named after it; with `admin` the one to which the administrator logs in. Default of both profiles: `todo`; with `admin` `postgres`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]*$"))]
    pub database: Option<String>,
    /// The key of a Secret with the name of the user whom all services log in as; together with `passwordSecretKeyRef`. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with that user's password; together with `usernameSecretKeyRef`. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
    /// An administrator, with whose login a Job makes a role and a database for each service, each with rights to its own alone. The services log in with generated passwords. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<DatabaseAdmin>,
    /// How the connection is encrypted and the server verified. Default of development: `verify-full` with `caSecretKeyRef`, else `prefer`; of production: `verify-full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_mode: Option<SslMode>,
    /// The key of a Secret with the certificate (PEM) of the authority that signed the server's. Default of both profiles: the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_key_ref: Option<SecretKeyRef>,
    /// Settings of the server for each session of a service (`statement_timeout`). Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub options: Vec<SessionOption>,
}

/// The login of an administrator who may make roles and databases.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::DATABASE_ADMIN_LOGIN.rule())]
#[serde(rename_all = "camelCase")]
pub struct DatabaseAdmin {
    /// The key of a Secret with the administrator's connection URL, which may lead past a pooler that `host` names. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the administrator's name, for a login at `host`; together with `passwordSecretKeyRef`. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the administrator's password; together with `usernameSecretKeyRef`. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
}

/// How a connection to PostgreSQL is encrypted and the server verified.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// In clear.
    Disable,
    /// Encrypted where the server offers it.
    Prefer,
    /// Encrypted, whoever the server is.
    Require,
    /// Encrypted, with a certificate of the authority.
    VerifyCa,
    /// Encrypted, with a certificate of the authority for this host.
    VerifyFull,
}

impl SslMode {
    /// The value as PostgreSQL writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// One setting of the server for each session.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SessionOption {
    /// Name of the setting (`statement_timeout`). Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z_][a-z0-9_.]*$"))]
    pub name: String,
    /// Its value (`5s`). Required.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[-+A-Za-z0-9_.:/]+$"))]
    pub value: String,
}

/// A cluster of the CloudNativePG operator.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::CNPG_SHARED_DATABASE.rule())]
#[serde(rename_all = "camelCase")]
pub struct CloudNativePg {
    /// The Cluster (`postgresql.cnpg.io/v1`), in the namespace of the TodoPlatform. Required.
    pub cluster_ref: ClusterName,
    /// The database that all services share, each in a schema named after it. Default of both profiles: the cluster's application database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]*$"))]
    pub database: Option<String>,
    /// Who the services log in as: `Shared` means all as the cluster's application user; `PerService` each as a role of its own with a database of its own, which a Job makes as the cluster's superuser (`enableSuperuserAccess` of the Cluster must be true). Default of both profiles: `Shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<DatabaseRoles>,
    /// The key of a Secret with the certificate (PEM) of the authority that signed the cluster's. Default of both profiles: key `ca.crt` of the Secret `<cluster>-ca`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_key_ref: Option<SecretKeyRef>,
}

/// A CloudNativePG Cluster by name.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ClusterName {
    /// Name of the Cluster. Required.
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
}

/// Who the services log in as.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum DatabaseRoles {
    /// All as one user, each in a schema of its own.
    #[default]
    Shared,
    /// Each as a role of its own, in a database of its own.
    PerService,
}

/// A read replica of the database.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::DATABASE_REPLICA_PLACE.rule())]
#[serde(rename_all = "camelCase")]
pub struct ReadReplica {
    /// The key of a Secret with the replica's connection URL for the analytics service. No default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_secret_key_ref: Option<SecretKeyRef>,
    /// The replica's host name or address; the login and all else are those of the database. Default of both profiles: with `cloudNativePG` the Service `<cluster>-ro`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$")
    )]
    pub host: Option<String>,
    /// The replica's port. Default of both profiles: 5432.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
}
