//! `POST /v1/tasks`

use axum::extract::State;
use axum::response::Response;
use todo_domain::{TaskDraft, TaskSnapshot, Topic};
use todo_kit::auth::Caller;
use todo_kit::http::Json;
use todo_kit::http::idempotency::{Claim, Keyed};
use todo_kit::problem::{self, Problem};

use crate::answer::Answer;
use crate::once::{TRIES, Tried};
use crate::{App, Record};

/// Makes a task: 201 with `Location` and `ETag`.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Keyed {
        claim,
        body: Json(draft),
    }: Keyed<Json<TaskDraft>>,
) -> Result<Response, Problem> {
    let claim = claim.as_ref();
    for _ in 0..TRIES {
        let tried = try_create(&app, &caller, claim, draft.clone()).await;
        if let Some(answer) = app.settle(&caller, claim, tried).await? {
            return Ok(answer);
        }
    }
    Err(Problem::new(problem::CONFLICT).retry_after(1))
}

async fn try_create(app: &App, caller: &Caller, claim: Option<&Claim>, draft: TaskDraft) -> Tried {
    let task = draft.into_task(&caller.sub, app.ids.as_ref(), app.clock.now())?;
    let snapshot = TaskSnapshot {
        task,
        owner_email: caller.email.clone(),
    };
    let event = app.event(Topic::TaskCreated, snapshot.clone(), &[], None);
    let answer = Answer::created(&snapshot.task);
    let record = claim.map(|claim| Record {
        claim,
        answer: &answer,
    });
    let written = app.store.create(&snapshot, &event, record).await?;
    Ok((written, answer))
}
