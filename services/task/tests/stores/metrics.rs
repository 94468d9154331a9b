//! What is shown of the service.

use serde_json::json;
use todo_kit::testing::{TestDatabase, shows_what_is_promised};
use todo_task::{MIGRATIONS, TaskService};

#[tokio::test]
async fn it_shows_what_the_list_promises() {
    let database = TestDatabase::new("task", &MIGRATIONS).await;
    let config = json!({"pubsub": {"component": "todo-task-events"}});
    let variables = [("DATABASE_URL", database.url.expose())];
    shows_what_is_promised::<TaskService>(&config, &variables).await;
}
