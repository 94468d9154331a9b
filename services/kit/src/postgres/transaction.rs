//! Beginning transactions.

use sqlx::{PgPool, Postgres, Transaction};

/// Begins a transaction, on a connection of the pool.
///
/// Whoever gives up waiting for it leaves nothing behind. `Pool::begin` of sqlx 0.9 does: cancelled while the server's
/// answer is on its way, as when a client hangs up, it puts a connection back that is inside a transaction, and the next
/// to use that one writes what nobody ever commits.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_with(pool, "begin").await
}

/// The same, by a statement of one's own, which may set what holds for this transaction alone.
#[expect(
    clippy::disallowed_methods,
    reason = "here it runs to its end, whoever waits for it"
)]
pub async fn begin_with(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    // Nobody can cancel this: a transaction that nobody waits for is rolled back by being dropped.
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
