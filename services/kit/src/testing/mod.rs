//! Helpers for the tests of the services.

mod database;
pub mod events;
mod exposed;
mod issuer;
mod judge;
pub mod redis;
mod spans;

use std::sync::Arc;

use axum::Router;
use todo_domain::{Clock, Topic};

use crate::health::Health;
use crate::http::{AppLayers, app};
use crate::metrics::Metrics;
use crate::trace::Tracer;

pub use database::TestDatabase;
pub use exposed::shows_what_is_promised;
pub use issuer::TestIssuer;
pub use judge::schemathesis;
pub use spans::{Spans, recording, tracer};

/// `routes` as they are on the app port, with all layers but the token of the sidecar, for users of `issuer`.
pub fn test_app(routes: Router, issuer: &TestIssuer, clock: Arc<dyn Clock>) -> Router {
    let metrics = Metrics::new("test", "0.0.0");
    traced_app(routes, issuer, clock, metrics, tracer())
}

/// The same, with metrics and spans that can be looked at.
pub fn traced_app(
    routes: Router,
    issuer: &TestIssuer,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    tracer: Tracer,
) -> Router {
    let layers = AppLayers {
        metrics,
        health: Health::default(),
        tracer,
        verifier: issuer.verifier(clock.clone()),
        clock,
        consumes: Topic::ALL.to_vec(),
        app_token: None,
    };
    app(routes, layers)
}
