//! How much one replica takes on: requests at once, time per request, bytes per body.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::problem::{self, Problem};

/// Largest body that the extractors read: 1 MiB. Far below daprd's own limit of 4 MiB.
pub const BODY_MAX_BYTES: usize = 1024 * 1024;
/// Requests at once; beyond this they are turned away, not queued, so that those inside stay fast.
const CONCURRENT_MAX: usize = 512;
/// Longer than any deadline of the gateway, shorter than daprd's timeout for events (20 s).
const DEADLINE: Duration = Duration::from_secs(15);

/// The limits of one listener.
#[derive(Clone)]
pub(super) struct Limits(Arc<Semaphore>);

impl Default for Limits {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONCURRENT_MAX)))
    }
}

pub(super) async fn limit(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Ok(_place) = limits.0.try_acquire() else {
        return Problem::new(problem::OVERLOADED).retry_after(1).into_response();
    };
    let answer = tokio::time::timeout(DEADLINE, next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::new(problem::TIMEOUT).into_response())
}
