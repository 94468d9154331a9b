//! Where Redis is, as the environment says it.

use std::path::{Path, PathBuf};

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisResult, TlsCertificates, TlsMode,
};

use super::RedisError;
use crate::config::ConfigError;
use crate::{Environment, Secret};

/// Where Redis is.
#[derive(Debug, Clone)]
pub enum Address {
    /// One server.
    Server(Server),
    /// The master that sentinels name, whichever it is.
    Sentinels(Sentinels),
    /// A cluster.
    Cluster(Cluster),
}

/// One server.
#[derive(Debug, Clone)]
pub struct Server {
    place: Place,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone)]
enum Place {
    Url(Secret),
    Parts(Parts),
}

/// Some servers with one login.
#[derive(Debug, Clone)]
struct Parts {
    addresses: Vec<String>,
    login: Login,
    database: i64,
    has_tls: bool,
}

#[derive(Debug, Clone, Default)]
struct Login {
    username: Option<Secret>,
    password: Option<Secret>,
}

/// Sentinels and what they watch.
#[derive(Debug, Clone)]
pub struct Sentinels {
    parts: Parts,
    master: String,
    login: Login,
    ca_file: Option<PathBuf>,
}

/// Some nodes of a cluster, from which the others are learnt.
#[derive(Debug, Clone)]
pub struct Cluster {
    parts: Parts,
    ca_file: Option<PathBuf>,
}

impl Address {
    /// One server by its URL; `ca_file` holds the certificate of a private authority.
    pub fn url(url: Secret, ca_file: Option<&Path>) -> Self {
        Self::Server(Server {
            place: Place::Url(url),
            ca_file: ca_file.map(Path::to_owned),
        })
    }

    /// `REDIS_URL`, or `REDIS_ADDRESSES` with `REDIS_MODE` and the login apart.
    pub fn of(environment: &Environment) -> Result<Self, ConfigError> {
        let ca_file = environment.path("REDIS_CA_FILE");
        if let Some(url) = environment.optional_secret("REDIS_URL") {
            return Ok(Self::url(url, ca_file.as_deref()));
        }
        let Some(addresses) = environment.get("REDIS_ADDRESSES") else {
            return Err(ConfigError::MissingVariable { name: "REDIS_URL" });
        };
        let database = environment.get("REDIS_DATABASE").map_or(Ok(0), str::parse);
        let parts = Parts {
            addresses: addresses
                .split(',')
                .map(|address| address.trim().to_owned())
                .collect(),
            login: Login::of(environment, "REDIS"),
            database: database.map_err(|_| ConfigError::refused("REDIS_DATABASE", "is not a number"))?,
            has_tls: environment.get("REDIS_TLS") == Some("true"),
        };
        match environment.get("REDIS_MODE").unwrap_or("server") {
            "server" => Ok(Self::Server(Server {
                place: Place::Parts(parts),
                ca_file,
            })),
            "sentinel" => Ok(Self::Sentinels(Sentinels {
                master: environment
                    .get("REDIS_SENTINEL_MASTER")
                    .ok_or(ConfigError::MissingVariable {
                        name: "REDIS_SENTINEL_MASTER",
                    })?
                    .to_owned(),
                login: Login::of(environment, "REDIS_SENTINEL"),
                parts,
                ca_file,
            })),
            "cluster" => Ok(Self::Cluster(Cluster { parts, ca_file })),
            _ => Err(ConfigError::refused(
                "REDIS_MODE",
                "is none of server, sentinel, cluster",
            )),
        }
    }
}

impl Login {
    fn of(environment: &Environment, prefix: &str) -> Self {
        Self {
            username: environment.optional_secret(&format!("{prefix}_USERNAME")),
            password: environment.optional_secret(&format!("{prefix}_PASSWORD")),
        }
    }

    fn settings(&self, database: i64) -> RedisConnectionInfo {
        let mut settings = RedisConnectionInfo::default().set_db(database);
        if let Some(username) = &self.username {
            settings = settings.set_username(username.expose());
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.expose());
        }
        settings
    }
}

impl Parts {
    /// Each server with the login.
    fn servers(&self) -> RedisResult<Vec<ConnectionInfo>> {
        let scheme = if self.has_tls { "rediss" } else { "redis" };
        let server = |address: &String| {
            let info = format!("{scheme}://{address}").into_connection_info()?;
            Ok(info.set_redis_settings(self.login.settings(self.database)))
        };
        self.addresses.iter().map(server).collect()
    }
}

impl Server {
    pub(super) fn client(&self) -> Result<RedisResult<Client>, RedisError> {
        let certificates = certificates(self.ca_file.as_deref())?;
        let info = match &self.place {
            Place::Url(url) => url.expose().into_connection_info(),
            // One server has one address.
            Place::Parts(parts) => parts.servers().map(|mut servers| servers.swap_remove(0)),
        };
        Ok(info.and_then(|info| match certificates {
            Some(certificates) => Client::build_with_tls(info, certificates),
            None => Client::open(info),
        }))
    }

    pub(super) fn refused(&self, source: redis::RedisError) -> RedisError {
        match self.place {
            Place::Url(_) => RedisError::BadUrl { source },
            Place::Parts(_) => RedisError::BadAddresses { source },
        }
    }
}

