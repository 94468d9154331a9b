//! Receiving events: what a handler gets and what it may answer.
//!
//! Mount a handler with `Router::route(&Topic::TaskCreated.route(), post(handler))`. It takes [`Event`] and answers
//! [`Outcome`]. Whatever is posted below `/events/` without a route is answered 500, never 404, because to daprd a 404
//! means "handled". A service that consumes anything also merges [`dead_letters`] into its routes, where the events arrive
//! that were given up. Around the handlers the kit measures how old events are and what became of them, and traces them.

mod consume;
mod dead_letters;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use todo_domain::{CloudEvent, Topic};

pub(crate) use consume::{Consumer, consume};
pub use dead_letters::{DEAD_LETTER_ROUTE, DeadLetters, dead_letters};

/// What the routes of events begin with.
pub const PREFIX: &str = "/events/";
/// Why a dead letter is kept that could be understood: each attempt to handle it failed.
pub const RETRIES_EXHAUSTED: &str = "retries_exhausted";
/// The topic of an event that cannot be understood.
pub const UNKNOWN_TOPIC: &str = "unknown";

/// What a handler tells the sidecar. Answered otherwise, with a problem, an event is tried again too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done: never again.
    Applied,
    /// Done before, or about something that is newer by now or gone: nothing changed, and never again.
    Duplicate,
    /// Not now: a store or a peer is away. Tried again, and dead-lettered in the end.
    Retry,
    /// Never: this event cannot be understood. Dead-lettered at once.
    Drop,
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Applied | Self::Duplicate => "SUCCESS",
            Self::Retry => "RETRY",
            Self::Drop => "DROP",
        };
        let mut response = axum::Json(serde_json::json!({ "status": status })).into_response();
        // For what measures around the handler: the sidecar is not told which success it was.
        response.extensions_mut().insert(self);
        response
    }
}

/// An event as extractor. What is not an envelope with data of type `T` is logged and dropped.
#[derive(Debug, Clone)]
pub struct Event<T>(pub CloudEvent<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Event<T> {
    type Rejection = Outcome;

    async fn from_request(request: Request, state: &S) -> Result<Self, Outcome> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Outcome::Retry)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // Where, not what: the text may quote the event's data.
            let (line, column) = (error.line(), error.column());
            tracing::error!(
                line,
                column,
                event.id = attribute(&bytes, "id"),
                "event is not understood and dropped"
            );
            Outcome::Drop
        })
    }
}

fn attribute(envelope: &[u8], name: &str) -> Option<String> {
    let envelope: serde_json::Value = serde_json::from_slice(envelope).ok()?;
    envelope.get(name)?.as_str().map(str::to_owned)
}

/// The topic of an event by its type, without understanding the rest; [`UNKNOWN_TOPIC`] when that is not one of ours.
pub fn topic_of(envelope: &[u8]) -> &'static str {
    let event_type = attribute(envelope, "type").unwrap_or_default();
    Topic::ALL
        .into_iter()
        .find(|topic| topic.event_type() == event_type)
        .map_or(UNKNOWN_TOPIC, Topic::name)
}

#[cfg(test)]
mod tests {
    use todo_domain::TaskChanged;

    use super::*;

    #[tokio::test]
    async fn an_event_that_is_not_understood_is_dropped() {
        for body in ["", "{}", r#"{"specversion": "1.0", "id": 3}"#] {
            let request = Request::builder().body(body.to_owned().into()).unwrap();
            assert_eq!(
                Event::<TaskChanged>::from_request(request, &())
                    .await
                    .unwrap_err(),
                Outcome::Drop,
                "{body}"
            );
        }
    }
}
