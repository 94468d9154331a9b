//! Receiving events: what a handler gets and what it may answer.
//!
//! Mount a handler with `Router::route(&Topic::TaskCreated.route(), post(handler))`. It takes [`Event`] and answers
//! [`Outcome`]. Whatever is posted below `/events/` without a route is answered 500, never 404, because to daprd a 404
//! means "handled". Dead letters arrive at [`DEAD_LETTER_ROUTE`], which the kit itself answers: it logs and counts them
//! as `todo_dead_letters_total{type}`.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use serde::de::DeserializeOwned;
use todo_domain::{CloudEvent, Topic};

use crate::metrics::Metrics;

/// What the routes of events begin with.
pub const PREFIX: &str = "/events/";
/// Where dead letters arrive.
pub const DEAD_LETTER_ROUTE: &str = "/events/dead-letter";

/// What a handler tells the sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or done before, or about something that is gone: never again.
    Success,
    /// Not now: a store or a peer is away. Tried again, and dead-lettered in the end.
    Retry,
    /// Never: this event cannot be understood. Dead-lettered at once.
    Drop,
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Success => "SUCCESS",
            Self::Retry => "RETRY",
            Self::Drop => "DROP",
        };
        axum::Json(serde_json::json!({ "status": status })).into_response()
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

/// Counts what ended as a dead letter.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetters(Family<DeadLetterLabels, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeadLetterLabels {
    topic: &'static str,
}

impl DeadLetters {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let family = Family::default();
        metrics.register("dead_letters", "Events that were given up", family.clone());
        Self(family)
    }
}

/// Always acknowledges: a dead letter that fails has nowhere to go.
pub(crate) async fn dead_letter(State(letters): State<DeadLetters>, envelope: Bytes) -> Outcome {
    let event_type = attribute(&envelope, "type").unwrap_or_default();
    let topic = Topic::ALL
        .into_iter()
        .find(|topic| topic.event_type() == event_type)
        .map_or("unknown", Topic::name);
    letters.0.get_or_create(&DeadLetterLabels { topic }).inc();
    let (id, source) = (attribute(&envelope, "id"), attribute(&envelope, "source"));
    tracing::error!(event.id = id, event.source = source, event.type = event_type, "event was given up");
    Outcome::Success
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
