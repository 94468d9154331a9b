//! Errors as clients see them: `application/problem+json` (RFC 9457).
//!
//! Every kind of problem is one constant in this file; `code` is what programs match on and is never reworded. A
//! problem of the 5xx range never carries a cause: the cause is logged once, with the trace id that the body shows.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use todo_domain::Violation;
use utoipa::ToSchema;

use crate::{Chain, TraceContext};

/// One kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemType {
    /// Its HTTP status.
    pub status: StatusCode,
    /// Its machine-readable name.
    pub code: &'static str,
    /// Its name for people.
    pub title: &'static str,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: ProblemType =
            ProblemType { status: StatusCode::$status, code: $code, title: $title };)*

        /// Every kind of problem that the kit knows.
        pub const ALL: &[ProblemType] = &[$($name),*];
    };
}

problems! {
    /// The body is not JSON, a header or a query parameter cannot be read.
    BAD_REQUEST = BAD_REQUEST, "bad_request", "The request cannot be read";
    /// A list cursor that we did not make, or made for another query.
    BAD_CURSOR = BAD_REQUEST, "bad_cursor", "The cursor does not fit this list";
    /// No token, or one that cannot be accepted.
    UNAUTHORIZED = UNAUTHORIZED, "unauthorized", "A valid bearer token is needed";
    /// The request did not come through the sidecar.
    NOT_FROM_SIDECAR = UNAUTHORIZED, "not_from_sidecar", "Requests must come through the Dapr sidecar";
    /// Known, but not allowed.
    FORBIDDEN = FORBIDDEN, "forbidden", "This is not allowed";
    /// No such thing, or not the caller's.
    NOT_FOUND = NOT_FOUND, "not_found", "There is no such thing";
    /// The path exists, the method does not.
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not answer that method";
    /// The client asks for another protocol on the same connection: a WebSocket, say.
    UPGRADE_NOT_SUPPORTED = BAD_REQUEST, "upgrade_not_supported", "The connection stays what it is";
    /// The body did not come in time.
    REQUEST_TIMEOUT = REQUEST_TIMEOUT, "request_timeout", "The request did not come in time";
    /// The path, the query and the headers together are too long.
    HEADERS_TOO_LARGE = REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "The headers are too large";
    /// `Idempotency-Key` is no string of 1 to 255 visible characters.
    IDEMPOTENCY_KEY_INVALID = BAD_REQUEST, "idempotency_key_invalid", "The idempotency key cannot be read";
    /// `Idempotency-Key` was used for another request before.
    IDEMPOTENCY_KEY_REUSED = UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The idempotency key belongs to another request";
    /// A request with the same `Idempotency-Key`, or another write of the same thing, did not end in time.
    IDEMPOTENCY_KEY_IN_USE = CONFLICT, "idempotency_key_in_use", "The same request may still be running";
    /// The state machine has no such step.
    ILLEGAL_TRANSITION = CONFLICT, "illegal_transition", "The task cannot take this step";
    /// Somebody else wrote at the same time, again and again.
    CONFLICT = CONFLICT, "conflict", "Another change came first";
    /// Something still belongs to what was to go.
    STILL_USED = CONFLICT, "still_used", "Something still belongs to it";
    /// The user who made a project was to become less than its owner.
    OWNER_STAYS = CONFLICT, "owner_stays", "Who made the project stays its owner";
    /// There are as many of them as there can be.
    LIMIT_REACHED = CONFLICT, "limit_reached", "There is no room for more";
    /// A sync token is older than what is remembered.
    SYNC_TOKEN_EXPIRED = GONE, "sync_token_expired", "The sync token is too old; begin anew";
    /// `If-Match` names another version than the present one.
    VERSION_MISMATCH = PRECONDITION_FAILED, "version_mismatch", "The thing has changed since it was read";
    /// The body is too large.
    TOO_LARGE = PAYLOAD_TOO_LARGE, "too_large", "The body is too large";
    /// The body is not of a type that the route reads.
    UNSUPPORTED_MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The content type is not supported";
    /// Fields break rules; `errors` says which.
    INVALID = UNPROCESSABLE_ENTITY, "invalid", "Some fields are not valid";
    /// Too many requests; `Retry-After` says when to come back.
    RATE_LIMITED = TOO_MANY_REQUESTS, "rate_limited", "Too many requests";
    /// Our fault.
    INTERNAL = INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side";
    /// The service behind answered with nonsense.
    BAD_GATEWAY = BAD_GATEWAY, "bad_gateway", "A service behind gave no usable answer";
    /// A store or a service behind is away.
    UNAVAILABLE = SERVICE_UNAVAILABLE, "unavailable", "Not available at the moment";
    /// More requests at once than this replica takes.
    OVERLOADED = SERVICE_UNAVAILABLE, "overloaded", "Too many requests at once";
    /// No answer in time.
    TIMEOUT = GATEWAY_TIMEOUT, "timeout", "No answer in time";
}

