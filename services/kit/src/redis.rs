//! Connecting to Redis.

use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, TlsCertificates};

use crate::Secret;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// `REDIS_URL` is no Redis URL.
    #[error("REDIS_URL: is not a Redis URL, or its certificates cannot be used")]
    BadUrl {
        /// What the client said.
        source: redis::RedisError,
    },
    /// The file of the private CA cannot be read.
    #[error("REDIS_CA_FILE {}: cannot be read", path.display())]
    NoCa {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A connection that multiplexes all callers, connects when it is first used, and reconnects by itself.
///
/// `response_timeout` bounds every command; choose it by how long the caller can wait.
pub fn connect(
    url: &Secret,
    ca_file: Option<&Path>,
    response_timeout: Duration,
) -> Result<ConnectionManager, RedisError> {
    let client = match ca_file {
        None => Client::open(url.expose()),
        Some(path) => {
            let root_cert = Some(std::fs::read(path).map_err(|source| RedisError::NoCa {
                path: path.to_owned(),
                source,
            })?);
            Client::build_with_tls(
                url.expose(),
                TlsCertificates {
                    client_tls: None,
                    root_cert,
                },
            )
        }
    };
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(response_timeout))
        .set_max_delay(Duration::from_secs(1));
    client
        .and_then(|client| ConnectionManager::new_lazy_with_config(client, config))
        .map_err(|source| RedisError::BadUrl { source })
}

/// Whether Redis answers.
pub async fn ping(mut connection: ConnectionManager) -> Result<(), redis::RedisError> {
    redis::cmd("PING").query_async(&mut connection).await
}
