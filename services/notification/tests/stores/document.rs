//! What the document promises, an outside judge finds kept.

use todo_kit::testing::schemathesis;
use todo_kit::{Service, openapi};
use todo_notification::Notification;

use crate::fixture::Fixture;

#[tokio::test]
async fn the_api_keeps_what_its_document_promises() {
    let test = Fixture::new().await;
    let document = openapi::document("", "", Notification::api());
    schemathesis(test.app(), &document, &test.issuer.token("alice")).await;
}
