//! The relay's SQL.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

/// A lease that is ours until it expires; its epoch fences every mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) holder: Uuid,
    pub(super) epoch: i64,
}

/// One event that waits.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) topic: String,
    pub(super) partition_key: String,
    /// The envelope as JSON text.
    pub(super) envelope: String,
    /// W3C trace context in the envelope; empty when there is none.
    pub(super) traceparent: String,
    /// How many attempts have counted against it.
    pub(super) attempts: i32,
}

/// How full the outbox is.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Depth {
    pub(super) pending: i64,
    pub(super) parked: i64,
    /// 0 when nothing waits.
    pub(super) oldest_age_seconds: f64,
}

/// Takes the lease, or keeps it for another `ttl`; `None` while another relay has it.
pub(super) async fn lease(pool: &PgPool, holder: Uuid, ttl: Duration) -> Result<Option<Lease>, sqlx::Error> {
    let epoch = sqlx::query_scalar(
        "insert into outbox_lease as lease (holder, epoch, expires_at)
         values ($1, 1, clock_timestamp() + make_interval(secs => $2))
         on conflict (only_row) do update
             set holder = $1,
                 epoch = case when lease.holder = $1 then lease.epoch else lease.epoch + 1 end,
                 expires_at = clock_timestamp() + make_interval(secs => $2)
             where lease.holder = $1 or lease.expires_at < clock_timestamp()
         returning epoch",
    )
    .bind(holder)
    .bind(ttl.as_secs_f64())
    .fetch_optional(pool)
    .await?;
    Ok(epoch.map(|epoch| Lease { holder, epoch }))
}

/// Lets another relay begin at once. The row stays, so that epochs only grow.
pub(super) async fn release(pool: &PgPool, lease: Lease) -> Result<(), sqlx::Error> {
    sqlx::query("update outbox_lease set expires_at = '-infinity' where holder = $1 and epoch = $2")
        .bind(lease.holder)
        .bind(lease.epoch)
        .execute(pool)
        .await
        .map(|_| ())
}

/// Which of the events that are due come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// Those that were written first.
    Oldest,
    /// Any.
    Random,
}

/// Some of the events that are due, of each partition key only the oldest that is not published.
pub(super) async fn due(pool: &PgPool, limit: i64, first: First) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(
        "select seq, topic, partition_key, envelope::text as envelope,
                coalesce(envelope ->> 'traceparent', '') as traceparent, attempts from outbox o
         where published_at is null and parked_at is null and next_attempt_at <= clock_timestamp()
           and not exists (
               select 1 from outbox before
               where before.partition_key = o.partition_key and before.seq < o.seq
                 and before.published_at is null and before.parked_at is null)
         order by case when $2 then random() end, seq limit $1",
    )
    .bind(limit)
    .bind(first == First::Random)
    .fetch_all(pool)
    .await
}

/// Marks events as published, if the lease still holds; tells whether it did.
pub(super) async fn mark_published(pool: &PgPool, lease: Lease, seqs: &[i64]) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query(
        "update outbox set published_at = clock_timestamp(), last_error = null
         where seq = any($1) and exists (
             select 1 from outbox_lease
             where holder = $2 and epoch = $3 and expires_at > clock_timestamp())",
    )
    .bind(seqs)
    .bind(lease.holder)
    .bind(lease.epoch)
    .execute(pool)
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// How a failed attempt is noted.
#[derive(Debug)]
pub(super) struct Failure<'a> {
    pub(super) seq: i64,
    /// Attempts that count against the event, this one included if it does.
    pub(super) attempts: i32,
    pub(super) error: &'a str,
    pub(super) pause: Duration,
    pub(super) park: bool,
}

/// Puts an event off, or parks it, if the lease still holds.
pub(super) async fn mark_failed(
    pool: &PgPool,
    lease: Lease,
    failure: &Failure<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update outbox set attempts = $4, last_error = $5,
             next_attempt_at = clock_timestamp() + make_interval(secs => $6),
             parked_at = case when $7 then clock_timestamp() end
         where seq = $1 and published_at is null and exists (
             select 1 from outbox_lease
             where holder = $2 and epoch = $3 and expires_at > clock_timestamp())",
    )
    .bind(failure.seq)
    .bind(lease.holder)
    .bind(lease.epoch)
    .bind(failure.attempts)
    .bind(failure.error)
    .bind(failure.pause.as_secs_f64())
    .bind(failure.park)
    .execute(pool)
    .await
    .map(|_| ())
}

pub(super) async fn depth(pool: &PgPool) -> Result<Depth, sqlx::Error> {
    sqlx::query_as(
        "select count(*) filter (where parked_at is null) as pending,
                count(*) filter (where parked_at is not null) as parked,
                coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where parked_at is null)), 0)
                    ::float8 as oldest_age_seconds
         from outbox where published_at is null",
    )
    .fetch_one(pool)
    .await
}

/// Deletes published events older than 7 days, at most 1000 at once.
pub(super) async fn forget_old(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "delete from outbox where seq in (
             select seq from outbox where published_at < clock_timestamp() - interval '7 days' limit 1000)",
    )
    .execute(pool)
    .await?;
    Ok(gone.rows_affected())
}
