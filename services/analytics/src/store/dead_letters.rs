use super::{Store, StoreError, failed_to};

impl Store {
    /// Keeps an event that cannot be handled, and why. The same one again changes nothing.
    pub async fn bury(&self, reason: &str, body: &[u8]) -> Result<(), StoreError> {
        let kept = sqlx::query(
            "insert into dead_letter (hash, reason, body) values (sha256($2), $1, $2) on conflict do nothing",
        )
        .bind(reason)
        .bind(body)
        .execute(&self.pool)
        .await;
        kept.map(drop).map_err(failed_to("keep a dead letter"))
    }
}
