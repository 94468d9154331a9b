//! What became of a task, and who did it.

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture};

impl Fixture {
    pub(super) async fn history(&self, user: &str, path: &str) -> Answer {
        self.send(user, Method::GET, &format!("{path}/history"), None)
            .await
    }

    /// Version and kind of each step, the newest first.
    pub(super) async fn steps(&self, path: &str) -> Vec<(i64, String)> {
        let answer = self.history("alice", path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let items = answer.body["items"].as_array().unwrap().iter();
        items
            .map(|step| {
                let kind = step["kind"].as_str().unwrap().to_owned();
                (step["version"].as_i64().unwrap(), kind)
            })
            .collect()
    }
}

#[tokio::test]
async fn each_write_is_a_step_that_names_its_user_and_what_differs() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[("edith", "editor")]).await;
    let path = fixture.create(json!({"title": "a", "project_id": project})).await;
    fixture.clock.advance(SignedDuration::from_secs(60));
    let body = json!({"title": "b", "labels": ["x"]});
    let trace = [(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )];
    let patched = fixture
        .send_with("edith", Method::PATCH, &path, Some(body.clone()), &trace)
        .await;
    assert_eq!(patched.status, 200, "{patched:?}");
    let again = fixture.send("edith", Method::PATCH, &path, Some(body)).await;
    assert_eq!(again.body["version"], 2, "nothing differs");
    let complete = format!("{path}/complete");
    fixture.send("alice", Method::POST, &complete, None).await;

    let mut steps = fixture.history("alice", &path).await.body["items"].take();
    for step in steps.as_array_mut().unwrap() {
        let trace = step.as_object_mut().unwrap().remove("trace_id");
        if step["version"] == 2 {
            assert_eq!(trace, Some(json!("0af7651916cd43dd8448eb211c80319c")));
        }
    }
    let change = |before: Value, after: Value| json!({"before": before, "after": after});
    let expected = json!([
        {"version": 3, "at": "2026-11-21T12:01:00Z", "actor": "alice", "kind": "completed",
         "changed": {"status": change(json!("open"), json!("done"))}},
        {"version": 2, "at": "2026-11-21T12:01:00Z", "actor": "edith", "kind": "updated",
         "changed": {"title": change(json!("a"), json!("b")), "labels": change(json!([]), json!(["x"]))}},
        {"version": 1, "at": "2026-11-21T12:00:00Z", "actor": "alice", "kind": "created", "changed": {}},
    ]);
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn the_pages_of_a_history_are_the_whole_of_it() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "0"})).await;
    for title in 1..5 {
        let body = Some(json!({"title": title.to_string()}));
        fixture.send("alice", Method::PATCH, &path, body).await;
    }
    let (mut versions, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("{path}/history?limit=2{cursor}");
        let page = fixture.send("alice", Method::GET, &page, None).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().unwrap().iter();
        versions.extend(items.map(|step| step["version"].as_i64().unwrap()));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(versions, [5, 4, 3, 2, 1]);
    let other = fixture.create(json!({"title": "other"})).await;
    let page = format!("{path}/history?limit=1");
    let page = fixture.send("alice", Method::GET, &page, None).await;
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let misled = format!("{other}/history?cursor={cursor}");
    let misled = fixture.send("alice", Method::GET, &misled, None).await;
    assert_eq!(misled.code(), (400, "bad_cursor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_each_has_its_step() {
    let fixture = Fixture::with_random_ids().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let writes = ["description", "title", "priority", "percent"].map(|field| {
        let value = match field {
            "priority" => json!("high"),
            "percent" => json!(7),
            _ => json!("written"),
        };
        fixture.send("alice", Method::PATCH, &path, Some(json!({field: value})))
    });
    for answer in join_all(writes).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let steps = fixture.steps(&path).await;
    let versions: Vec<_> = steps.iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn what_is_older_than_a_year_is_forgotten() {
    let fixture = Fixture::new().await;
    let path = fixture.create(json!({"title": "x"})).await;
    fixture
        .send("alice", Method::PATCH, &path, Some(json!({"title": "y"})))
        .await;
    sqlx::query(
        "update task_history set at = now() - case version when 1 then interval '366 days' else '364 days' end",
    )
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    let store = todo_task::Store::new(fixture.database.pool.clone());
    assert_eq!(store.forget_history().await.unwrap(), 1);
    assert_eq!(fixture.steps(&path).await, [(2, "updated".to_owned())]);
}
