//! What a write answers: made before the write, so that both are stored together.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use todo_domain::Task;
use todo_kit::http::etag;

/// An answer that can be stored and given again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// `ETag`.
    pub etag: Option<HeaderValue>,
    /// `Location`.
    pub location: Option<HeaderValue>,
    /// JSON text.
    pub body: Option<String>,
}

impl Answer {
    /// 201 with the task, its place and its entity tag.
    pub(crate) fn created(task: &Task) -> Self {
        let place = HeaderValue::try_from(format!("/v1/tasks/{}", task.id));
        Self {
            status: StatusCode::CREATED,
            location: Some(place.expect("a path with an id should be a header value")),
            ..Self::shown(task)
        }
    }

    /// 200 with the task and its entity tag.
    pub(crate) fn shown(task: &Task) -> Self {
        Self {
            status: StatusCode::OK,
            etag: Some(etag(task.version)),
            location: None,
            body: Some(serde_json::to_string(task).expect("a task should be JSON")),
        }
    }

    /// 204.
    pub(crate) fn deleted() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            etag: None,
            location: None,
            body: None,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self {
            status,
            etag,
            location,
            body,
        } = self;
        let json = body
            .is_some()
            .then(|| HeaderValue::from_static("application/json"));
        let mut response = Response::new(body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        for (name, value) in [(CONTENT_TYPE, json), (ETAG, etag), (LOCATION, location)] {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        response
    }
}
