//! Answers on their way back: the endless ones, server-sent events, and all others.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use prometheus_client::metrics::gauge::Gauge;
use todo_kit::{
    metrics::Metrics,
    problem::{self, Problem},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::body::Watched;

/// The exact text that daprd lets a stream pass for.
pub(crate) const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Tells nginx, which may be the ingress controller, to pass on what comes as it comes.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How long nothing may come in the middle of an answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// The same of events; while there are none, a service sends comments.
const EVENTS_PATIENCE: Duration = Duration::from_mins(1);
/// Streams at once at one replica.
const STREAMS_MAX: usize = 1000;

/// The streams of events of one gateway.
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    open: Gauge,
    ending: CancellationToken,
}

/// The place of one stream; free again when it goes.
pub(crate) struct Place {
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

impl Streams {
    /// None yet; shown as `todo_event_streams_open`.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let open = Gauge::default();
        let help = "Streams of server-sent events that are open";
        metrics.register("event_streams_open", help, open.clone());
        Self {
            places: Arc::new(Semaphore::new(STREAMS_MAX)),
            open,
            ending: CancellationToken::new(),
        }
    }

    /// Ends those that are open, and those to come.
    pub(crate) fn end(&self) {
        self.ending.cancel();
    }

    /// `response` as its client gets it: it breaks off when nothing comes for too long, and a stream ends with the
    /// gateway. 503 for one stream too many.
    pub(crate) fn watch(&self, response: Response) -> Result<Response, Problem> {
        let is_stream = response.headers().get(CONTENT_TYPE).is_some_and(is_events);
        if !is_stream {
            return Ok(response.map(|body| Body::new(Watched::new(body, ANSWER_PATIENCE))));
        }
        let place = self.place()?;
        let mut response = response.map(|body| {
            let ending = self.ending.clone();
            Body::new(Watched::endless(body, EVENTS_PATIENCE, place, ending))
        });
        response
            .headers_mut()
            .insert(BUFFERING, HeaderValue::from_static("no"));
        Ok(response)
    }

    fn place(&self) -> Result<Place, Problem> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        let permit = permit.map_err(|_| Problem::new(problem::OVERLOADED).retry_after(1))?;
        self.open.inc();
        Ok(Place {
            open: self.open.clone(),
            _permit: permit,
        })
    }
}

/// Whether a client asks for a stream of events.
pub(crate) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    *method == Method::GET
        && accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(names_events)
}

fn is_events(content_type: &HeaderValue) -> bool {
    content_type.to_str().is_ok_and(names_events)
}

/// Whether a media type, perhaps with parameters, is that of server-sent events.
fn names_events(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("text/event-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_wanted_by_who_accepts_one() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; q=0.9", true),
            ("application/json, text/event-stream", true),
            ("*/*", false),
            ("text/event-streams", false),
        ] {
            let headers: HeaderMap = [(ACCEPT, HeaderValue::from_static(accept))].into_iter().collect();
            assert_eq!(is_wanted(&Method::GET, &headers), expected, "{accept}");
            assert!(!is_wanted(&Method::POST, &headers), "{accept}");
        }
    }

    #[tokio::test]
    async fn one_stream_too_many_is_refused_until_another_ends() {
        let streams = Streams {
            places: Arc::new(Semaphore::new(1)),
            ..Streams::new(&Metrics::new("gateway", "test"))
        };
        let events = || {
            let response = Response::builder().header(CONTENT_TYPE, EVENTS);
            response.body(Body::empty()).unwrap()
        };
        let first = streams.watch(events()).unwrap();
        assert_eq!(streams.open.get(), 1);
        assert_eq!(streams.watch(events()).unwrap_err().kind(), problem::OVERLOADED);
        let other = Response::new(Body::empty());
        assert!(streams.watch(other).is_ok(), "other answers need no place");
        drop(first);
        assert_eq!(streams.open.get(), 0);
        assert!(streams.watch(events()).is_ok());
    }
}
