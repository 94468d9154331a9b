use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use todo_domain::CloudEvent;
use todo_kit::inbox::is_first_time;
use todo_kit::postgres;
use uuid::Uuid;

use super::{Store, StoreError, failed_to};
use crate::plan::Planned;

/// Who we are in the inbox.
const CONSUMER: &str = "notification";

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanOutcome {
    /// Its delivery is planned.
    Planned,
    /// It was taken in before; nothing changed.
    Duplicate,
}

impl Store {
    /// Takes in `event` and plans what it asks for, as the delivery `id`.
    pub async fn plan<T: Sync>(
        &self,
        event: &CloudEvent<T>,
        planned: &Planned,
        id: Uuid,
    ) -> Result<PlanOutcome, StoreError> {
        self.plan_in_transaction(event, planned, id)
            .await
            .map_err(failed_to("plan a delivery"))
    }

    async fn plan_in_transaction<T: Sync>(
        &self,
        event: &CloudEvent<T>,
        planned: &Planned,
        id: Uuid,
    ) -> Result<PlanOutcome, sqlx::Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        if !is_first_time(&mut transaction, CONSUMER, event).await? {
            return Ok(PlanOutcome::Duplicate);
        }
        insert(&mut transaction, planned, id).await?;
        transaction.commit().await?;
        Ok(PlanOutcome::Planned)
    }
}

/// The dedupe key stands behind the inbox, which is swept after some days.
async fn insert(connection: &mut PgConnection, planned: &Planned, id: Uuid) -> Result<(), sqlx::Error> {
    let occasion = &planned.occasion;
    sqlx::query(
        "insert into delivery
             (id, dedupe_key, owner, owner_email, topic, task_id, task_version, title, at, traceparent, channel)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (dedupe_key) do nothing",
    )
    .bind(id)
    .bind(planned.dedupe_key())
    .bind(&planned.owner)
    .bind(&planned.owner_email)
    .bind(occasion.topic.name())
    .bind(occasion.task_id.0)
    .bind(occasion.task_version)
    .bind(&occasion.title)
    .bind(occasion.at.map(ToSqlx::to_sqlx))
    .bind(&planned.traceparent)
    .bind(planned.channel.name())
    .execute(connection)
    .await
    .map(drop)
}
