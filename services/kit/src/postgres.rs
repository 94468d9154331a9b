//! Connecting to PostgreSQL and bringing its schema up to date.

mod address;
mod pool_metrics;
mod transaction;

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::Instant;

use crate::Chain;
use crate::problem::Problem;

pub use address::Address;
pub(crate) use pool_metrics::show;
pub use transaction::{begin, begin_with};

/// How long start-up waits for a server that does not answer.
const CONNECT_PATIENCE: Duration = Duration::from_mins(2);
/// First and longest pause between two attempts to get the migration lock, or a connection.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// First half of the key of the advisory lock under which one replica migrates; the schema is the other half.
const MIGRATION_LOCK: i32 = 0x746f_646f;

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The server cannot be reached, or refuses us.
    #[error("database: no connection")]
    Connect {
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The schema cannot be made.
    #[error("database: schema {schema} cannot be made")]
    Schema {
        /// Its name.
        schema: String,
        /// What the server said.
        source: sqlx::Error,
    },
    /// A migration failed.
    #[error("database: the migrations of schema {schema} failed")]
    Migrate {
        /// The schema.
        schema: String,
        /// Which one, and why.
        source: sqlx::migrate::MigrateError,
    },
}

/// A statement failed.
#[derive(Debug, thiserror::Error)]
#[error("database: cannot {attempt}")]
pub struct QueryError {
    attempt: &'static str,
    source: sqlx::Error,
}

impl QueryError {
    /// For `map_err`: the error of a statement that was to do `attempt` (`read a task`).
    pub fn of(attempt: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self { attempt, source }
    }

    /// Whether the database is away rather than in disagreement: trying again later may help.
    pub fn is_away(&self) -> bool {
        match &self.source {
            sqlx::Error::Database(answer) => answer.code().is_some_and(|code| {
                // Connection exceptions, lack of resources, operator intervention.
                ["08", "53", "57"].iter().any(|class| code.starts_with(class))
            }),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            _ => false,
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        if error.is_away() {
            Self::unavailable(&error)
        } else {
            Self::internal(&error)
        }
    }
}

/// A pool whose connections work in `schema`, which exists and is migrated when this returns.
///
/// A server that does not answer is tried again for two minutes; one that refuses the password, the database or the
/// certificate ends the attempt at once. Cancelling is safe at any point.
pub async fn connect(
    address: &Address,
    schema: &str,
    migrations: &Migrator,
) -> Result<PgPool, PostgresError> {
    let options = address.session(schema);
    let mut connection = first_connection(&options).await?;
    make_schema(&mut connection, schema).await?;
    migrate(&mut connection, schema, migrations).await?;
    // A polite goodbye; the server copes without.
    let _ = connection.close().await;
    Ok(pool(Duration::from_secs(2)).connect_lazy_with(options))
}

/// A pool of a read replica, whose connections work in `schema` and can only read. Connects when it is first used;
/// `patience` bounds how long a caller waits for a connection.
pub fn connect_replica(address: &Address, schema: &str, patience: Duration) -> PgPool {
    let options = address
        .session(schema)
        .options([("default_transaction_read_only", "on")]);
    pool(patience).connect_lazy_with(options)
}

fn pool(patience: Duration) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(patience)
        .max_lifetime(Duration::from_mins(30))
        .idle_timeout(Duration::from_mins(10))
        .test_before_acquire(false)
}

/// Whether the database answers.
pub async fn ping(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("select 1").execute(pool).await.map(|_| ())
}

async fn first_connection(options: &PgConnectOptions) -> Result<PgConnection, PostgresError> {
    let give_up = Instant::now() + CONNECT_PATIENCE;
    let mut pause = PAUSE.0;
    loop {
        match PgConnection::connect_with(options).await {
            Ok(connection) => return Ok(connection),
            Err(source) if is_refusal(&source) || Instant::now() >= give_up => {
                return Err(PostgresError::Connect { source });
            }
            Err(error) => tracing::warn!(error.chain = %Chain(&error), "database does not answer yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Whether trying again cannot help: the server answered and said no, or its certificate is not trusted.
///
/// Class 57 is a server that starts or stops, class 53 one that is full.
fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(answer) => !answer
            .code()
            .is_some_and(|code| code.starts_with("57") || code.starts_with("53")),
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => true,
        _ => false,
    }
}

/// `create schema if not exists` asks for the right to create even when the schema is there, so look first.
async fn make_schema(connection: &mut PgConnection, schema: &str) -> Result<(), PostgresError> {
    let error = |source| PostgresError::Schema {
        schema: schema.to_owned(),
        source,
    };
    let exists: bool = sqlx::query_scalar("select to_regnamespace(quote_ident($1)) is not null")
        .bind(schema)
        .fetch_one(&mut *connection)
        .await
        .map_err(error)?;
    if exists {
        return Ok(());
    }
    let statement: String = sqlx::query_scalar("select format('create schema if not exists %I', $1)")
        .bind(schema)
        .fetch_one(&mut *connection)
        .await
        .map_err(error)?;
    let made = sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(connection)
        .await;
    match made {
        Ok(_) => Ok(()),
        // Another replica made it between our look and our statement.
        Err(sqlx::Error::Database(answer)) if answer.is_unique_violation() => Ok(()),
        Err(source) => Err(error(source)),
    }
}

/// Migrates under a lock that is tried for, not waited for: while a replica waits inside a statement, no index of
/// another can be built concurrently.
async fn migrate(
    connection: &mut PgConnection,
    schema: &str,
    migrations: &Migrator,
) -> Result<(), PostgresError> {
    let lock_error = |source| PostgresError::Schema {
        schema: schema.to_owned(),
        source,
    };
    let mut pause = PAUSE.0;
    loop {
        let locked: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, hashtext($2))")
            .bind(MIGRATION_LOCK)
            .bind(schema)
            .fetch_one(&mut *connection)
            .await
            .map_err(lock_error)?;
        if locked {
            break;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
    // The lock ends with the connection, so that no way out of here can forget it.
    let mut migrator = Migrator::with_migrations(migrations.iter().cloned().collect());
    migrator.set_locking(false);
    // An older version must be able to start after a newer one has migrated.
    migrator.set_ignore_missing(true);
    // Not `run`: its bounds keep the future from being `Send` (sqlx 0.9).
    let migrated = migrator.run_direct(None, connection, false).await;
    migrated.map_err(|source| PostgresError::Migrate {
        schema: schema.to_owned(),
        source,
    })
}
