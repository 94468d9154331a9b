//! A connection to the master that sentinels name. When that one is gone or was demoted they are asked again.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::sentinel::SentinelClient;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, ServerErrorKind,
    Value,
};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::CONNECTION_TIMEOUT;

/// Longest time that finding the master may take: each sentinel is asked in turn, then the master itself.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a search that found nobody stands for its answer: callers in between are told at once.
const PAUSE: Duration = Duration::from_millis(250);

/// The master's connection, shared by all clones.
#[derive(Clone)]
pub(super) struct Failover(Arc<Shared>);

struct Shared {
    current: ArcSwapOption<MultiplexedConnection>,
    search: Mutex<Search>,
    config: AsyncConnectionConfig,
}

struct Search {
    sentinels: SentinelClient,
    failed_at: Option<Instant>,
}

impl Failover {
    pub(super) fn new(sentinels: SentinelClient, response_timeout: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(response_timeout));
        Self(Arc::new(Shared {
            current: ArcSwapOption::empty(),
            search: Mutex::new(Search {
                sentinels,
                failed_at: None,
            }),
            config,
        }))
    }

    async fn connection(&self) -> RedisResult<Arc<MultiplexedConnection>> {
        if let Some(connection) = self.0.current.load_full() {
            return Ok(connection);
        }
        let shared = Arc::clone(&self.0);
        // A task of its own: a caller that gives up early must not end the search for the others.
        tokio::spawn(async move { shared.find().await })
            .await
            .unwrap_or_else(|_| Err(none("the search for the master was given up")))
    }

    /// Forgets a connection that is of no use, unless another took its place meanwhile.
    fn forget(&self, used: &Arc<MultiplexedConnection>) {
        self.0.current.compare_and_swap(used, None);
    }
}

impl Shared {
    async fn find(&self) -> RedisResult<Arc<MultiplexedConnection>> {
        let mut search = self.search.lock().await;
        if let Some(connection) = self.current.load_full() {
            return Ok(connection);
        }
        if search.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(none("no sentinel named a master a moment ago"));
        }
        let asked = search.sentinels.get_async_connection_with_config(&self.config);
        let found = tokio::time::timeout(SEARCH_TIMEOUT, asked)
            .await
            .unwrap_or_else(|_| Err(none("no sentinel named a master in time")));
        search.failed_at = found.is_err().then(Instant::now);
        let connection = Arc::new(found?);
        self.current.store(Some(Arc::clone(&connection)));
        Ok(connection)
    }
}

fn none(what: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, what))
}

/// What an answer says of the connection.
enum Verdict {
    Good,
    /// It will not come back, or stopped answering.
    Lost,
    /// It leads to a replica now, which did nothing of what it was asked.
    Demoted,
}

fn verdict<T>(answer: &RedisResult<T>, refusal: impl Fn(&T) -> bool) -> Verdict {
    match answer {
        Ok(value) if refusal(value) => Verdict::Demoted,
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) => Verdict::Demoted,
        Err(error) if error.is_unrecoverable_error() || error.is_timeout() || error.is_io_error() => {
            Verdict::Lost
        }
        Ok(_) | Err(_) => Verdict::Good,
    }
}

fn is_refusal(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.kind() == Some(ServerErrorKind::ReadOnly))
}

impl ConnectionLike for Failover {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let connection = self.connection().await?;
            let answer = connection.as_ref().clone().req_packed_command(command).await;
            match verdict(&answer, is_refusal) {
                Verdict::Good => answer,
                Verdict::Lost => {
                    self.forget(&connection);
                    answer
                }
                Verdict::Demoted => {
                    self.forget(&connection);
                    let master = self.connection().await?;
                    master.as_ref().clone().req_packed_command(command).await
                }
            }
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let connection = self.connection().await?;
            let answer = connection
                .as_ref()
                .clone()
                .req_packed_commands(pipeline, offset, count)
                .await;
            // Some of the commands may have been done: that is for the caller to repeat.
            if !matches!(
                verdict(&answer, |values| values.iter().any(is_refusal)),
                Verdict::Good
            ) {
                self.forget(&connection);
            }
            answer
        })
    }

    fn get_db(&self) -> i64 {
        self.0
            .current
            .load()
            .as_ref()
            .map_or(0, |connection| connection.get_db())
    }
}
