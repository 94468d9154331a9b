//! Forgetting what has served its time.

use std::time::Duration;

use sqlx::PgPool;
use todo_kit::{Chain, inbox};
use tokio_util::sync::CancellationToken;

/// How often.
const EVERY: Duration = Duration::from_hours(1);

/// Sweeps the inbox now and then, until `stop`.
pub(crate) async fn forget_old(pool: PgPool, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match inbox::forget_old(&pool).await {
            Ok(gone) => tracing::debug!(gone, "inbox swept"),
            Err(error) => tracing::warn!(error.chain = %Chain(&error), "the inbox is swept later"),
        }
    }
}
