//! What the document promises, an outside judge finds kept.

use std::sync::Arc;

use todo_domain::FixedClock;
use todo_kit::metrics::Metrics;
use todo_kit::testing::{TestIssuer, schemathesis, test_app};
use todo_kit::{Service, openapi};
use todo_scheduler::Scheduler;
use todo_scheduler::handlers::{App, routes};
use todo_scheduler::metrics::ReminderMetrics;

use crate::fixture::Fixture;

#[tokio::test]
async fn the_api_keeps_what_its_document_promises() {
    let test = Fixture::new().await;
    test.set(1, 1, &[test.fire(1, 1, 3600)]).await;
    let metrics = Metrics::new("scheduler", "test");
    let app = App {
        store: test.store.clone(),
        metrics: ReminderMetrics::new(&metrics),
    };
    let issuer = TestIssuer::new(1);
    let app = test_app(
        routes(app, &metrics),
        &issuer,
        Arc::new(FixedClock::new(test.now)),
    );
    let document = openapi::document("", "", Scheduler::api());
    schemathesis(app, &document, &issuer.token("alice")).await;
}
