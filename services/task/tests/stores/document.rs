//! What the document promises, an outside judge finds kept.

use todo_kit::testing::schemathesis;
use todo_kit::{Service, openapi};
use todo_task::TaskService;

use super::fixture::Fixture;

#[tokio::test]
async fn the_api_keeps_what_its_document_promises() {
    let fixture = Fixture::with_random_ids().await;
    let document = openapi::document("", "", TaskService::api());
    schemathesis(fixture.app.clone(), &document, &fixture.issuer.token("alice")).await;
}
