//! Many writers at once.

use futures::future::join_all;
use http::Method;
use serde_json::json;

use super::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_writers_of_one_version_one_wins() {
    let fixture = Fixture::with_random_ids().await;
    fixture.connect().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let writes = (0..50).map(|number| {
        let (fixture, path) = (&fixture, path.as_str());
        async move {
            let body = Some(json!({"title": format!("by {number}")}));
            fixture
                .send_with("alice", Method::PATCH, path, body, &[("if-match", "\"v1\"")])
                .await
                .status
        }
    });
    let mut statuses = join_all(writes).await;
    statuses.sort_unstable();
    let expected: Vec<u16> = std::iter::once(200).chain([412; 49]).collect();
    assert_eq!(statuses, expected);
    assert_eq!(
        fixture.outbox().await.len(),
        2,
        "one event for the creation, one for the winner"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_without_if_match_lose_no_write_and_no_event() {
    let fixture = Fixture::with_random_ids().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let writes = ["description", "title", "priority", "due_at"].map(|field| {
        let value = match field {
            "priority" => json!("high"),
            "due_at" => json!("2027-01-01T00:00:00Z"),
            _ => json!("written"),
        };
        fixture.send("alice", Method::PATCH, &path, Some(json!({field: value})))
    });
    for answer in join_all(writes).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let task = fixture.send("alice", Method::GET, &path, None).await.body;
    assert_eq!(
        (&task["title"], &task["description"]),
        (&json!("written"), &json!("written"))
    );
    assert_eq!((&task["priority"], &task["version"]), (&json!("high"), &json!(5)));
    let sequences: Vec<_> = fixture
        .outbox()
        .await
        .into_iter()
        .map(|(_, sequence)| sequence)
        .collect();
    assert_eq!(sequences, ["1", "2", "3", "4", "5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_complete_at_once_complete_once() {
    let fixture = Fixture::with_random_ids().await;
    let path = fixture.create(json!({"title": "x"})).await;
    let complete = format!("{path}/complete");
    let both = join_all((0..2).map(|_| fixture.send("alice", Method::POST, &complete, None))).await;
    let mut statuses: Vec<_> = both.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(fixture.outbox().await.len(), 2);
}
