//! Tasks that come again.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Fixture, NOW};

/// Due tomorrow at 09:00 in Berlin, with a reminder an hour before; twice.
fn draft() -> Value {
    json!({
        "title": "Water the plants", "due_at": "2026-11-22T08:00:00Z",
        "reminders": [{"at": "2026-11-22T07:00:00Z"}],
        "recurrence": {"rrule": "freq=weekly;count=2", "time_zone": "Europe/Berlin"},
    })
}

async fn envelopes(fixture: &Fixture) -> Vec<Value> {
    sqlx::query_scalar("select envelope from outbox order by seq")
        .fetch_all(&fixture.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn completing_moves_on_to_the_next_occurrence_until_the_series_ends() {
    let fixture = Fixture::new().await;
    let path = fixture.create(draft()).await;
    let made = fixture.send("alice", Method::GET, &path, None).await;
    let recurrence = json!({
        "rrule": "FREQ=WEEKLY;COUNT=2", "start": "2026-11-22T09:00:00", "time_zone": "Europe/Berlin", "anchor": "due",
        "missed": "latest", "exdates": [], "rdates": [], "completed": 0,
    });
    assert_eq!(made.body["recurrence"], recurrence);

    let complete = format!("{path}/complete");
    let first = fixture.send("alice", Method::POST, &complete, None).await;
    assert_eq!((first.status, first.etag.as_deref()), (200, Some("\"v2\"")));
    let mut expected = made.body.clone();
    expected["due_at"] = "2026-11-29T08:00:00Z".into();
    expected["reminders"][0]["at"] = "2026-11-29T07:00:00Z".into();
    expected["recurrence"]["completed"] = 1.into();
    expected["version"] = 2.into();
    assert_eq!(first.body, expected);
    let shown = fixture.send("alice", Method::GET, &path, None).await;
    assert_eq!(shown.body, expected);

    fixture.clock.advance(SignedDuration::from_hours(24));
    let last = fixture.send("alice", Method::POST, &complete, None).await;
    let (status, completed) = (&last.body["status"], &last.body["recurrence"]["completed"]);
    assert_eq!((status, completed), (&json!("done"), &json!(2)));
    assert_eq!(last.body["completed_at"], "2026-11-22T12:00:00Z");
    let again = fixture.send("alice", Method::POST, &complete, None).await;
    assert_eq!(again.status, 409);

    let events = envelopes(&fixture).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let data = &event["data"];
            (
                event["type"].as_str().unwrap(),
                data["task"]["status"].as_str().unwrap(),
                data["occurrence"].clone(),
            )
        })
        .collect();
    let occurrence = json!({"due_at": "2026-11-22T08:00:00Z", "completed_at": NOW});
    let expected = [
        ("com.todo.task.created.v1", "open", Value::Null),
        ("com.todo.task.completed.v1", "open", occurrence),
        ("com.todo.task.completed.v1", "done", Value::Null),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        events[1]["data"]["changed"],
        json!(["due_at", "reminders", "recurrence"])
    );
    assert_eq!(events[1]["data"]["task"]["reminders"], first.body["reminders"]);
}

#[tokio::test]
async fn of_two_completions_of_one_version_one_wins() {
    let fixture = Fixture::with_random_ids().await;
    let mut endless = draft();
    endless["recurrence"]["rrule"] = "FREQ=DAILY".into();
    let complete = format!("{}/complete", fixture.create(endless).await);
    let same_version = [("if-match", "\"v1\"")];
    let (one, other) = futures::join!(
        fixture.send_with("alice", Method::POST, &complete, None, &same_version),
        fixture.send_with("alice", Method::POST, &complete, None, &same_version),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(fixture.outbox().await.len(), 2);
}

#[tokio::test]
async fn a_recurrence_is_patched_and_removed_and_needs_a_due_date() {
    let fixture = Fixture::new().await;
    let path = fixture.create(draft()).await;
    let change = async |body: Value| fixture.send("alice", Method::PATCH, &path, Some(body)).await;
    let refused = [
        (json!({"due_at": null}), "/due_at"),
        (
            json!({"recurrence": {"rrule": "FREQ=MINUTELY", "time_zone": "UTC"}}),
            "/recurrence/rrule",
        ),
        (
            json!({"recurrence": {"rrule": "FREQ=DAILY", "time_zone": "Mars/Base"}}),
            "/recurrence/time_zone",
        ),
        (
            json!({"recurrence": {"rrule": "FREQ=DAILY", "time_zone": "UTC", "missed": "some"}}),
            "/recurrence/missed",
        ),
    ];
    for (body, pointer) in refused {
        let answer = change(body.clone()).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}"
        );
    }
    let daily =
        change(json!({"recurrence": {"rrule": "FREQ=DAILY", "time_zone": "UTC", "missed": "all"}})).await;
    assert_eq!(
        (daily.status, &daily.body["recurrence"]["missed"]),
        (200, &json!("all"))
    );
    let plain = change(json!({"recurrence": null})).await;
    assert_eq!(
        (&plain.body["recurrence"], &plain.body["version"]),
        (&Value::Null, &json!(3))
    );
    let done = fixture
        .send("alice", Method::POST, &format!("{path}/complete"), None)
        .await;
    assert_eq!(done.body["status"], "done");
}
