//! Requests that are refused for their form, and headers that must not cross the gateway in either direction.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, Method,
    header::{CONNECTION, EXPECT, HOST, UPGRADE},
};
use todo_kit::problem::{self, Problem};

use crate::route;

/// Most bytes of a request's path, query and headers: what a token of 8 KiB leaves room for, and less than the sidecar
/// reads (`dapr.io/read-buffer-size`, 16Ki) with what the gateway adds.
const HEAD_MAX_BYTES: usize = 12 * 1024;
/// What is answered by any service.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// Meant for one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Names that only somebody behind the gateway may use: a client that sends them claims to be somebody else.
const CLAIMS: &[&str] = &["dapr-", "x-user-", "x-forwarded-", "x-real-ip"];

/// Refuses what two readers could read in two ways, and what no service answers.
pub(crate) async fn refuse(request: Request, next: Next) -> Response {
    match fault(&request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn fault(request: &Request) -> Option<Problem> {
    let (uri, headers) = (request.uri(), request.headers());
    if head_bytes(request) > HEAD_MAX_BYTES {
        let detail = format!("{HEAD_MAX_BYTES} bytes is the most of path, query and headers");
        Some(Problem::new(problem::HEADERS_TOO_LARGE).detail(detail))
    } else if route::is_ambiguous(uri.path()) {
        let detail = "the path has an encoded slash or dot, or an empty segment";
        Some(Problem::new(problem::BAD_REQUEST).detail(detail))
    } else if headers.get_all(HOST).iter().nth(1).is_some() {
        Some(Problem::new(problem::BAD_REQUEST).detail("there is more than one Host"))
    } else if !METHODS.contains(request.method()) {
        Some(Problem::new(problem::METHOD_NOT_ALLOWED))
    } else if wants_websocket(headers) {
        let detail = "there are no WebSockets here; streams are text/event-stream";
        Some(Problem::new(problem::UPGRADE_NOT_SUPPORTED).detail(detail))
    } else {
        None
    }
}

fn head_bytes(request: &Request) -> usize {
    // A colon, a space and the end of the line.
    const BETWEEN: usize = 4;
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + BETWEEN);
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    target + headers.sum::<usize>()
}

/// Any other protocol that a client offers is not taken up, which is all that it needs.
fn wants_websocket(headers: &HeaderMap) -> bool {
    let offered = headers
        .get_all(UPGRADE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    offered
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// Removes from a request what a client must not say to a service.
pub(crate) fn request(headers: &mut HeaderMap) {
    hop_by_hop(headers);
    headers.remove(HOST);
    // Whoever expects to be told to go on was told so by us.
    headers.remove(EXPECT);
    headers.remove("forwarded");
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| CLAIMS.iter().any(|c| name.as_str().starts_with(c)))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
}

/// Removes from an answer what is between the gateway and its sidecar.
pub(crate) fn response(headers: &mut HeaderMap) {
    hop_by_hop(headers);
    let dapr: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("dapr-"))
        .cloned()
        .collect();
    for name in dapr {
        headers.remove(name);
    }
}

fn hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(*name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v)))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_client_cannot_claim_an_identity_or_a_route() {
        let mut sent = headers(&[
            ("authorization", "Bearer x"),
            ("dapr-app-id", "todo-notification"),
            ("dapr-api-token", "x"),
            ("dapr-caller-app-id", "todo-gateway"),
            ("x-user-id", "root"),
            ("x-forwarded-for", "10.0.0.1"),
            ("forwarded", "for=10.0.0.1"),
            ("x-real-ip", "10.0.0.1"),
            ("expect", "100-continue"),
            ("host", "todo.example"),
            ("if-match", "\"v1\""),
        ]);
        request(&mut sent);
        assert_eq!(names(&sent), ["authorization", "if-match"]);
    }

    #[test]
    fn what_is_meant_for_one_connection_stays_there() {
        let mut sent = headers(&[
            ("connection", "close, X-Secret-Hop"),
            ("x-secret-hop", "1"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("accept", "*/*"),
        ]);
        request(&mut sent);
        assert_eq!(names(&sent), ["accept"]);

        let mut answered = headers(&[("keep-alive", "timeout=5"), ("dapr-x", "1"), ("etag", "\"v1\"")]);
        response(&mut answered);
        assert_eq!(names(&answered), ["etag"]);
    }

    #[test]
    fn a_request_is_refused_for_its_form() {
        let get = || Request::get("/v1/tasks");
        let long = "x".repeat(HEAD_MAX_BYTES);
        let table = [
            (get().header("host", "a"), None),
            (
                get().header("host", "a").header("host", "a"),
                Some(problem::BAD_REQUEST),
            ),
            (Request::get("/v1/tasks/a%2Fb"), Some(problem::BAD_REQUEST)),
            (get().header("x", &long), Some(problem::HEADERS_TOO_LARGE)),
            (
                Request::get(format!("/v1/tasks?q={long}")),
                Some(problem::HEADERS_TOO_LARGE),
            ),
            (get().header("x", &long[100..]), None),
            (get().method(Method::TRACE), Some(problem::METHOD_NOT_ALLOWED)),
            (get().method("BREW"), Some(problem::METHOD_NOT_ALLOWED)),
            (get().method(Method::HEAD), None),
            (
                get().header("upgrade", "WebSocket"),
                Some(problem::UPGRADE_NOT_SUPPORTED),
            ),
            (
                get().header("upgrade", "h2c, websocket"),
                Some(problem::UPGRADE_NOT_SUPPORTED),
            ),
            (get().header("upgrade", "h2c"), None),
        ];
        for (number, (request, expected)) in table.into_iter().enumerate() {
            let request = request.body(axum::body::Body::empty()).unwrap();
            let found = fault(&request).map(|problem| problem.kind());
            assert_eq!(found, expected, "row {number}");
        }
    }
}
