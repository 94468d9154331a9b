//! What becomes of an answer that is none, and whose fault it was.

use std::{error::Error, time::Duration};

use axum::response::Response;
use http::{StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use todo_kit::{
    http::BODY_MAX_BYTES,
    problem::{self, Problem},
};

use crate::{body::Upload, breaker::Outcome, route::Target};

/// daprd's own errors are short; more than this is not one.
const SIDECAR_ERROR_MAX_BYTES: usize = 64 * 1024;
/// They come at once.
const SIDECAR_ERROR_PATIENCE: Duration = Duration::from_secs(1);

/// What the client is told, and what the breaker is.
pub(crate) type Judged = (Outcome, Result<Response, Problem>);

/// An answer came. Our services answer errors as problems only, so anything else is the sidecar's.
pub(crate) async fn answered(response: Response, target: Target) -> Judged {
    let status = response.status();
    if status.as_u16() >= 400 && !is_problem(&response) {
        let (outcome, problem) = sidecars_error(response, target).await;
        return (outcome, Err(problem));
    }
    let outcome = match status {
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Outcome::Failed
        }
        _ => Outcome::Answered,
    };
    (outcome, Ok(response))
}

/// None came: the client's body could not be read to its end, or the sidecar is away.
pub(crate) fn not_forwarded(error: &(dyn Error + 'static), upload: &Upload) -> Judged {
    let mut causes = std::iter::successors(Some(error), |&cause| cause.source());
    if causes.any(<dyn Error>::is::<LengthLimitError>) {
        (Outcome::Unknown, Err(too_large()))
    } else if upload.has_failed() {
        let problem = Problem::new(problem::BAD_REQUEST).detail("the body cannot be read to its end");
        (Outcome::Unknown, Err(problem))
    } else {
        (Outcome::Failed, Err(Problem::unavailable(error)))
    }
}

/// None came in time: the client was still to send, or the service to answer.
pub(crate) fn too_late(upload: &Upload) -> Judged {
    if upload.waits_for_client() {
        let problem = Problem::new(problem::REQUEST_TIMEOUT).detail("the body did not come in time");
        (Outcome::Unknown, Err(problem))
    } else {
        (Outcome::Failed, Err(Problem::new(problem::TIMEOUT)))
    }
}

/// More than a service would read.
pub(crate) fn too_large() -> Problem {
    Problem::new(problem::TOO_LARGE).detail(format!("{BODY_MAX_BYTES} bytes is the most"))
}

fn is_problem(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/problem+json"))
}

/// What a client may know of daprd's own failure. Its text is logged and goes no further.
async fn sidecars_error(response: Response, target: Target) -> (Outcome, Problem) {
    let status = response.status();
    let body = Limited::new(response.into_body(), SIDECAR_ERROR_MAX_BYTES).collect();
    let body = tokio::time::timeout(SIDECAR_ERROR_PATIENCE, body).await;
    let text = match body {
        Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        _ => String::new(),
    };
    tracing::warn!(
        peer = target.name(),
        status = status.as_u16(),
        answer = text,
        "the sidecar did not reach the service"
    );
    match status {
        StatusCode::GATEWAY_TIMEOUT => (Outcome::Failed, Problem::new(problem::TIMEOUT)),
        // Every transport failure of an invocation is a 500 with ERR_DIRECT_INVOKE: the service is away.
        _ if text.contains("ERR_DIRECT_INVOKE") => {
            (Outcome::Failed, Problem::new(problem::UNAVAILABLE).retry_after(1))
        }
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
            (Outcome::Failed, Problem::new(problem::BAD_GATEWAY))
        }
        _ => (Outcome::Answered, Problem::new(problem::BAD_GATEWAY)),
    }
}
