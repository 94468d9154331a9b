//! Exactly-once effects: which events a consumer has already dealt with.
//!
//! The consumer's migrations make the table:
//!
//! ```sql
//! create table inbox (
//!     consumer text not null,
//!     source text not null,
//!     id uuid not null,
//!     received_at timestamptz not null default now(),
//!     primary key (consumer, source, id)
//! );
//! ```

use sqlx::PgConnection;
use todo_domain::CloudEvent;

/// Notes the event and tells whether this is its first time.
///
/// Call it first in the transaction of the effect: when that rolls back, the note goes too, and the next delivery is a
/// first time again. A twin that runs at the same moment waits here for the outcome of the first.
pub async fn is_first_time<T: Sync>(
    transaction: &mut PgConnection,
    consumer: &str,
    event: &CloudEvent<T>,
) -> Result<bool, sqlx::Error> {
    let noted =
        sqlx::query("insert into inbox (consumer, source, id) values ($1, $2, $3) on conflict do nothing")
            .bind(consumer)
            .bind(&event.source)
            .bind(event.id.0)
            .execute(transaction)
            .await?;
    Ok(noted.rows_affected() == 1)
}

/// Forgets what is older than 14 days: longer than any redelivery. Gives how many rows went; run it now and then.
pub async fn forget_old(pool: &sqlx::PgPool) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query("delete from inbox where received_at < now() - interval '14 days'")
        .execute(pool)
        .await?;
    Ok(gone.rows_affected())
}
