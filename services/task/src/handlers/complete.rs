//! `POST /v1/tasks/{id}/complete`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{TaskId, Topic};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::{Keyed, NoBody};
use todo_kit::http::{Id, IfMatch};
use todo_kit::problem::{self, Problem};

use crate::App;
use crate::change::Plan;

/// Makes a task done; 409 when it is done or cancelled already.
pub(crate) async fn complete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    if_match: IfMatch,
    Keyed { claim, .. }: Keyed<NoBody>,
) -> Result<Response, Problem> {
    app.change(&caller, id, &if_match, claim.as_ref(), |task| {
        match task.completed(app.clock.now()) {
            Ok(next) => Ok(Plan::Replace {
                next: Box::new(next),
                topic: Topic::TaskCompleted,
                changed: vec!["status"],
            }),
            Err(step) => Err(Problem::new(problem::ILLEGAL_TRANSITION).detail(step.to_string())),
        }
    })
    .await
}
