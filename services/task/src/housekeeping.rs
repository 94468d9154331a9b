//! Forgetting what has served its time.

use std::time::Duration;

use todo_kit::Chain;
use todo_kit::postgres::QueryError;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How often.
const EVERY: Duration = Duration::from_mins(10);

/// Sweeps the store now and then, until `stop`.
pub(crate) async fn forget_old(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if stop.run_until_cancelled(sweep(&store)).await.is_none() {
            return;
        }
    }
}

async fn sweep(store: &Store) {
    report("answers", store.forget_answers().await);
    report("trash", store.purge_trash().await);
    report("changes", store.forget_changes().await);
    report("history", store.forget_history().await);
}

fn report(what: &'static str, swept: Result<u64, QueryError>) {
    match swept {
        Ok(gone) => tracing::debug!(what, gone, "what is old is forgotten"),
        Err(error) => tracing::warn!(what, error.chain = %Chain(&error), "what is old is forgotten later"),
    }
}
