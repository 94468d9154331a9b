//! A user who does something every few seconds: a rate needs a counter that grows between two scrapes.

use std::time::Duration;

use serde_json::json;
use todo_scenarios::{Result, forward, user::User};
use tokio::task::JoinHandle;

/// The user is at it until this is dropped.
pub(super) struct Traffic(JoinHandle<()>);

impl Traffic {
    pub(super) async fn start(ns: &str) -> Result<Self> {
        let gateway = forward::service(ns, "todo-gateway", 8080).await?;
        let carol = User::new(ns, &gateway.url, "carol").await?;
        Ok(Self(tokio::spawn(async move {
            let _open = gateway;
            loop {
                // Whether it works is for others to say; what was asked counts.
                drop(one_round(&carol).await);
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        })))
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn one_round(carol: &User) -> Result<()> {
    let created = carol.post("/v1/tasks", &json!({"title": "Again"})).await?;
    let id = created.body["id"].as_str().ok_or("a task without id")?;
    carol
        .post(&format!("/v1/tasks/{id}/complete"), &json!({}))
        .await?;
    carol.get("/v1/analytics/daily").await?;
    Ok(())
}
