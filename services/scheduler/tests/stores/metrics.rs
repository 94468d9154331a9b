//! What is shown of the service.

use serde_json::json;
use todo_kit::testing::shows_what_is_promised;
use todo_scheduler::Scheduler;

#[tokio::test]
async fn it_shows_what_the_list_promises() {
    let config = json!({"pubsub": {"component": "todo-scheduler-events"}});
    let url = std::env::var("TODO_TEST_REDIS_URL").expect("TODO_TEST_REDIS_URL names a Redis");
    shows_what_is_promised::<Scheduler>(&config, &[("REDIS_URL", &url)]).await;
}
