//! Bounded waiting: a condition is asked until it holds or its time is up; the last answer is the failure's text.

use std::{future::Future, time::Duration};

use tokio::time::Instant;

use crate::Result;

const PAUSE: Duration = Duration::from_millis(200);

/// Asks until the answer is `Ok`, at most for `limit`. `Err` is the reason why it does not hold yet.
pub async fn until<T, F, Fut>(limit: Duration, what: &str, mut ask: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let end = Instant::now() + limit;
    loop {
        match ask().await {
            Ok(value) => return Ok(value),
            Err(last) if Instant::now() >= end => {
                return Err(format!("{what}: not within {}s: {last}", limit.as_secs()).into());
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Asks all the while; an `Err` at any moment is the failure. For what must *not* happen.
pub async fn throughout<F, Fut>(span: Duration, what: &str, mut ask: F) -> Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let end = Instant::now() + span;
    while Instant::now() < end {
        ask().await.map_err(|e| format!("{what}: {e}"))?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
