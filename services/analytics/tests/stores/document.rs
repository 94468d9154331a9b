//! What the document promises, an outside judge finds kept.

use todo_analytics::Analytics;
use todo_kit::testing::schemathesis;
use todo_kit::{Service, openapi};

use crate::fixture::Fixture;

#[tokio::test]
async fn the_api_keeps_what_its_document_promises() {
    let test = Fixture::new().await;
    let document = openapi::document("", "", Analytics::api());
    schemathesis(test.app.clone(), &document, &test.issuer.token("alice")).await;
}
