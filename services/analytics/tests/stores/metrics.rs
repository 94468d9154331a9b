//! What is shown of the service.

use serde_json::json;
use todo_analytics::{Analytics, MIGRATIONS};
use todo_kit::testing::{TestDatabase, shows_what_is_promised};

use crate::fixture::Fixture;

#[tokio::test]
async fn it_shows_what_the_list_promises() {
    let database = TestDatabase::new("analytics", &MIGRATIONS).await;
    let url = database.url.expose();
    let variables = [("DATABASE_URL", url), ("DATABASE_REPLICA_URL", url)];
    let config = json!({"pubsub": {"component": "todo-analytics-events"}});
    shows_what_is_promised::<Analytics>(&config, &variables).await;
}

#[tokio::test]
async fn dead_letters_are_counted_by_topic() {
    let test = Fixture::new().await;
    let created = json!({"type": "com.todo.task.created.v1"}).to_string();
    for letter in [
        created.as_str(),
        "no json",
        r#"{"type": "com.todo.task.created.v2"}"#,
    ] {
        test.store.bury("unreadable", letter.as_bytes()).await.unwrap();
        test.store.bury("unreadable", letter.as_bytes()).await.unwrap();
    }
    let mut kept = test.store.dead_letters().await.unwrap();
    kept.sort();
    assert_eq!(kept, [("task.created".to_owned(), 1), ("unknown".to_owned(), 2)]);
}
