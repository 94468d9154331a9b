//! The order that users give their tasks.

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture};

impl Fixture {
    async fn move_after(&self, id: &str, after: Option<&str>) -> Answer {
        let path = format!("/v1/tasks/{id}/move");
        self.send("alice", Method::POST, &path, Some(json!({"after": after})))
            .await
    }

    /// Titles and positions in the order of the positions.
    async fn in_order(&self) -> Vec<(String, String)> {
        let page = self
            .send("alice", Method::GET, "/v1/tasks?sort=position", None)
            .await;
        let text = |task: &Value, name: &str| task[name].as_str().unwrap().to_owned();
        let items = page.body["items"].as_array().unwrap().iter();
        items
            .map(|task| (text(task, "title"), text(task, "position")))
            .collect()
    }

    async fn titles(&self) -> String {
        self.in_order()
            .await
            .into_iter()
            .map(|(title, _)| title)
            .collect()
    }
}

#[tokio::test]
async fn a_task_goes_behind_another_and_no_other_one_is_written() {
    let fixture = Fixture::new().await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c", "d"] {
        ids.push(fixture.task(json!({"title": title})).await);
    }
    let [a, b, c, d] = [0, 1, 2, 3].map(|place: usize| ids[place].as_str());
    assert_eq!(fixture.titles().await, "abcd");
    for (id, after, expected) in [
        (d, None, "dabc"),
        (a, Some(c), "dbca"),
        (c, Some(d), "dcba"),
        (a, Some(d), "dacb"),
        (b, Some(d), "dbac"),
    ] {
        let moved = fixture.move_after(id, after).await;
        assert_eq!(moved.status, 200, "{moved:?}");
        assert_eq!(fixture.titles().await, expected);
    }
    let before = fixture.outbox().await.len();
    let again = fixture.move_after(b, Some(d)).await;
    assert_eq!(
        (again.status, fixture.outbox().await.len()),
        (200, before),
        "it stands there"
    );
    assert_eq!(before, 4 + 5, "one event for each move");
    fixture.create(json!({"title": "e"})).await;
    assert_eq!(fixture.titles().await, "dbace");
}

#[tokio::test]
async fn what_is_in_no_order_with_it_is_refused() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    let id = fixture.task(json!({"title": "a"})).await;
    let other = fixture.task(json!({"title": "b", "project_id": project})).await;
    for after in [
        id.as_str(),
        other.as_str(),
        "01900000-0000-7000-8000-00000000ffff",
    ] {
        let refused = fixture.move_after(&id, Some(after)).await;
        assert_eq!(refused.refusal(), (422, "/after", "unknown"), "{after}");
    }
    let path = format!("/v1/tasks/{id}/move");
    let nothing = fixture.send("alice", Method::POST, &path, Some(json!({}))).await;
    assert_eq!(nothing.refusal(), (422, "", "wrong_shape"), "{nothing:?}");
    let stale = fixture
        .send_with(
            "alice",
            Method::POST,
            &path,
            Some(json!({"after": null})),
            &[("if-match", "\"v9\"")],
        )
        .await;
    assert_eq!(stale.code(), (412, "version_mismatch"));
}

#[tokio::test]
async fn a_place_that_is_asked_for_must_be_free() {
    let fixture = Fixture::new().await;
    let one = fixture.task(json!({"title": "1", "position": "00000005"})).await;
    let taken = json!({"title": "2", "position": "00000005"});
    let refused = fixture
        .send("alice", Method::POST, "/v1/tasks", Some(taken))
        .await;
    assert_eq!(refused.refusal(), (422, "/position", "taken"));
    let two = fixture.task(json!({"title": "2", "position": "00000004"})).await;
    let refused = fixture.patch(&two, json!({"position": "00000005"})).await;
    assert_eq!(refused.refusal(), (422, "/position", "taken"));
    assert_eq!(
        fixture.patch(&one, json!({"position": "00000003"})).await.status,
        200
    );
    assert_eq!(fixture.titles().await, "12");
    let other = fixture.send(
        "bob",
        Method::POST,
        "/v1/tasks",
        Some(json!({"title": "2", "position": "00000004"})),
    );
    assert_eq!(other.await.status, 201, "each space has its own places");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_move_to_one_place_all_get_there() {
    let fixture = Fixture::with_random_ids().await;
    let first = fixture.task(json!({"title": "0"})).await;
    let mut ids = Vec::new();
    for title in 1..=6 {
        fixture.clock.advance(SignedDuration::from_millis(1));
        ids.push(fixture.task(json!({"title": title.to_string()})).await);
    }
    fixture.clock.advance(SignedDuration::from_millis(1));
    let last = fixture.task(json!({"title": "9"})).await;
    for answer in join_all(ids.iter().map(|id| fixture.move_after(id, Some(&last)))).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    for answer in join_all(ids.iter().map(|id| fixture.move_after(id, Some(&first)))).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let order = fixture.in_order().await;
    assert!(order.is_sorted_by(|a, b| a.1 < b.1), "{order:?}");
    assert_eq!(
        (order[0].0.as_str(), order[7].0.as_str(), order.len()),
        ("0", "9", 8)
    );
}
