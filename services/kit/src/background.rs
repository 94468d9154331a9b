//! Loops beside the requests: started together, stopped together, never lost silently.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The background tasks of one service. Cheap to clone; clones share their tasks.
#[derive(Debug, Clone, Default)]
pub struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
    broken: CancellationToken,
}

impl Background {
    /// Starts what `task` makes. It must run until the token it is given is cancelled, then finish what cannot wait
    /// (within 10 s) and return. One that ends or panics before ends the whole service: half a service is worse.
    pub fn spawn<F>(&self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, broken, future) = (self.stop.clone(), self.broken.clone(), task(self.stop.clone()));
        self.tasks.spawn(async move {
            let panicked = AssertUnwindSafe(future).catch_unwind().await.is_err();
            if panicked || !stop.is_cancelled() {
                tracing::error!(
                    task = name,
                    panicked,
                    "background task {name} ended before its time"
                );
                broken.cancel();
            }
        });
    }

    /// Stops every task and waits for them, at most `patience`. Tells whether all ended.
    pub(crate) async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(patience, self.tasks.wait()).await.is_ok()
    }

    /// Returns when a task ended before its time.
    pub(crate) async fn broken(&self) {
        self.broken.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_is_told_to_stop_and_waited_for() {
        let background = Background::default();
        background.spawn("good", |stop| async move { stop.cancelled().await });
        assert!(background.stop(Duration::from_secs(1)).await);
        assert!(background.broken().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_task_that_ends_or_panics_breaks_the_service() {
        let ending = Background::default();
        ending.spawn("ending", |_| async {});
        ending.broken().await;
        let panicking = Background::default();
        panicking.spawn("panicking", |_| async { panic!("on purpose") });
        panicking.broken().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_will_not_stop_is_left_behind() {
        let background = Background::default();
        background.spawn("deaf", |_| std::future::pending());
        assert!(!background.stop(Duration::from_secs(10)).await);
    }
}
