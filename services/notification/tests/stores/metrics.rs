//! What is shown of the service.

use serde_json::json;
use todo_kit::testing::{TestDatabase, shows_what_is_promised};
use todo_notification::{MIGRATIONS, Notification};

#[tokio::test]
async fn it_shows_what_the_list_promises() {
    let database = TestDatabase::new("notification", &MIGRATIONS).await;
    let config = json!({
        "pubsub": {"component": "todo-notification-events"}, "stateStore": "todo-notification-state",
    });
    let variables = [("DATABASE_URL", database.url.expose())];
    shows_what_is_promised::<Notification>(&config, &variables).await;
}
