//! What to ask whether a store answers, where no URL says it all.

use todoplatform_api::SslMode;

use super::SecretReference;

/// A PostgreSQL by its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresTarget {
    /// Host name or address.
    pub host: String,
    /// Its port.
    pub port: i32,
    /// The database to log in to.
    pub database: String,
    /// Where the user's name is.
    pub username: SecretReference,
    /// Where the user's password is.
    pub password: SecretReference,
    /// How the connection is encrypted and the server verified.
    pub ssl_mode: SslMode,
    /// Where the certificate of its authority is.
    pub ca: Option<SecretReference>,
}

/// Redis by the addresses of servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisTarget {
    /// What the addresses are of.
    pub mode: RedisMode,
    /// Hosts and ports.
    pub addresses: Vec<String>,
    /// Number of the database.
    pub database: i32,
    /// Where the user's name is.
    pub username: Option<SecretReference>,
    /// Where the password is.
    pub password: Option<SecretReference>,
    /// Whether the connections are encrypted.
    pub tls: bool,
    /// Where the certificate of their authority is.
    pub ca: Option<SecretReference>,
}

/// What the addresses are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisMode {
    /// One server.
    Server,
    /// Sentinels.
    Sentinel {
        /// The name by which they know the master.
        master: String,
        /// Where the user's name at the sentinels is.
        username: Option<SecretReference>,
        /// Where their password is.
        password: Option<SecretReference>,
    },
    /// Nodes of a cluster.
    Cluster,
}
