//! Deleted tasks: seen, brought back and purged by those who could write them.

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture};

impl Fixture {
    async fn delete(&self, id: &str) {
        let gone = self
            .send("alice", Method::DELETE, &format!("/v1/tasks/{id}"), None)
            .await;
        assert_eq!(gone.status, 204, "{gone:?}");
    }

    /// Makes a task of alice's and deletes it.
    async fn trashed(&self, body: Value) -> String {
        let id = self.task(body).await;
        self.delete(&id).await;
        id
    }

    async fn restore(&self, user: &str, id: &str) -> Answer {
        self.send(user, Method::POST, &format!("/v1/trash/{id}/restore"), None)
            .await
    }

    async fn purge(&self, user: &str, id: &str) -> Answer {
        self.send(user, Method::DELETE, &format!("/v1/trash/{id}"), None)
            .await
    }

    /// The titles in the trash of `user`, in its order.
    async fn trash(&self, user: &str) -> Vec<String> {
        let page = self.send(user, Method::GET, "/v1/trash", None).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().unwrap().iter();
        items
            .map(|item| item["task"]["title"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn what_is_deleted_comes_back_as_its_next_version() {
    let fixture = Fixture::new().await;
    let body = json!({
        "title": "x", "description": "d", "labels": ["a"], "due_at": "2026-12-01T08:00:00.123Z",
        "reminders": [{"at": "2026-12-01T07:00:00Z"}], "custom_fields": {"k": [1, "é"]},
        "recurrence": {"rrule": "FREQ=DAILY", "time_zone": "Europe/Berlin"}, "assignee": "alice",
    });
    let path = fixture.create(body).await;
    let id = path.trim_start_matches("/v1/tasks/");
    let before = fixture.send("alice", Method::GET, &path, None).await.body;
    fixture.delete(id).await;
    for gone in [path.clone(), format!("{path}/history")] {
        assert_eq!(fixture.send("alice", Method::GET, &gone, None).await.status, 404);
    }
    let page = fixture.send("alice", Method::GET, "/v1/trash", None).await.body;
    let expected = json!({"items": [{
        "task": before, "deleted_at": "2026-11-21T12:00:00Z", "deleted_by": "alice",
        "purge_at": "2026-12-21T12:00:00Z",
    }], "next_cursor": null});
    assert_eq!(page, expected);

    fixture.clock.advance(SignedDuration::from_secs(60));
    let restored = fixture.restore("alice", id).await;
    let mut expected = before;
    expected["version"] = json!(2);
    expected["updated_at"] = json!("2026-11-21T12:01:00Z");
    assert_eq!(
        (restored.status, &restored.body),
        (200, &expected),
        "{restored:?}"
    );
    assert_eq!(restored.etag.as_deref(), Some("\"v2\""));
    assert_eq!(
        fixture.send("alice", Method::GET, &path, None).await.body,
        expected
    );
    assert_eq!(fixture.trash("alice").await, [""; 0]);
    assert_eq!(fixture.restore("alice", id).await.code(), (404, "not_found"));

    let told = [
        ("task.created", "1"),
        ("task.deleted", "1"),
        ("task.updated", "2"),
    ];
    let told = told.map(|(topic, sequence)| (topic.to_owned(), sequence.to_owned()));
    assert_eq!(fixture.outbox().await, told);
    let steps = [(2, "restored"), (1, "deleted"), (1, "created")];
    let steps = steps.map(|(version, kind)| (version, kind.to_owned()));
    assert_eq!(fixture.steps(&path).await, steps);
    fixture.delete(id).await;
    assert_eq!(fixture.restore("alice", id).await.body["version"], 3, "and again");
}

#[tokio::test]
async fn the_trash_is_listed_by_pages_what_was_deleted_last_first() {
    let fixture = Fixture::new().await;
    let project = fixture
        .project(&[("edith", "editor"), ("victor", "viewer")])
        .await;
    for (title, project) in [
        ("a", None),
        ("b", Some(&project)),
        ("c", None),
        ("d", Some(&project)),
    ] {
        fixture
            .trashed(json!({"title": title, "project_id": project}))
            .await;
        // Two at a time are deleted at one instant.
        if title != "c" {
            fixture.clock.advance(SignedDuration::from_millis(1));
        }
    }
    assert_eq!(fixture.trash("alice").await, ["d", "c", "b", "a"]);
    assert_eq!(fixture.trash("edith").await, ["d", "b"]);
    for user in ["victor", "mallory"] {
        assert_eq!(fixture.trash(user).await, [""; 0], "{user}");
    }
    let (mut titles, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("/v1/trash?limit=1{cursor}");
        let page = fixture.send("alice", Method::GET, &page, None).await.body;
        titles.push(page["items"][0]["task"]["title"].as_str().unwrap().to_owned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(titles, ["d", "c", "b", "a"]);
}

#[tokio::test]
async fn what_it_referred_to_and_is_gone_is_left_out() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[("edith", "editor")]).await;
    let make = async |title: &str| fixture.task(json!({"title": title, "project_id": project})).await;
    let (parent, gone, kept) = (make("parent").await, make("gone").await, make("kept").await);
    let id = fixture
        .trashed(json!({
            "title": "x", "project_id": project, "parent_id": parent, "depends_on": [gone, kept],
            "assignee": "edith", "position": "00000005",
        }))
        .await;
    let taken = json!({"title": "y", "project_id": project, "position": "00000005"});
    let other = fixture.task(taken).await;
    fixture.delete(&parent).await;
    fixture.delete(&gone).await;
    let member = format!("/v1/projects/{project}/members/edith");
    fixture.send("alice", Method::DELETE, &member, None).await;

    let restored = fixture.restore("alice", &id).await;
    assert_eq!(restored.status, 200, "{restored:?}");
    let task = &restored.body;
    assert_eq!(
        (&task["parent_id"], &task["assignee"], &task["depends_on"]),
        (&Value::Null, &Value::Null, &json!([kept]))
    );
    let last = fixture
        .send("alice", Method::GET, &format!("/v1/tasks/{other}"), None)
        .await;
    assert!(
        task["position"].as_str() > last.body["position"].as_str(),
        "its place is taken"
    );
    let path = format!("/v1/tasks/{id}");
    let step = &fixture.history("alice", &path).await.body["items"][0];
    let names: Vec<_> = step["changed"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["assignee", "depends_on", "parent_id", "position"]);
}

#[tokio::test]
async fn a_task_and_its_parts_come_back_as_they_were_from_the_top() {
    let fixture = Fixture::new().await;
    let parent = fixture.task(json!({"title": "parent"})).await;
    let part = fixture.task(json!({"title": "part", "parent_id": parent})).await;
    let refused = fixture
        .send("alice", Method::DELETE, &format!("/v1/tasks/{parent}"), None)
        .await;
    assert_eq!(refused.code(), (409, "still_used"), "the parts go first");
    assert_eq!(fixture.trash("alice").await, [""; 0]);
    fixture.delete(&part).await;
    fixture.delete(&parent).await;
    assert_eq!(fixture.restore("alice", &parent).await.status, 200);
    let restored = fixture.restore("alice", &part).await;
    assert_eq!(restored.body["parent_id"], json!(parent));
}

#[tokio::test]
async fn a_circle_that_would_close_by_coming_back_is_left_open() {
    let fixture = Fixture::new().await;
    let c = fixture.task(json!({"title": "c"})).await;
    let a = fixture.task(json!({"title": "a", "depends_on": [c]})).await;
    let b = fixture.task(json!({"title": "b", "depends_on": [a]})).await;
    fixture.delete(&a).await;
    let through = fixture.patch(&c, json!({"depends_on": [b]})).await;
    assert_eq!(through.status, 200, "{through:?}");
    let restored = fixture.restore("alice", &a).await;
    assert_eq!(
        (restored.status, &restored.body["depends_on"]),
        (200, &json!([])),
        "{restored:?}"
    );
}

#[tokio::test]
async fn what_is_purged_is_gone_with_its_history() {
    let fixture = Fixture::new().await;
    let id = fixture.trashed(json!({"title": "x"})).await;
    let kept = fixture.trashed(json!({"title": "kept"})).await;
    let before = fixture.outbox().await;
    assert_eq!(fixture.purge("mallory", &id).await.status, 404);
    assert_eq!(fixture.purge("alice", &id).await.status, 204);
    assert_eq!(fixture.purge("alice", &id).await.code(), (404, "not_found"));
    assert_eq!(fixture.restore("alice", &id).await.code(), (404, "not_found"));
    assert_eq!(fixture.trash("alice").await, ["kept"]);
    assert_eq!(fixture.count("task_history").await, 2, "those of the other");
    assert_eq!(fixture.outbox().await, before, "it was told of as deleted");
    assert_eq!(fixture.restore("alice", &kept).await.status, 200);
    let alive = fixture.purge("alice", &kept).await;
    assert_eq!(alive.status, 404, "only what is in the trash is purged");
}

#[tokio::test]
async fn after_thirty_days_it_is_purged_by_itself() {
    let fixture = Fixture::new().await;
    let old = fixture.trashed(json!({"title": "old"})).await;
    fixture.trashed(json!({"title": "young"})).await;
    sqlx::query(
        "update task_trash
         set deleted_at = now() - case task_id when $1::uuid then interval '31 days' else interval '29 days' end",
    )
    .bind(&old)
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    let store = todo_task::Store::new(fixture.database.pool.clone());
    assert_eq!(store.purge_trash().await.unwrap(), 1);
    assert_eq!(fixture.trash("alice").await, ["young"]);
    assert_eq!(fixture.count("task_history").await, 2);
}

#[tokio::test]
async fn the_trash_of_a_project_goes_with_the_project() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    let id = fixture
        .trashed(json!({"title": "x", "project_id": project}))
        .await;
    let deleted = fixture
        .send("alice", Method::DELETE, &format!("/v1/projects/{project}"), None)
        .await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(fixture.restore("alice", &id).await.status, 404);
    for table in ["task_trash", "task_history"] {
        assert_eq!(fixture.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn both_ways_out_heed_versions_and_are_done_once_per_key() {
    let fixture = Fixture::new().await;
    let id = fixture.trashed(json!({"title": "x"})).await;
    let restore = format!("/v1/trash/{id}/restore");
    let purge = format!("/v1/trash/{id}");
    for (method, path) in [(Method::POST, &restore), (Method::DELETE, &purge)] {
        let stale = fixture
            .send_with("alice", method, path, None, &[("if-match", "\"v9\"")])
            .await;
        assert_eq!(stale.code(), (412, "version_mismatch"));
    }
    let key = [("idempotency-key", "one"), ("if-match", "\"v1\"")];
    let first = fixture
        .send_with("alice", Method::POST, &restore, None, &key)
        .await;
    let again = fixture
        .send_with("alice", Method::POST, &restore, None, &key)
        .await;
    assert_eq!((first.status, first.replayed), (200, false), "{first:?}");
    assert_eq!(
        (again.status, again.replayed, again.text),
        (200, true, first.text)
    );
    fixture.delete(&id).await;
    let key = [("idempotency-key", "two")];
    for replayed in [false, true] {
        let purged = fixture
            .send_with("alice", Method::DELETE, &purge, None, &key)
            .await;
        assert_eq!((purged.status, purged.replayed), (204, replayed), "{purged:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_bring_back_and_purge_at_once_one_wins() {
    let fixture = Fixture::with_random_ids().await;
    for _ in 0..5 {
        let id = fixture.trashed(json!({"title": "x"})).await;
        let others = join_all((0..3).map(|_| fixture.restore("alice", &id)));
        let (restored, purged) = futures::join!(others, fixture.purge("alice", &id));
        let mut statuses: Vec<_> = restored.iter().map(|answer| answer.status).collect();
        statuses.push(purged.status);
        statuses.sort_unstable();
        assert!(matches!(statuses[..], [200 | 204, 404, 404, 404]), "{statuses:?}");
        let is_there = fixture
            .send("alice", Method::GET, &format!("/v1/tasks/{id}"), None)
            .await;
        let expected = if purged.status == 204 { 404 } else { 200 };
        assert_eq!(is_there.status, expected);
        assert_eq!(fixture.trash("alice").await, [""; 0]);
    }
}
