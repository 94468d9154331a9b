use todo_kit::events::topic_of;
use todo_kit::inbox;

use super::{Store, StoreError, failed_to};

impl Store {
    /// Keeps an event that cannot be handled, and why. The same one again changes nothing.
    pub async fn bury(&self, reason: &str, body: &[u8]) -> Result<(), StoreError> {
        let kept = sqlx::query(
            "insert into dead_letter (hash, reason, body, topic) values (sha256($2), $1, $2, $3)
             on conflict do nothing",
        )
        .bind(reason)
        .bind(body)
        .bind(topic_of(body))
        .execute(&self.pool)
        .await;
        kept.map(drop).map_err(failed_to("keep a dead letter"))
    }

    /// How many dead letters are kept of each topic; topics without any are left out.
    pub async fn dead_letters(&self) -> Result<Vec<(String, i64)>, StoreError> {
        sqlx::query_as("select topic, count(*) from dead_letter group by topic")
            .fetch_all(&self.pool)
            .await
            .map_err(failed_to("count the dead letters"))
    }

    /// Forgets inbox rows and dead letters that have served their time: 14 and 30 days. Gives how many rows went.
    pub async fn forget_old(&self) -> Result<u64, StoreError> {
        let noted = inbox::forget_old(&self.pool)
            .await
            .map_err(failed_to("sweep the inbox"))?;
        let letters = sqlx::query("delete from dead_letter where received_at < now() - interval '30 days'")
            .execute(&self.pool)
            .await
            .map_err(failed_to("sweep the dead letters"))?;
        Ok(noted + letters.rows_affected())
    }
}
