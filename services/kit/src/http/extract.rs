//! Extractors that refuse with problems.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use todo_domain::Violation;

use crate::problem::{self, Problem};

/// A JSON body. 415 for another content type, 400 for what is no JSON, 413 for too much, 422 with a JSON pointer for a
/// member that is unknown, missing, or of the wrong kind.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(problem::UNSUPPORTED_MEDIA_TYPE).detail("send application/json"));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        parse(&bytes).map(Self)
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(super) fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(problem::TOO_LARGE).detail(format!("{} bytes is the most", super::BODY_MAX_BYTES))
    } else {
        Problem::new(problem::BAD_REQUEST).detail("the body ended early")
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        if cause.is_data() {
            // serde's text may quote what was sent, which is the client's own; it never quotes anything of ours.
            Problem::invalid(vec![Violation::new(pointer, "wrong_shape", cause.to_string())])
        } else {
            not_json(&cause)
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    let place = format!(
        "the body is not JSON: line {}, column {}",
        error.line(),
        error.column()
    );
    Problem::new(problem::BAD_REQUEST).detail(place)
}

/// The path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Query parameters; 400 for unknown, missing or malformed ones.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| Problem::new(problem::BAD_REQUEST).detail(rejection.body_text()))
    }
}

/// The one parameter of the path, as an id; 404 for what cannot be one, because no such thing exists.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let (_, text) = params.iter().next().ok_or_else(Problem::not_found)?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The two parameters of the path, in its order; 404 for what cannot be them, because no such thing exists.
#[derive(Debug, Clone, Copy)]
pub struct Ids<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        let mut texts = params.iter().map(|(_, text)| text);
        let first = texts.next().and_then(|text| text.parse().ok());
        let second = texts.next().and_then(|text| text.parse().ok());
        first
            .zip(second)
            .map(|(first, second)| Self(first, second))
            .ok_or_else(Problem::not_found)
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use todo_domain::TaskDraft;

    use super::*;

    async fn refusal(content_type: &str, body: &str) -> (u16, serde_json::Value) {
        let request = Request::builder()
            .header(CONTENT_TYPE, content_type)
            .body(body.to_owned().into())
            .unwrap();
        let response = Json::<TaskDraft>::from_request(request, &())
            .await
            .unwrap_err()
            .into_response();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap(),
        )
    }

    #[tokio::test]
    async fn two_ids_are_read_in_their_order_and_decoded() {
        let show = |Ids(number, text): Ids<u8, String>| async move { format!("{number} {text}") };
        let routes = axum::Router::new().route("/a/{id}/b/{user}", axum::routing::get(show));
        for (path, expected) in [
            ("/a/7/b/x%20y", Some("7 x y")),
            ("/a/x/b/y", None),
            ("/a/7/b/%FF", None),
        ] {
            let request = http::Request::builder().uri(path).body(axum::body::Body::empty());
            let answer = tower::ServiceExt::oneshot(routes.clone(), request.unwrap())
                .await
                .unwrap();
            assert_eq!(answer.status().as_u16(), expected.map_or(404, |_| 200), "{path}");
            let bytes = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
            assert!(
                expected.is_none_or(|expected| bytes == expected.as_bytes()),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_read_says_where() {
        let json = "application/json; charset=utf-8";
        let table = [
            ("text/plain", "{}", 415, None),
            (json, "{", 400, None),
            (json, "{} {}", 422, Some("")),
            (json, r#"{"title": "x"} x"#, 400, None),
            (json, r#"{"title": 1}"#, 422, Some("/title")),
            (json, r#"{"title": "x", "owner": "mallory"}"#, 422, Some("/owner")),
            (
                json,
                r#"{"title": "x", "reminders": [{"at": "tomorrow"}]}"#,
                422,
                Some("/reminders/0/at"),
            ),
        ];
        for (content_type, body, status, pointer) in table {
            let (answered, problem) = refusal(content_type, body).await;
            assert_eq!(
                (answered, problem["errors"][0]["pointer"].as_str()),
                (status, pointer),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn merge_patches_and_events_are_json_too() {
        for content_type in ["application/merge-patch+json", "application/cloudevents+json"] {
            let body = r#"{"title": "x"}"#.to_owned().into();
            let request = Request::builder()
                .header(CONTENT_TYPE, content_type)
                .body(body)
                .unwrap();
            assert_eq!(
                Json::<TaskDraft>::from_request(request, &())
                    .await
                    .unwrap()
                    .0
                    .title,
                "x"
            );
        }
    }
}
