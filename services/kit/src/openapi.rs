//! The HTTP API of a service as a document (OpenAPI 3.1), made from its handlers: `todo-<service> openapi`.
//!
//! A handler says by `#[utoipa::path]` what it takes and gives. What all of them share is said once, here: the token, the
//! headers of conditional and repeatable requests, and the problems.

use std::collections::BTreeMap;

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Header, HeaderBuilder, InfoBuilder, ObjectBuilder, OpenApi, Ref, RefOr,
    Response, ResponseBuilder, SecurityRequirement, Type,
};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use crate::cli::VERSION;
use crate::problem::{self, Body, ProblemType};

/// The name of the token among the document's security schemes.
const TOKEN: &str = "token";

/// The header of a conditional write.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatchHeader {
    /// Write only if the thing still has this `ETag`, `"v3"`, or for `*` any; else 412 with the present one.
    #[param(rename = "If-Match", nullable = false)]
    pub if_match: Option<String>,
}

/// The header of a conditional read.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatchHeader {
    /// Answer 304 if the thing still has this `ETag`.
    #[param(rename = "If-None-Match", nullable = false)]
    pub if_none_match: Option<String>,
}

/// The header of a write that may be sent again.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// What the client calls this write: 1 to 255 visible characters. The same request under the same key is carried out
    /// once and answered alike for a day; the gateway gives a key to a POST or PATCH without one.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    pub idempotency_key: Option<String>,
}

/// What a read may be refused with.
#[derive(Debug)]
pub struct ReadProblems;

/// What a write may be refused with, beyond a read.
#[derive(Debug)]
pub struct WriteProblems;

/// What every request may be refused with.
const ANY: &[ProblemType] = &[
    problem::BAD_REQUEST,
    problem::UNAUTHORIZED,
    problem::NOT_FOUND,
    problem::INTERNAL,
    problem::UNAVAILABLE,
    problem::OVERLOADED,
    problem::TIMEOUT,
];

/// What a request with a body or a condition may be refused with as well.
const WRITE: &[ProblemType] = &[
    problem::IDEMPOTENCY_KEY_INVALID,
    problem::FORBIDDEN,
    problem::ILLEGAL_TRANSITION,
    problem::CONFLICT,
    problem::STILL_USED,
    problem::OWNER_STAYS,
    problem::LIMIT_REACHED,
    problem::IDEMPOTENCY_KEY_IN_USE,
    problem::VERSION_MISMATCH,
    problem::TOO_LARGE,
    problem::UNSUPPORTED_MEDIA_TYPE,
    problem::INVALID,
    problem::IDEMPOTENCY_KEY_REUSED,
];

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let read = [problem::BAD_CURSOR, problem::INVALID];
        responses(ANY.iter().chain(&read))
    }
}

impl IntoResponses for WriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(ANY.iter().chain(WRITE))
    }
}

/// One answer per status, which lists the codes that its body may have.
pub fn responses<'a>(
    problems: impl IntoIterator<Item = &'a ProblemType>,
) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<&ProblemType>> = BTreeMap::new();
    for problem in problems {
        by_status
            .entry(problem.status.as_u16())
            .or_default()
            .push(problem);
    }
    by_status
        .into_iter()
        .map(|(status, problems)| (status.to_string(), response(status, &problems).into()))
        .collect()
}

fn response(status: u16, problems: &[&ProblemType]) -> Response {
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("`{}`: {}", problem.code, problem.title))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Body::name())))
        .build();
    let response = ResponseBuilder::new()
        .description(lines.join("; "))
        .content("application/problem+json", content);
    match status {
        401 => response.header("WWW-Authenticate", text("The challenge of RFC 6750")),
        412 => response.header("ETag", text("The present version, `\"v3\"`")),
        429 | 503 => response.header("Retry-After", text("Seconds to wait")),
        _ => response,
    }
    .build()
}

fn text(about: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(about))
        .build()
}

/// The path patterns of a document: `/v1/tasks/{id}`.
pub fn paths(api: &OpenApi) -> Vec<String> {
    api.paths.paths.keys().cloned().collect()
}

/// `api`, the paths of a service and their schemas, with all that documents have in common.
pub fn document(title: &str, about: &str, mut api: OpenApi) -> OpenApi {
    api.info = InfoBuilder::new()
        .title(title)
        .version(VERSION)
        .description(Some(about))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token of the platform's issuer"))
        .build();
    let components = api.components.get_or_insert_with(Components::new);
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    let mut shared = vec![(Body::name().into_owned(), Body::schema())];
    Body::schemas(&mut shared);
    components.schemas.extend(shared);
    api.security = Some(vec![SecurityRequirement::new(TOKEN, [""; 0])]);
    api
}
