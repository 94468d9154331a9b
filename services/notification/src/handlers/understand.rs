use serde::de::DeserializeOwned;
use todo_domain::{CloudEvent, Topic};
use todo_kit::Chain;
use todo_kit::events::Outcome;

use crate::store::Store;

/// The event and which of `topics` it is of, or why it cannot be handled: another service or another version wrote it.
pub(super) fn understand<T: DeserializeOwned>(
    topics: &[Topic],
    body: &[u8],
) -> Result<(Topic, CloudEvent<T>), &'static str> {
    let event: CloudEvent<T> = serde_json::from_slice(body).map_err(|_| "unreadable")?;
    let topic = topics.iter().find(|topic| topic.event_type() == event.event_type);
    topic.map(|topic| (*topic, event)).ok_or("unknown_type")
}

/// Keeps what cannot be handled, and has it dropped: trying again would not help, unless it could not be kept.
pub(super) async fn give_up(store: &Store, reason: &'static str, body: &[u8]) -> Outcome {
    match store.bury(reason, body).await {
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
