//! A write, tried until it is done or refused, and what each try means for its caller when the same request may have
//! been answered before.

use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Claim, REPLAYED};
use todo_kit::http::{IfMatch, etag};
use todo_kit::problem::{self, Problem};

use crate::answer::{Answer, Resource};
use crate::store::Earlier;
use crate::{App, Written};

/// How often a write is decided anew before the caller is told.
const TRIES: u8 = 8;

/// What a try came to: the answer counts only when everything was written.
pub(crate) type Tried = Result<(Written, Answer), Problem>;

impl App {
    /// Tries until something is written or refused, once per claim, and gives the answer.
    pub(crate) async fn once<F>(
        &self,
        caller: &Caller,
        claim: Option<&Claim>,
        attempt: impl Fn() -> F + Send + Sync,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Tried> + Send,
    {
        for _ in 0..TRIES {
            let tried = attempt().await;
            if let Some(answer) = self.settle(caller, claim, tried).await? {
                return Ok(answer);
            }
        }
        Err(Problem::new(problem::CONFLICT).retry_after(1))
    }

    /// The answer that a try has earned; `None` when somebody else came first and the write must be decided anew.
    ///
    /// A try that was refused is looked up only now, after it: whatever made this request's own effect visible to the
    /// try, a version that has moved on or a thing that is gone, has made its stored answer visible as well.
    async fn settle(
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
            Ok((Written::VersionGone | Written::KeyTaken | Written::PlaceTaken | Written::Referred, _)) => {
                None
            }
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

/// 412 with the present version, when `if_match` demands another.
pub(crate) fn demand(thing: &impl Resource, if_match: &IfMatch) -> Result<(), Problem> {
    let version = thing.version();
    if if_match.allows(version) {
        return Ok(());
    }
    Err(Problem::new(problem::VERSION_MISMATCH)
        .detail(format!("it has version {version}"))
        .header(ETAG, etag(version)))
}

/// The thing; 304 when `If-None-Match` has its present version.
pub(crate) fn shown(thing: &impl Resource, headers: &HeaderMap) -> Response {
    let tag = etag(thing.version());
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    Answer::shown(thing).into_response()
}
