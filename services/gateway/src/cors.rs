//! Which web pages may call: exact origins, preflights answered before anything else.

use std::time::Duration;

use http::{
    HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER},
};
use todo_kit::http::idempotency;
use tower_http::cors::CorsLayer;

use crate::config::CorsConfig;

/// What the API answers to.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The layer for these origins. Without any, no page of another origin can read an answer.
pub(crate) fn layer(config: &CorsConfig) -> CorsLayer {
    let origins: Vec<HeaderValue> = config
        .origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect();
    let methods: Vec<Method> = config
        .methods
        .iter()
        .filter_map(|method| Method::from_bytes(method.as_bytes()).ok())
        .collect();
    let headers: Vec<HeaderName> = config
        .headers
        .iter()
        .filter_map(|header| HeaderName::from_bytes(header.as_bytes()).ok())
        .collect();
    let max_age = config
        .max_age_seconds
        .map_or(Duration::from_mins(10), Duration::from_secs);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(if methods.is_empty() {
            METHODS.to_vec()
        } else {
            methods
        })
        .allow_headers(if headers.is_empty() {
            api_headers()
        } else {
            headers
        })
        .allow_credentials(config.allow_credentials)
        .expose_headers([
            ETAG,
            LOCATION,
            LINK,
            RETRY_AFTER,
            idempotency::REPLAYED,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
        .max_age(max_age)
}

/// What the API reads.
fn api_headers() -> Vec<HeaderName> {
    vec![
        AUTHORIZATION,
        CONTENT_TYPE,
        IF_MATCH,
        IF_NONE_MATCH,
        idempotency::KEY,
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("traceparent"),
    ]
}
