use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use todo_domain::{CloudEvent, DeliveryReport, TaskId, Topic};
use todo_kit::postgres;
use uuid::Uuid;

use super::{Store, StoreError, failed_to};
use crate::plan::Occasion;

/// A delivery that somebody has taken to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// How often it was taken: proves that it is still ours.
    pub fence: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When it was planned.
    pub created_at: Timestamp,
    /// Whom to tell.
    pub owner: String,
    /// Where, unless the owner's preferences name another address.
    pub owner_email: Option<String>,
    /// Of what.
    pub occasion: Occasion,
    /// W3C trace context of the event that asked for it.
    pub traceparent: String,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy)]
enum End<'a> {
    Sent,
    Failed { reason: &'a str, error: &'a str },
    Skipped { reason: &'a str },
}

impl Store {
    /// Takes at most `limit` deliveries whose time has come; nobody else gets them before `lease` is over.
    ///
    /// Those whose sender died come back here when its lease ends.
    pub async fn claim(&self, limit: i64, lease: Duration) -> Result<Vec<Delivery>, StoreError> {
        let taken = sqlx::query(
            "with ready as (
                 select id from delivery
                 where state = 'pending' and not_before <= now() and (leased_until is null or leased_until <= now())
                 order by not_before, id limit $1 for update skip locked
             )
             update delivery d
             set leased_until = now() + $2 * interval '1 millisecond', fence = d.fence + 1, attempts = d.attempts + 1
             from ready where d.id = ready.id
             returning d.id, d.fence, d.attempts, d.created_at, d.owner, d.owner_email, d.topic, d.task_id,
                       d.task_version, d.title, d.at, d.traceparent",
        )
        .bind(limit)
        .bind(ms(lease))
        .try_map(|row| delivery(&row))
        .fetch_all(&self.pool)
        .await;
        taken.map_err(failed_to("take deliveries"))
    }

    /// Notes that the mail server took it, and that this is to be published; false when it is no longer ours.
    pub async fn mark_sent(
        &self,
        delivery: &Delivery,
        report: &CloudEvent<DeliveryReport>,
    ) -> Result<bool, StoreError> {
        self.end_and_report(delivery, End::Sent, report)
            .await
            .map_err(failed_to("note a sent delivery"))
    }

    /// Gives it up, and notes that this is to be published; false when it is no longer ours.
    pub async fn mark_failed(
        &self,
        delivery: &Delivery,
        reason: &str,
        error: &str,
        report: &CloudEvent<DeliveryReport>,
    ) -> Result<bool, StoreError> {
        let end = End::Failed { reason, error };
        self.end_and_report(delivery, end, report)
            .await
            .map_err(failed_to("note a failed delivery"))
    }

    /// Notes that it is not to be sent at all; false when it is no longer ours.
    pub async fn mark_skipped(&self, delivery: &Delivery, reason: &str) -> Result<bool, StoreError> {
        let ended = async {
            let mut connection = self.pool.acquire().await?;
            end(&mut connection, delivery, End::Skipped { reason }).await
        };
        ended.await.map_err(failed_to("note a skipped delivery"))
    }

    /// Has it attempted again after `pause`; false when it is no longer ours.
    pub async fn retry(&self, delivery: &Delivery, pause: Duration, error: &str) -> Result<bool, StoreError> {
        let postponed = sqlx::query(
            "update delivery
             set leased_until = null, not_before = now() + $3 * interval '1 millisecond', last_error = $4
             where id = $1 and fence = $2 and state = 'pending'",
        )
        .bind(delivery.id)
        .bind(delivery.fence)
        .bind(ms(pause))
        .bind(error)
        .execute(&self.pool)
        .await;
        postponed
            .map(|done| done.rows_affected() == 1)
            .map_err(failed_to("put off a delivery"))
    }

    /// Puts it off by `pause` without counting an attempt; false when it is no longer ours.
    pub async fn defer(&self, delivery: &Delivery, pause: Duration) -> Result<bool, StoreError> {
        let deferred = sqlx::query(
            "update delivery
             set leased_until = null, not_before = now() + $3 * interval '1 millisecond', attempts = attempts - 1
             where id = $1 and fence = $2 and state = 'pending'",
        )
        .bind(delivery.id)
        .bind(delivery.fence)
        .bind(ms(pause))
        .execute(&self.pool)
        .await;
        deferred
            .map(|done| done.rows_affected() == 1)
            .map_err(failed_to("put off a delivery"))
    }

    async fn end_and_report(
        &self,
        delivery: &Delivery,
        how: End<'_>,
        report: &CloudEvent<DeliveryReport>,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let is_ours = end(&mut transaction, delivery, how).await?;
        if is_ours {
            let topic = if matches!(how, End::Sent) {
                Topic::NotificationDelivered
            } else {
                Topic::NotificationFailed
            };
            publish_later(&mut transaction, topic, report).await?;
        }
        transaction.commit().await?;
        Ok(is_ours)
    }
}

async fn end(connection: &mut PgConnection, delivery: &Delivery, how: End<'_>) -> Result<bool, sqlx::Error> {
    let (state, reason, error) = match how {
        End::Sent => ("sent", None, None),
        End::Failed { reason, error } => ("failed", Some(reason), Some(error)),
        End::Skipped { reason } => ("skipped", Some(reason), None),
    };
    let ended = sqlx::query(
        "update delivery
         set state = $3, reason = $4, last_error = $5, leased_until = null,
             sent_at = case when $3 = 'sent' then now() end
         where id = $1 and fence = $2 and state = 'pending'",
    )
    .bind(delivery.id)
    .bind(delivery.fence)
    .bind(state)
    .bind(reason)
    .bind(error)
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Leaves `report` to the relay, in the transaction of what it tells of.
async fn publish_later(
    connection: &mut PgConnection,
    topic: Topic,
    report: &CloudEvent<DeliveryReport>,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into outbox (id, topic, partition_key, envelope) values ($1, $2, $3, $4)")
        .bind(report.id.0)
        .bind(topic.name())
        .bind(&report.partitionkey)
        .bind(Json(report))
        .execute(connection)
        .await
        .map(drop)
}

fn delivery(row: &PgRow) -> Result<Delivery, sqlx::Error> {
    let topic: String = row.try_get("topic")?;
    Ok(Delivery {
        id: row.try_get("id")?,
        fence: row.try_get("fence")?,
        attempt: u32::try_from(row.try_get::<i32, _>("attempts")?).unwrap_or_default(),
        created_at: row.try_get::<jiff_sqlx::Timestamp, _>("created_at")?.to_jiff(),
        owner: row.try_get("owner")?,
        owner_email: row.try_get("owner_email")?,
        occasion: Occasion {
            topic: topic
                .parse()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            task_id: TaskId(row.try_get("task_id")?),
            task_version: row.try_get("task_version")?,
            title: row.try_get("title")?,
            at: row
                .try_get::<Option<jiff_sqlx::Timestamp>, _>("at")?
                .map(Into::into),
        },
        traceparent: row.try_get("traceparent")?,
    })
}

/// As the float that PostgreSQL multiplies an interval with.
fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