impl Sentinels {
    pub(super) fn client(&self) -> Result<SentinelClient, RedisError> {
        let certificates = certificates(self.ca_file.as_deref())?;
        let build = || {
            let sentinels = self.parts.servers()?.into_iter().map(|info| info.addr().clone());
            let mut builder =
                SentinelClientBuilder::new(sentinels, &self.master, SentinelServerType::Master)?
                    .set_client_to_redis_db(self.parts.database);
            if self.parts.has_tls {
                builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
                if let Some(certificates) = certificates {
                    builder = builder
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_certificates(certificates);
                }
            }
            if let Some(username) = &self.parts.login.username {
                builder = builder.set_client_to_redis_username(username.expose());
            }
            if let Some(password) = &self.parts.login.password {
                builder = builder.set_client_to_redis_password(password.expose());
            }
            if let Some(username) = &self.login.username {
                builder = builder.set_client_to_sentinel_username(username.expose());
            }
            if let Some(password) = &self.login.password {
                builder = builder.set_client_to_sentinel_password(password.expose());
            }
            builder.build()
        };
        build().map_err(|source| RedisError::BadAddresses { source })
    }
}

impl Cluster {
    pub(super) fn client(&self) -> Result<ClusterClient, RedisError> {
        let certificates = certificates(self.ca_file.as_deref())?;
        let build = || {
            let mut builder = ClusterClientBuilder::new(self.parts.servers()?);
            if let Some(certificates) = certificates {
                builder = builder.certs(certificates);
            }
            builder.build()
        };
        build().map_err(|source| RedisError::BadAddresses { source })
    }
}

fn certificates(ca_file: Option<&Path>) -> Result<Option<TlsCertificates>, RedisError> {
    let Some(path) = ca_file else { return Ok(None) };
    let root_cert = std::fs::read(path).map_err(|source| RedisError::NoCa {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(TlsCertificates {
        client_tls: None,
        root_cert: Some(root_cert),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(variables: &[(&str, &str)]) -> Result<Address, String> {
        let environment: Environment = variables.iter().copied().collect();
        Address::of(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_taken_before_addresses_and_the_mode_decides_between_them() {
        let addresses = ("REDIS_ADDRESSES", "a:6379, b:6379");
        let url = ("REDIS_URL", "redis://h:6379/0");
        let is = |variables: &[(&str, &str)]| match address(variables) {
            Ok(Address::Server(Server {
                place: Place::Url(_), ..
            })) => "url".to_owned(),
            Ok(Address::Server(_)) => "server".to_owned(),
            Ok(Address::Sentinels(sentinels)) => format!("sentinel {}", sentinels.master),
            Ok(Address::Cluster(cluster)) => cluster.parts.addresses.join(" "),
            Err(error) => error,
        };
        assert_eq!(is(&[addresses, url]), "url");
        assert_eq!(is(&[addresses]), "server");
        assert_eq!(is(&[addresses, ("REDIS_MODE", "cluster")]), "a:6379 b:6379");
        let sentinel = ("REDIS_MODE", "sentinel");
        assert_eq!(
            is(&[addresses, sentinel, ("REDIS_SENTINEL_MASTER", "todo")]),
            "sentinel todo"
        );
        assert_eq!(
            is(&[addresses, sentinel]),
            "environment variable REDIS_SENTINEL_MASTER: is missing or empty"
        );
        assert_eq!(is(&[]), "environment variable REDIS_URL: is missing or empty");
        assert_eq!(
            is(&[addresses, ("REDIS_MODE", "ring")]),
            "REDIS_MODE: is none of server, sentinel, cluster"
        );
        assert_eq!(
            is(&[addresses, ("REDIS_DATABASE", "x")]),
            "REDIS_DATABASE: is not a number"
        );
    }

    #[test]
    fn no_form_of_an_address_shows_a_password() {
        for mode in ["server", "sentinel", "cluster"] {
            let address = address(&[
                ("REDIS_ADDRESSES", "a:6379"),
                ("REDIS_MODE", mode),
                ("REDIS_PASSWORD", "hush"),
                ("REDIS_SENTINEL_MASTER", "todo"),
                ("REDIS_SENTINEL_PASSWORD", "hush"),
            ]);
            assert!(!format!("{address:?}").contains("hush"), "{mode}");
        }
    }

    #[test]
    fn the_login_goes_to_every_server_and_tls_is_a_matter_of_the_address() {
        let Ok(Address::Cluster(cluster)) = address(&[
            ("REDIS_ADDRESSES", "a:6379,b:6380"),
            ("REDIS_MODE", "cluster"),
            ("REDIS_USERNAME", "todo"),
            ("REDIS_PASSWORD", "p@ss/word"),
            ("REDIS_TLS", "true"),
        ]) else {
            panic!("a cluster")
        };
        for server in cluster.parts.servers().unwrap() {
            assert_eq!(server.redis_settings().username(), Some("todo"));
            assert_eq!(server.redis_settings().password(), Some("p@ss/word"));
            assert!(matches!(server.addr(), redis::ConnectionAddr::TcpTls { .. }));
        }
    }
}
