//! Forgetting what has served its time.

use std::time::Duration;

use todo_kit::Chain;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How often.
const EVERY: Duration = Duration::from_mins(10);

/// Sweeps the store now and then, until `stop`.
pub(crate) async fn forget_old(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match stop.run_until_cancelled(store.forget_answers()).await {
            Some(Ok(gone)) => tracing::debug!(gone, "old answers forgotten"),
            Some(Err(error)) => {
                tracing::warn!(error.chain = %Chain(&error), "old answers are forgotten later");
            }
            None => return,
        }
    }
}
