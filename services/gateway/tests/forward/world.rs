//! A gateway and a sidecar that records what it gets.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use todo_gateway::{
    CorsConfig, Door, Forwarder, Proxies, Revocations,
    limit::{Backend, Class, Limiter, OnError, PATIENCE, Policies, Policy, Shared},
};
use todo_kit::{
    Environment, RandomIds, Secret, SystemClock,
    metrics::Metrics,
    redis::Address,
    testing::{TestIssuer, tracer},
    trace::Tracer,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower::ServiceExt;

/// What the sidecar got.
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) struct World {
    pub(crate) gateway: Router,
    pub(crate) port: u16,
    pub(crate) got: UnboundedReceiver<Got>,
    pub(crate) issuer: TestIssuer,
}

/// A gateway whose sidecar answers everything with `status`, `content_type` and `body`. Redis is away, so the limit of
/// three requests is this replica's own.
pub(crate) async fn world(status: u16, content_type: &'static str, body: &'static str) -> World {
    let (sender, got) = unbounded_channel();
    let sidecar = Router::new().fallback(move |request: Request| {
        let sender = sender.clone();
        async move {
            let (parts, request_body) = request.into_parts();
            let Ok(collected) = request_body.collect().await else {
                return Response::builder().status(400).body(Body::empty()).unwrap();
            };
            let bytes = collected.to_bytes();
            let record = Got {
                method: parts.method,
                path: parts.uri.to_string(),
                headers: parts.headers,
                body: String::from_utf8(bytes.to_vec()).unwrap(),
            };
            sender.send(record).unwrap();
            Response::builder()
                .status(status)
                .header("content-type", content_type)
                .header("etag", "\"v7\"")
                .header("dapr-internal", "1")
                .body(Body::from(body))
                .unwrap()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, sidecar).await });
    World {
        gateway: gateway(port),
        port,
        got,
        issuer: TestIssuer::new(1),
    }
}

pub(crate) fn gateway(port: u16) -> Router {
    gateway_of(port, &["task", "scheduler", "notification", "analytics"])
}

pub(crate) fn gateway_of(port: u16, peers: &[&str]) -> Router {
    traced_gateway(port, peers, tracer())
}

pub(crate) fn traced_gateway(port: u16, peers: &[&str], tracer: Tracer) -> Router {
    Replica::of(port, peers, tracer, OnError::Local).router
}

/// One replica of a gateway, with what can be looked at.
pub(crate) struct Replica {
    pub(crate) router: Router,
    pub(crate) forwarder: Forwarder,
    metrics: Metrics,
    users: AtomicUsize,
}

impl Replica {
    /// Before all services, with the sidecar at `port`.
    pub(crate) fn new(port: u16) -> Self {
        let peers = ["task", "scheduler", "notification", "analytics"];
        Self::of(port, &peers, tracer(), OnError::Local)
    }

    pub(crate) fn of(port: u16, peers: &[&str], tracer: Tracer, on_error: OnError) -> Self {
        let environment: Environment = [
            ("DAPR_HTTP_PORT", port.to_string()),
            ("DAPR_API_TOKEN", "api-token".to_owned()),
        ]
        .into_iter()
        .collect();
        let peers: BTreeMap<String, String> = peers
            .iter()
            .map(|&name| (name.to_owned(), format!("todo-{name}")))
            .collect();
        let metrics = Metrics::new("gateway", "test");
        let forwarder = Forwarder::new(&environment, &peers, Arc::new(RandomIds), tracer, &metrics).unwrap();
        let cors = CorsConfig {
            origins: vec!["https://app.example".to_owned()],
            methods: vec!["GET".to_owned()],
            max_age_seconds: Some(60),
            allow_credentials: true,
            ..CorsConfig::default()
        };
        let verifier = TestIssuer::new(1).verifier(Arc::new(SystemClock));
        let router = todo_gateway::router(&forwarder, Arc::new(door(&metrics, on_error)), &cors);
        Self {
            router: router.layer(axum::Extension(verifier)),
            forwarder,
            metrics,
            users: AtomicUsize::new(0),
        }
    }

    /// A user who has sent nothing yet.
    pub(crate) fn next_user(&self) -> String {
        format!("user-{}", self.users.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) async fn answer(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request) -> (StatusCode, HeaderMap, String) {
        let (parts, body) = self.answer(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (parts.status, parts.headers, text)
    }

    pub(crate) fn shows(&self, line: &str) -> bool {
        self.metrics.encode().unwrap().contains(&format!("{line}\n"))
    }
}

/// Three requests a minute, one of analytics, three of strangers by what one proxy says; Redis is away.
fn door(metrics: &Metrics, on_error: OnError) -> Door {
    let nowhere = Address::url(Secret::new("redis://127.0.0.1:1/0"), None);
    let redis = todo_kit::redis::connect(&nowhere, Duration::from_millis(100)).unwrap();
    let policy = Policy {
        bucket: Policy::SHARED,
        requests: 3,
        period: Duration::from_mins(1),
        burst: 3,
    };
    let analytics = Policy {
        bucket: "analytics",
        requests: 1,
        burst: 1,
        ..policy
    };
    let unauthenticated = Policy {
        bucket: Policy::UNAUTHENTICATED,
        ..policy
    };
    let policies = Policies::new(policy, unauthenticated, on_error).with(Class::Analytics, analytics);
    let shared = Shared::new(redis.clone(), "ns", "todo");
    let backend = Arc::new(Backend::new(shared, PATIENCE, metrics));
    Door {
        limiter: Limiter::new(policies, Arc::clone(&backend), metrics),
        revocations: Revocations::new(redis, backend, "ns", "todo", metrics),
        proxies: Proxies::Hops(1),
    }
}

impl World {
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let token = self.issuer.token("alice");
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
    }

    pub(crate) async fn send(&self, request: Request) -> (StatusCode, HeaderMap, String) {
        let response = self.gateway.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8(bytes.to_vec()).unwrap(),
        )
    }
}
