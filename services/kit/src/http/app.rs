//! The app port.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use todo_domain::{Clock, Topic};

use super::app_token::app_token;
use super::limit::{BODY_MAX_BYTES, Limits, limit};
use super::observe::{Observer, observe};
use super::secure::secure;
use crate::auth::Verifier;
use crate::events::{Consumer, consume};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::{self, Problem};
use crate::trace::Tracer;
use crate::{Secret, events};

/// What the layers of the app port need.
pub struct AppLayers {
    /// Counts requests.
    pub metrics: Metrics,
    /// Answers `/healthz`.
    pub health: Health,
    /// Begins spans.
    pub tracer: Tracer,
    /// Tells how old an event is.
    pub clock: Arc<dyn Clock>,
    /// The topics whose events arrive here.
    pub consumes: Vec<Topic>,
    /// Verifies the callers' tokens.
    pub verifier: Arc<Verifier>,
    /// What daprd must send; `None` on a public port, which then has no Dapr routes either.
    pub app_token: Option<Secret>,
}

/// The service's own `routes` with all that the port needs around them. `routes` must have no fallback of its own.
pub fn app(routes: Router, layers: AppLayers) -> Router {
    let AppLayers {
        metrics,
        health,
        tracer,
        clock,
        consumes,
        verifier,
        app_token: token,
    } = layers;
    verifier.show(&metrics);
    let consumer = Consumer::new(&metrics, &consumes, clock, tracer.clone());
    let routes = routes.layer(from_fn_with_state(Arc::new(consumer), consume));
    let is_public = token.is_none();
    let guarded = match token {
        None => routes
            .fallback(unmatched)
            .method_not_allowed_fallback(wrong_method),
        Some(token) => routes
            .merge(dapr_routes())
            .fallback(unmatched)
            .method_not_allowed_fallback(wrong_method)
            .layer(from_fn_with_state(Arc::new(token), app_token)),
    };
    let limited = guarded
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(from_fn_with_state(Limits::default(), limit))
        .layer(Extension(verifier));
    let observed = limited
        .layer(from_fn_with_state(
            Arc::new(Observer { metrics, tracer }),
            observe,
        ))
        .route("/healthz", get(move || async move { healthz(&health) }))
        .layer(from_fn(super::observe::refuse_overlong_paths));
    if is_public {
        observed.layer(from_fn(secure))
    } else {
        observed
    }
}

/// What daprd asks of an app: it subscribes by declaration only.
fn dapr_routes() -> Router {
    Router::new()
        .route(
            "/dapr/subscribe",
            get(|| async { axum::Json(serde_json::json!([])) }),
        )
        .route(
            "/dapr/config",
            get(|| async { axum::Json(serde_json::json!({})) }),
        )
}

