use axum::body::Bytes;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use todo_domain::{CloudEvent, Topic};
use todo_kit::events::Outcome;
use todo_kit::problem::Problem;

use super::understand::{give_up, understand};
use super::{App, HAPPENINGS};
use crate::fold::utc_day;
use crate::store::{Folded, Happening, StoreError};

/// As much of the data as is counted.
#[derive(Deserialize)]
struct Data {
    owner: String,
    /// When a reminder was due; notifications have none.
    at: Option<Timestamp>,
}

/// `POST /events/task.reminder`, `/events/notification.delivered` and `/events/notification.failed`: one more of these
/// for the owner, on the day it happened.
pub(super) async fn handle(State(app): State<App>, body: Bytes) -> Result<Outcome, Problem> {
    let (topic, event) = match understand::<Data>(&HAPPENINGS, &body) {
        Ok(understood) => understood,
        Err(reason) => return Ok(give_up(&app.store, reason, &body).await),
    };
    let folded = count(&app, topic, &event).await;
    folded
        .map(Outcome::from)
        .map_err(|error| Problem::unavailable(&error))
}

async fn count(app: &App, topic: Topic, event: &CloudEvent<Data>) -> Result<Folded, StoreError> {
    let happening = match topic {
        Topic::NotificationDelivered => Happening::NotificationDelivered,
        Topic::NotificationFailed => Happening::NotificationFailed,
        _ => Happening::Reminder,
    };
    let day = utc_day(event.data.at.unwrap_or(event.time));
    let folded = app
        .store
        .fold_happening(event, &event.data.owner, day, happening)
        .await?;
    tracing::debug!(event.id = %event.id, event.type = event.event_type, ?folded, "event taken in");
    Ok(folded)
}
