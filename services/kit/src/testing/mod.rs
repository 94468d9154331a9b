//! Helpers for the tests of the services.

mod database;
mod issuer;
pub mod redis;

use std::sync::Arc;

use axum::Router;
use todo_domain::{Clock, SequentialIds};

use crate::health::Health;
use crate::http::{AppLayers, app};
use crate::metrics::Metrics;

pub use database::TestDatabase;
pub use issuer::TestIssuer;

/// `routes` as they are on the app port, with all layers but the token of the sidecar, for users of `issuer`.
pub fn test_app(routes: Router, issuer: &TestIssuer, clock: Arc<dyn Clock>) -> Router {
    let layers = AppLayers {
        metrics: Metrics::new("test", "0.0.0"),
        health: Health::default(),
        ids: Arc::new(SequentialIds::default()),
        verifier: issuer.verifier(clock),
        app_token: None,
    };
    app(routes, layers)
}
