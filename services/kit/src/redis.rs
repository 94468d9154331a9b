//! Connecting to Redis: one server, the master that sentinels name, or a cluster.

mod address;
mod failover;

use std::path::PathBuf;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterConfig;
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisFuture, Value};

pub use address::Address;
use failover::Failover;

/// Longest time that making a connection may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// `REDIS_URL` is no Redis URL.
    #[error("REDIS_URL: is not a Redis URL, or its certificates cannot be used")]
    BadUrl {
        /// What the client said.
        source: redis::RedisError,
    },
    /// `REDIS_ADDRESSES` names no servers.
    #[error("REDIS_ADDRESSES: are not hosts and ports, or their certificates cannot be used")]
    BadAddresses {
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

/// A connection that multiplexes all callers, connects when it is first used, and reconnects by itself: to whatever
/// server the mode says is the right one by then. Cheap to clone.
///
/// A script's keys must carry one hash tag (`{…}`): in a cluster they have to lie in one slot.
#[derive(Clone)]
pub struct Redis(Mode);

#[derive(Clone)]
enum Mode {
    Server(ConnectionManager),
    Sentinel(Failover),
    Cluster(ClusterConnection),
}

impl From<ConnectionManager> for Redis {
    fn from(server: ConnectionManager) -> Self {
        Self(Mode::Server(server))
    }
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.0 {
            Mode::Server(server) => server.req_packed_command(command),
            Mode::Sentinel(failover) => failover.req_packed_command(command),
            Mode::Cluster(cluster) => cluster.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.0 {
            Mode::Server(server) => server.req_packed_commands(pipeline, offset, count),
            Mode::Sentinel(failover) => failover.req_packed_commands(pipeline, offset, count),
            Mode::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.0 {
            Mode::Server(server) => server.get_db(),
            Mode::Sentinel(failover) => failover.get_db(),
            Mode::Cluster(cluster) => cluster.get_db(),
        }
    }
}

/// A connection to Redis at `address`.
///
/// `response_timeout` bounds every command; choose it by how long the caller can wait. Must be called within a tokio
/// runtime.
pub fn connect(address: &Address, response_timeout: Duration) -> Result<Redis, RedisError> {
    match address {
        Address::Server(server) => {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECTION_TIMEOUT))
                .set_response_timeout(Some(response_timeout))
                .set_max_delay(Duration::from_secs(1));
            let manager = server
                .client()?
                .and_then(|client| ConnectionManager::new_lazy_with_config(client, config));
            manager.map(Redis::from).map_err(|source| server.refused(source))
        }
        Address::Sentinels(sentinels) => {
            let client = sentinels.client()?;
            Ok(Redis(Mode::Sentinel(Failover::new(client, response_timeout))))
        }
        Address::Cluster(cluster) => {
            let config = ClusterConfig::new()
                .set_connection_timeout(CONNECTION_TIMEOUT)
                .set_response_timeout(response_timeout);
            let connection = cluster.client()?.get_pending_async_connection_with_config(config);
            Ok(Redis(Mode::Cluster(connection)))
        }
    }
}

/// Whether Redis answers.
pub async fn ping(mut connection: Redis) -> Result<(), redis::RedisError> {
    redis::cmd("PING").query_async(&mut connection).await
}
