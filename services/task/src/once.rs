//! What a try at a write means for its caller, when the same request may have been answered before.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Claim, REPLAYED};
use todo_kit::problem::{self, Problem};

use crate::answer::Answer;
use crate::store::Earlier;
use crate::{App, Written};

/// How often a write is decided anew before the caller is told.
pub(crate) const TRIES: u8 = 8;

/// What a try came to: the answer counts only when everything was written.
pub(crate) type Tried = Result<(Written, Answer), Problem>;

impl App {
    /// The answer that a try has earned; `None` when somebody else came first and the write must be decided anew.
    ///
    /// A try that was refused is looked up only now, after it: whatever made this request's own effect visible to the
    /// try, a version that has moved on or a task that is gone, has made its stored answer visible as well.
    pub(crate) async fn settle(
        &self,
        caller: &Caller,
        claim: Option<&Claim>,
        tried: Tried,
    ) -> Result<Option<Response>, Problem> {
        let refusal = match tried {
            Ok((Written::Yes, answer)) => {
                self.relay.notify_one();
                return Ok(Some(answer.into_response()));
            }
            Ok((Written::VersionGone | Written::KeyTaken, _)) => None,
            Ok((Written::Blocked, _)) => {
                return Err(Problem::new(problem::IDEMPOTENCY_KEY_IN_USE).retry_after(1));
            }
            Err(problem) if problem.kind().status.is_server_error() => return Err(problem),
            Err(problem) => Some(problem),
        };
        let earlier = match claim {
            Some(claim) => self.store.earlier(&caller.sub, claim).await?,
            None => None,
        };
        match (earlier, refusal) {
            (Some(Earlier::Same(answer)), _) => Ok(Some(replay(answer))),
            (Some(Earlier::Other), _) => Err(Problem::new(problem::IDEMPOTENCY_KEY_REUSED)),
            (None, Some(problem)) => Err(problem),
            (None, None) => Ok(None),
        }
    }
}

fn replay(answer: Answer) -> Response {
    ([(REPLAYED, HeaderValue::from_static("true"))], answer).into_response()
}
