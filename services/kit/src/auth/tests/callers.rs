//! Requests with and without tokens, as a route sees them.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http::request::Builder;
use tower::ServiceExt;

use super::{clock, header, with};
use crate::auth::Caller;
use crate::metrics::Metrics;
use crate::testing::{TestIssuer, traced_app, tracer};

/// Status and challenge of a request, and what is counted then.
async fn answer(request: Builder) -> (u16, String, String) {
    let routes = Router::new().route("/v1/me", get(|caller: Caller| async move { caller.sub }));
    let metrics = Metrics::new("test", "test");
    let app = traced_app(routes, &TestIssuer::new(1), clock(), metrics.clone(), tracer());
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenge = answer.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    let counted = metrics.encode().unwrap();
    let counted = counted.lines().filter_map(|line| {
        line.strip_prefix("todo_tokens_refused_total{reason=\"")?
            .strip_suffix("\"} 1")
    });
    let counted = counted.collect::<Vec<_>>().join(",");
    (answer.status().as_u16(), challenge.unwrap_or_default(), counted)
}

fn request() -> Builder {
    Request::get("/v1/me")
}

#[tokio::test]
async fn each_way_to_send_a_token_has_its_answer_and_its_reason() {
    let issuer = TestIssuer::new(1);
    let good = issuer.token("alice");
    let bearer = format!("Bearer {good}");
    let expired = issuer.sign(
        &header(),
        &with(TestIssuer::claims("alice"), "exp", serde_json::json!(1)),
    );
    let (asked, invalid) = ("Bearer", r#"Bearer error="invalid_token""#);
    let sent = |value: &str| request().header("authorization", value);
    let table = [
        ("one", sent(&bearer), (200, "", "")),
        ("in lower case", sent(&format!("bearer {good}")), (200, "", "")),
        ("none", request(), (401, asked, "missing")),
        ("no scheme", sent(&good), (401, asked, "missing")),
        ("another scheme", sent("Basic YTpi"), (401, asked, "missing")),
        (
            "the same twice",
            sent(&bearer).header("authorization", &bearer),
            (401, asked, "missing"),
        ),
        (
            "another besides",
            sent(&bearer).header("authorization", "Bearer x"),
            (401, asked, "missing"),
        ),
        (
            "two in one",
            sent(&format!("{bearer}, {bearer}")),
            (401, invalid, "malformed"),
        ),
        (
            "in another header only",
            request()
                .header("x-user-id", "alice")
                .header("x-forwarded-user", "alice")
                .header("proxy-authorization", &bearer),
            (401, asked, "missing"),
        ),
        (
            "too long",
            sent(&format!("Bearer {}", "x".repeat(8 * 1024 + 1))),
            (401, invalid, "too_long"),
        ),
        ("empty", sent("Bearer "), (401, invalid, "malformed")),
        (
            "expired",
            sent(&format!("Bearer {expired}")),
            (401, invalid, "expired"),
        ),
    ];
    for (name, request, (status, challenge, reason)) in table {
        let expected = (status, challenge.to_owned(), reason.to_owned());
        assert_eq!(answer(request).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_token_in_the_address_is_none() {
    let token = TestIssuer::new(1).token("alice");
    let request = Request::get(format!("/v1/me?access_token={token}"));
    assert_eq!(answer(request).await.0, 401);
}
