//! Showing how far behind the reminders are.

use std::time::Duration;

use todo_kit::Chain;
use tokio_util::sync::CancellationToken;

use crate::metrics::ReminderMetrics;
use crate::store::Store;

/// How often.
const EVERY: Duration = Duration::from_secs(5);

/// Looks now and then, until `stop`. It sees what no poller publishes, too: what is due is counted, not what was fired.
pub(crate) async fn watch_due_lag(store: Store, metrics: ReminderMetrics, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match store.due_lag_seconds().await {
            Ok(seconds) => metrics.due_lag(seconds),
            Err(error) => tracing::debug!(error.chain = %Chain(&error), "nobody knows how far behind we are"),
        }
    }
}
