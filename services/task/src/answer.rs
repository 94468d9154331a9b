//! What a write answers: made before the write, so that both are stored together.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use todo_domain::{Project, Task};
use todo_kit::http::etag;

/// An answer that can be stored and given again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// `ETag`.
    pub(crate) etag: Option<HeaderValue>,
    /// `Location`.
    pub(crate) location: Option<HeaderValue>,
    /// JSON text.
    pub(crate) body: Option<String>,
}

/// What has a place of its own and versions.
pub(crate) trait Resource: Serialize + Sync {
    /// Its path.
    fn path(&self) -> String;
    /// Its version.
    fn version(&self) -> i64;
}

impl Resource for Task {
    fn path(&self) -> String {
        format!("/v1/tasks/{}", self.id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Resource for Project {
    fn path(&self) -> String {
        format!("/v1/projects/{}", self.id)
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Answer {
    /// 201 with the thing, its place and its entity tag.
    pub(crate) fn created(thing: &impl Resource) -> Self {
        let place = HeaderValue::try_from(thing.path());
        Self {
            status: StatusCode::CREATED,
            location: Some(place.expect("a path with an id should be a header value")),
            ..Self::shown(thing)
        }
    }

    /// 200 with the thing and its entity tag.
    pub(crate) fn shown(thing: &impl Resource) -> Self {
        Self {
            status: StatusCode::OK,
            etag: Some(etag(thing.version())),
            location: None,
            body: Some(serde_json::to_string(thing).expect("a thing of ours should be JSON")),
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

    /// 204 with the new entity tag of what something was taken from.
    pub(crate) fn taken_from(thing: &impl Resource) -> Self {
        Self {
            etag: Some(etag(thing.version())),
            ..Self::deleted()
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
