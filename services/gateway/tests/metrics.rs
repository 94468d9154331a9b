//! What is shown of the service.

use todo_gateway::Gateway;
use todo_kit::testing::shows_what_is_promised;

#[tokio::test]
async fn it_shows_what_the_list_promises() {
    let config = serde_json::json!({"peers": {"task": "todo-task"}});
    // Connected when it is first used, which is never.
    let variables = [("REDIS_URL", "redis://127.0.0.1:1/0")];
    shows_what_is_promised::<Gateway>(&config, &variables).await;
}