/// An error as its client sees it.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: ProblemType,
    detail: Option<String>,
    errors: Vec<Violation>,
    headers: HeaderMap,
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// A URI that names the kind of problem and ends with `code`.
    #[schema(example = "https://todoplatform.dev/problems/invalid")]
    r#type: String,
    /// What kind of problem it is, for people.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What kind of problem it is, for programs; never reworded.
    #[schema(example = "invalid")]
    code: &'a str,
    /// This very case, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'a str>,
    /// Every rule that the input breaks, and where.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<Violation>)]
    errors: &'a [Violation],
    /// Names the request in logs and traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trace_id: Option<String>,
}

impl Problem {
    /// A problem of this kind, without detail.
    pub fn new(kind: ProblemType) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// With a sentence about this very case. Must hold nothing that the client may not know.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// With a header beside the body.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// With `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// 422 with every rule that the input breaks.
    pub fn invalid(errors: Vec<Violation>) -> Self {
        let mut problem = Self::new(INVALID);
        problem.0.errors = errors;
        problem
    }

    /// 404 that does not tell "not there" from "not yours".
    pub fn not_found() -> Self {
        Self::new(NOT_FOUND)
    }

    /// 401 with the challenge of RFC 6750.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
        Self::new(UNAUTHORIZED)
            .detail(detail)
            .header(WWW_AUTHENTICATE, challenge)
    }

    /// 500; logs `error` with its causes here, once, and shows none of it.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error.chain = %Chain(error), trace_id = trace_id(), "request failed");
        Self::new(INTERNAL)
    }

    /// 503 to be tried again; logs `error` with its causes here, once, and shows none of it.
    pub fn unavailable(error: &(dyn Error + 'static)) -> Self {
        tracing::warn!(error.chain = %Chain(error), trace_id = trace_id(), "request failed for now");
        Self::new(UNAVAILABLE).retry_after(1)
    }

    /// What kind it is.
    pub fn kind(&self) -> ProblemType {
        self.0.kind
    }
}

fn trace_id() -> Option<String> {
    TraceContext::current().map(TraceContext::trace_id)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts {
            kind,
            detail,
            errors,
            headers,
        } = *self.0;
        let body = Body {
            r#type: format!("https://todoplatform.dev/problems/{}", kind.code),
            title: kind.title,
            status: kind.status.as_u16(),
            code: kind.code,
            detail: detail.as_deref(),
            errors: &errors,
            trace_id: trace_id(),
        };
        let mut response = (kind.status, axum::Json(body)).into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(headers);
        response
    }
}

impl From<Vec<Violation>> for Problem {
    fn from(errors: Vec<Violation>) -> Self {
        Self::invalid(errors)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn json(problem: Problem) -> serde_json::Value {
        let body = problem
            .into_response()
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn every_kind_is_in_the_guide_and_no_other() {
        const GUIDE: &str = include_str!("../../../docs/guide/problems.md");
        let rows = GUIDE.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let status = cells.next()?.parse::<u16>().ok()?;
            Some((status, cells.next()?.trim_matches('`').to_owned()))
        });
        let mut documented: Vec<_> = rows.collect();
        let known = ALL
            .iter()
            .map(|kind| (kind.status.as_u16(), kind.code.to_owned()));
        let mut known: Vec<_> = known.collect();
        documented.sort();
        known.sort();
        assert_eq!(documented, known);
    }

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        for (index, kind) in ALL.iter().enumerate() {
            assert!(
                kind.status.is_client_error() || kind.status.is_server_error(),
                "{}",
                kind.code
            );
            assert!(
                ALL.iter().skip(index + 1).all(|other| other.code != kind.code),
                "{} twice",
                kind.code
            );
        }
    }

    #[tokio::test]
    async fn the_body_has_the_members_of_the_contract() {
        let context = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        let problem = Problem::invalid(vec![Violation::new("/title", "empty", "the title is empty")]);
        let body = context.scope(json(problem)).await;
        let expected = serde_json::json!({
            "type": "https://todoplatform.dev/problems/invalid", "title": "Some fields are not valid",
            "status": 422, "code": "invalid",
            "errors": [{"pointer": "/title", "code": "empty", "detail": "the title is empty"}],
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        });
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn a_cause_stays_inside() {
        let cause = std::io::Error::other("password authentication failed for user \"task\"");
        for problem in [Problem::internal(&cause), Problem::unavailable(&cause)] {
            assert!(!json(problem).await.to_string().contains("password"));
        }
    }
}
