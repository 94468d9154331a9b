//! Receiving events: what a handler gets and what it may answer.
//!
//! Mount a handler with `Router::route(&Topic::TaskCreated.route(), post(handler))`. It takes [`Event`] and answers
//! [`Outcome`]. Whatever is posted below `/events/` without a route is answered 500, never 404, because to daprd a 404
//! means "handled". A service that consumes anything also merges [`dead_letters`] into its routes, where the events arrive
//! that were given up.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use serde::de::DeserializeOwned;
use todo_domain::{CloudEvent, Topic};

use crate::metrics::Metrics;
use crate::problem::Problem;

/// What the routes of events begin with.
pub const PREFIX: &str = "/events/";
/// Where dead letters arrive.
pub const DEAD_LETTER_ROUTE: &str = "/events/dead-letter";
/// Why a dead letter is kept that could be understood: each attempt to handle it failed.
pub const RETRIES_EXHAUSTED: &str = "retries_exhausted";

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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeadLetterLabels {
    topic: &'static str,
}

/// The route of dead letters. `keep` stores one, the whole envelope as it came, in `store`; it may get the same one
/// again. What it kept is logged, counted as `todo_dead_letters_total{topic}` and acknowledged. What it could not keep
/// is answered 503, so that the sidecar brings it again: a dead letter that fails has nowhere else to go.
pub fn dead_letters<S, K, F, E>(metrics: &Metrics, store: S, keep: K) -> Router
where
    S: Clone + Send + Sync + 'static,
    K: Fn(S, Bytes) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Error + 'static,
{
    let counts = Family::<DeadLetterLabels, Counter>::default();
    metrics.register("dead_letters", "Events that were given up", counts.clone());
    let handle = |envelope: Bytes| async move {
        keep(store, envelope.clone())
            .await
            .map_err(|error| Problem::unavailable(&error))?;
        counts.get_or_create(&given_up(&envelope)).inc();
        Ok::<_, Problem>(Outcome::Success)
    };
    Router::new().route(DEAD_LETTER_ROUTE, post(handle))
}

/// Logs whose letter it is, and says how to count it.
fn given_up(envelope: &[u8]) -> DeadLetterLabels {
    let (id, source) = (attribute(envelope, "id"), attribute(envelope, "source"));
    let event_type = attribute(envelope, "type").unwrap_or_default();
    tracing::error!(
        event.id = id,
        event.source = source,
        event.type = event_type,
        "event was given up and is kept as a dead letter"
    );
    let topic = Topic::ALL
        .into_iter()
        .find(|topic| topic.event_type() == event_type)
        .map_or("unknown", Topic::name);
    DeadLetterLabels { topic }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use http_body_util::BodyExt;
    use todo_domain::TaskChanged;
    use tower::ServiceExt;

    use super::*;

    /// What was kept, or `None` for a store that is away.
    type Letters = Option<Arc<Mutex<Vec<Bytes>>>>;

    async fn keep(letters: Letters, letter: Bytes) -> io::Result<()> {
        let letters = letters.ok_or(io::ErrorKind::ConnectionRefused)?;
        letters.lock().unwrap().push(letter);
        Ok(())
    }

    /// Posts a dead letter, and gives the answer and the metrics after it.
    async fn dead_letter(letters: Letters, envelope: &'static str) -> (u16, serde_json::Value, String) {
        let metrics = Metrics::new("test", "0.0.0");
        let request = Request::post(DEAD_LETTER_ROUTE).body(Body::from(envelope));
        let answer = dead_letters(&metrics, letters, keep)
            .oneshot(request.unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap();
        (status, body, metrics.encode().unwrap())
    }

    #[tokio::test]
    async fn a_dead_letter_is_acknowledged_once_it_is_kept() {
        let table = [
            (
                r#"{"id": "1", "type": "com.todo.task.created.v1"}"#,
                "task.created",
            ),
            (r#"{"id": "1", "type": "com.todo.task.created.v2"}"#, "unknown"),
            ("no json", "unknown"),
        ];
        for (letter, topic) in table {
            let letters = Arc::default();
            let (status, body, metrics) = dead_letter(Some(Arc::clone(&letters)), letter).await;
            assert_eq!((status, &body["status"]), (200, &"SUCCESS".into()), "{letter}");
            assert_eq!(*letters.lock().unwrap(), [letter]);
            let count = format!("todo_dead_letters_total{{topic=\"{topic}\"}} 1");
            assert!(metrics.contains(&count), "{count} is missing in\n{metrics}");
        }
    }

    #[tokio::test]
    async fn a_dead_letter_that_cannot_be_kept_is_to_come_again() {
        let (status, body, metrics) = dead_letter(None, "{}").await;
        assert_eq!((status, &body["code"]), (503, &"unavailable".into()));
        assert!(!metrics.contains("todo_dead_letters_total"), "{metrics}");
    }

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
