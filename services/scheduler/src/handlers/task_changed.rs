use axum::body::Bytes;
use axum::extract::State;
use todo_domain::{CloudEvent, TaskChanged, Topic};
use todo_kit::Chain;
use todo_kit::events::{Outcome, RETRIES_EXHAUSTED};
use todo_kit::problem::Problem;

use super::{App, CONSUMES};
use crate::fire::fires_of;
use crate::store::{Store, StoreError, Upserted};

/// `POST /events/task.created` and so on: the reminders of the task become what the event says.
pub(super) async fn handle(State(app): State<App>, body: Bytes) -> Result<Outcome, Problem> {
    let (topic, event) = match understand(&body) {
        Ok(understood) => understood,
        Err(reason) => return Ok(give_up(&app, reason, &body).await),
    };
    let task = &event.data.task.task;
    let version = event.sequence.0;
    let upserted = match topic {
        Topic::TaskDeleted => app.store.remove(task.id, &task.owner, version).await,
        _ => {
            app.store
                .upsert(task.id, &task.owner, version, &fires_of(&event))
                .await
        }
    };
    Ok(match upserted.map_err(|error| Problem::unavailable(&error))? {
        Upserted::Applied { missed } => {
            app.metrics.missed(missed);
            tracing::info!(task.id = %task.id, version, missed, "reminders set");
            Outcome::Applied
        }
        Upserted::Stale => {
            tracing::debug!(task.id = %task.id, version, "event is older than what is known");
            Outcome::Duplicate
        }
    })
}

/// The event and its topic, or why it cannot be handled: another service or another version wrote it.
fn understand(body: &[u8]) -> Result<(Topic, CloudEvent<TaskChanged>), &'static str> {
    let event: CloudEvent<TaskChanged> = serde_json::from_slice(body).map_err(|_| "unreadable")?;
    let topic = CONSUMES
        .into_iter()
        .find(|topic| topic.event_type() == event.event_type);
    topic.map(|topic| (topic, event)).ok_or("unknown_type")
}

/// Keeps a dead letter. One that was kept when it was dropped comes with the same reason again, and is kept once.
pub(super) async fn keep(store: Store, letter: Bytes) -> Result<(), StoreError> {
    let reason = understand(&letter).err().unwrap_or(RETRIES_EXHAUSTED);
    store.bury(reason, &letter).await
}

/// Keeps what cannot be handled, and has it dropped: trying again would not help, unless it could not be kept.
async fn give_up(app: &App, reason: &'static str, body: &[u8]) -> Outcome {
    match app.store.bury(reason, body).await {
        Ok(()) => {
            tracing::error!(reason, "event is dropped and kept as a dead letter");
            Outcome::Drop
        }
        Err(error) => {
            tracing::error!(reason, error.chain = %Chain(&error), "event cannot be handled and could not be kept");
            Outcome::Retry
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_task_event_of_a_known_version_is_not_understood() {
        let mut event = json!({
            "specversion": "1.0", "id": "01900000-0000-7000-8000-000000000002", "source": "/todo/todo/task",
            "type": "com.todo.task.created.v1", "subject": "task/x", "time": "2026-11-21T12:00:00Z",
            "datacontenttype": "application/json", "sequence": "1", "partitionkey": "x",
            "data": {
                "task": {
                    "id": "01900000-0000-7000-8000-000000000001", "title": "Buy milk", "description": null,
                    "status": "open", "priority": "none", "due_at": null, "reminders": [], "owner": "alice",
                    "version": 1, "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:00:00Z",
                    "completed_at": null, "owner_email": null,
                },
                "changed": [],
            },
        });
        let reason = |event: &serde_json::Value| understand(event.to_string().as_bytes()).err();
        assert_eq!(reason(&event), None);
        event["type"] = "com.todo.task.created.v2".into();
        assert_eq!(reason(&event), Some("unknown_type"));
        event["data"] = json!({});
        assert_eq!(reason(&event), Some("unreadable"));
        assert_eq!(understand(b"").err(), Some("unreadable"));
    }
}
