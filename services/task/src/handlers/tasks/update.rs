//! `PATCH /v1/tasks/{id}`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{PatchError, Patched, TaskId, TaskPatch};
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::Keyed;
use todo_kit::http::{Id, IfMatch, Json};
use todo_kit::problem::{self, Problem};

use crate::App;
use crate::change::{Change, Plan};

/// Changes a task by a JSON merge patch. Without `If-Match` the last writer wins, field by field.
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TaskId>,
    if_match: IfMatch,
    Keyed {
        claim,
        body: Json(patch),
    }: Keyed<Json<TaskPatch>>,
) -> Result<Response, Problem> {
    let change = Change {
        caller: &caller,
        id,
        if_match: &if_match,
        claim: claim.as_ref(),
    };
    app.change(change, |task| {
        match patch.apply(task, app.ids.as_ref(), app.clock.now()) {
            Ok(Patched::Unchanged) => Ok(Plan::Keep),
            Ok(Patched::Changed { task: next, changed }) => {
                let topic = Patched::topic(&changed, &next);
                Ok(Plan::Replace {
                    next,
                    topic,
                    changed,
                    occurrence: None,
                    is_place_asked: matches!(patch.position, Some(Some(_))),
                })
            }
            Err(PatchError::Invalid { violations }) => Err(Problem::invalid(violations)),
            Err(PatchError::Illegal(step)) => {
                Err(Problem::new(problem::ILLEGAL_TRANSITION).detail(step.to_string()))
            }
        }
    })
    .await
}