fn healthz(health: &Health) -> StatusCode {
    if health.takes_events() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// 404; but 500 for an event, because to daprd a 404 means "handled, forget it".
async fn unmatched(request: Request) -> Problem {
    let path = request.uri().path();
    if path.starts_with(events::PREFIX) || path.starts_with("/job/") {
        tracing::error!(path, "no route for this event");
        return Problem::new(problem::INTERNAL);
    }
    Problem::not_found()
}

async fn wrong_method() -> Problem {
    Problem::new(problem::METHOD_NOT_ALLOWED)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::post;
    use http::{Method, Response};
    use http_body_util::BodyExt;
    use todo_domain::FixedClock;
    use tower::ServiceExt;

    use super::*;
    use crate::health::Affects;
    use crate::http::Json;
    use crate::testing::{self, TestIssuer};

    fn clock() -> Arc<FixedClock> {
        Arc::new(FixedClock::new(jiff::Timestamp::UNIX_EPOCH))
    }

    struct Port {
        router: Router,
        health: Health,
        metrics: Metrics,
    }

    fn port(app_token: Option<&str>) -> Port {
        let (health, metrics) = (Health::default(), Metrics::new("test", "0.0.0"));
        let layers = AppLayers {
            metrics: metrics.clone(),
            health: health.clone(),
            tracer: testing::tracer(),
            verifier: TestIssuer::new(1).verifier(clock()),
            clock: clock(),
            consumes: vec![Topic::TaskCreated],
            app_token: app_token.map(Secret::new),
        };
        let routes = Router::new()
            .route("/v1/things/{id}", get(|| async { "a thing" }))
            .route(
                "/v1/echo",
                post(|Json(value): Json<serde_json::Value>| async { axum::Json(value) }),
            );
        Port {
            router: app(routes, layers),
            health,
            metrics,
        }
    }

    impl Port {
        async fn send(
            &self,
            method: Method,
            path: &str,
            headers: &[(&str, &str)],
            body: Body,
        ) -> Response<Body> {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            self.router
                .clone()
                .oneshot(request.body(body).unwrap())
                .await
                .unwrap()
        }

        async fn status(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
            self.send(method, path, headers, Body::empty())
                .await
                .status()
                .as_u16()
        }
    }

    const TOKEN: [(&str, &str); 1] = [("dapr-api-token", "right")];

    #[tokio::test]
    async fn only_the_sidecar_gets_an_answer_but_for_its_health_check() {
        let port = port(Some("right"));
        for headers in [
            &[][..],
            &[("dapr-api-token", "wrong")],
            &[("dapr-api-token", "right-and-more")],
        ] {
            for path in [
                "/v1/things/1",
                "/events/task.created",
                "/dapr/subscribe",
                "/nothing",
            ] {
                let answer = port.send(Method::GET, path, headers, Body::empty()).await;
                assert_eq!(answer.status(), 401, "{path} with {headers:?}");
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                assert!(
                    String::from_utf8_lossy(&body).contains("\"code\":\"not_from_sidecar\""),
                    "{path}"
                );
            }
            assert_eq!(port.status(Method::GET, "/healthz", headers).await, 200);
        }
        assert_eq!(port.status(Method::GET, "/v1/things/1", &TOKEN).await, 200);
    }

    #[tokio::test]
    async fn an_event_without_a_route_is_never_a_404() {
        let port = port(Some("right"));
        let table = [
            (Method::POST, "/events/task.unheard", 500),
            (Method::POST, events::DEAD_LETTER_ROUTE, 500),
            (Method::POST, "/job/unheard", 500),
            (Method::POST, "/v1/unheard", 404),
            (Method::DELETE, "/v1/things/1", 405),
        ];
        for (method, path, status) in table {
            assert_eq!(port.status(method, path, &TOKEN).await, status, "{path}");
        }
    }

    #[tokio::test]
    async fn daprd_finds_what_it_asks_for() {
        let port = port(Some("right"));
        for (path, expected) in [("/dapr/subscribe", "[]"), ("/dapr/config", "{}")] {
            let answer = port.send(Method::GET, path, &TOKEN, Body::empty()).await;
            assert_eq!(
                answer.into_body().collect().await.unwrap().to_bytes(),
                expected,
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn a_public_port_has_no_routes_of_dapr() {
        let port = port(None);
        assert_eq!(port.status(Method::GET, "/v1/things/1", &[]).await, 200);
        assert_eq!(port.status(Method::GET, "/dapr/subscribe", &[]).await, 404);
    }

    #[tokio::test]
    async fn a_public_port_says_what_may_be_done_with_its_answers_even_with_a_refusal() {
        for (path, status) in [
            ("/v1/things/1", 200),
            ("/nothing", 404),
            ("/healthz", 200),
            (&*format!("/v1/things/{}", "x".repeat(3000)), 400),
        ] {
            let answer = port(None).send(Method::GET, path, &[], Body::empty()).await;
            assert_eq!(answer.status(), status);
            let headers = answer.headers();
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["x-frame-options"], "DENY");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["cache-control"], "no-store");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
        }
        let inner = port(Some("right"));
        let answer = inner
            .send(Method::GET, "/v1/things/1", &TOKEN, Body::empty())
            .await;
        assert!(!answer.headers().contains_key("x-frame-options"));
    }

    #[tokio::test]
    async fn health_follows_the_stores() {
        let port = port(Some("right"));
        port.health
            .set("postgresql", Affects::Intake, Err("gone".to_owned()));
        assert_eq!(port.status(Method::GET, "/healthz", &[]).await, 503);
        port.health.set("postgresql", Affects::Intake, Ok(()));
        assert_eq!(port.status(Method::GET, "/healthz", &[]).await, 200);
    }

    #[tokio::test]
    async fn requests_carry_on_the_trace_and_are_counted_by_template() {
        let port = port(None);
        let trace = [(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )];
        let answer = port
            .send(Method::GET, "/v1/things/1", &trace, Body::empty())
            .await;
        assert_eq!(
            answer.headers()["x-request-id"],
            "0af7651916cd43dd8448eb211c80319c"
        );
        port.status(Method::GET, "/v1/things/2", &[]).await;
        port.status(Method::GET, "/elsewhere/3", &[]).await;
        port.status(Method::GET, "/healthz", &[]).await;
        let text = port.metrics.encode().unwrap();
        for line in [
            "todo_http_request_duration_seconds_count{route=\"/v1/things/{id}\",method=\"GET\",status=\"200\"} 2",
            "todo_http_request_duration_seconds_count{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
            "todo_http_requests_in_flight 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(
            !text.contains("healthz"),
            "daprd counts its own questions: {text}"
        );
    }

    #[tokio::test]
    async fn bodies_and_paths_are_bounded() {
        let port = port(None);
        let json = [("content-type", "application/json")];
        let body = format!("\"{}\"", "x".repeat(BODY_MAX_BYTES));
        assert_eq!(
            port.send(Method::POST, "/v1/echo", &json, body.into())
                .await
                .status(),
            413
        );
        assert_eq!(
            port.send(Method::POST, "/v1/echo", &json, "\"x\"".into())
                .await
                .status(),
            200
        );
        assert_eq!(
            port.status(Method::GET, &format!("/v1/things/{}", "x".repeat(3000)), &[])
                .await,
            400
        );
    }
}
