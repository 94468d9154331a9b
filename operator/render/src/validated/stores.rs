//! The database and the cache.

use std::collections::BTreeMap;

use todoplatform_api::{SecretKeyRef, SessionOption, SslMode};

use super::ContainerResources;
use crate::image::ImageRef;

/// A store that the platform runs.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StoreSettings {
    /// Its image.
    pub image: ImageRef,
    /// Size of its volume.
    pub storage_size: String,
    /// Storage class of its volume; none means the cluster's default.
    pub storage_class_name: Option<String>,
    /// CPU and memory of its container.
    pub resources: ContainerResources,
}

/// A text, or where it is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Text {
    /// In clear.
    Clear(String),
    /// The Secret's key with it.
    Secret(SecretKeyRef),
}

/// Where the services' databases are.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSettings {
    /// How each application logs in that has a database, by its name.
    pub logins: BTreeMap<String, DatabaseLogin>,
    /// Where analytics reads.
    pub replica: Option<ReplicaSettings>,
    /// The Secret's key with the certificate of the server's authority.
    pub ca: Option<SecretKeyRef>,
    /// What makes the services' roles and databases.
    pub setup: Option<SetupSettings>,
}

/// How one logs in to a database.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum DatabaseLogin {
    /// The Secret's key with the URL.
    Url(SecretKeyRef),
    /// What a URL would say.
    Parts(Box<DatabaseParts>),
}

/// What a database's URL would say.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseParts {
    /// Host name or address of the server.
    pub host: String,
    /// Its port.
    pub port: i32,
    /// The database.
    pub database: Text,
    /// The user's name.
    pub username: Text,
    /// The Secret's key with the user's password.
    pub password: SecretKeyRef,
    /// How the connection is encrypted and the server verified.
    pub ssl_mode: SslMode,
    /// Settings of each session.
    pub options: Vec<SessionOption>,
}

/// A read replica.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ReplicaSettings {
    /// The Secret's key with its URL.
    Url(SecretKeyRef),
    /// A host with the login of the database itself.
    Host {
        /// Host name or address.
        host: String,
        /// Its port.
        port: i32,
    },
}

/// The Job that makes the services' roles and databases.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SetupSettings {
    /// The operator's own image.
    pub image: ImageRef,
    /// The administrator's login.
    pub admin: DatabaseLogin,
    /// Name of each application's role, and of its database.
    pub roles: BTreeMap<String, String>,
}

/// Where the cache is.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CacheSettings {
    /// How one logs in.
    pub login: CacheLogin,
    /// The Secret's key with the certificate of the server's authority.
    pub ca: Option<SecretKeyRef>,
}

/// How one logs in to Redis.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum CacheLogin {
    /// The Secret's key with the URL.
    Url(SecretKeyRef),
    /// Servers, sentinels or nodes of a cluster.
    Servers(Box<CacheServers>),
}

/// What a Redis URL would say, and what it cannot.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CacheServers {
    /// What the addresses are of.
    pub mode: CacheMode,
    /// Hosts and ports.
    pub addresses: Vec<String>,
    /// Number of the database.
    pub database: i32,
    /// The Secret's key with the user's name.
    pub username: Option<SecretKeyRef>,
    /// The Secret's key with the password.
    pub password: Option<SecretKeyRef>,
    /// Whether the connections are encrypted.
    pub tls: bool,
}

/// What the addresses of Redis are of.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum CacheMode {
    /// One server.
    Server,
    /// Sentinels.
    Sentinel {
        /// The name by which they know the master.
        master: String,
        /// The Secret's key with the user's name at the sentinels.
        username: Option<SecretKeyRef>,
        /// The Secret's key with their password.
        password: Option<SecretKeyRef>,
    },
    /// Nodes of a cluster.
    Cluster,
}
