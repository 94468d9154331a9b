//! Subtasks and dependencies: inside one space, at most so deep, and never in a circle.

use std::time::Duration;

use futures::future::join_all;
use http::Method;
use serde_json::json;

use super::fixture::Fixture;

const MISSING: &str = "01900000-0000-7000-8000-00000000ffff";

#[tokio::test]
async fn a_tree_is_at_most_eight_deep_and_has_no_cycle() {
    let fixture = Fixture::new().await;
    let mut chain = vec![fixture.task(json!({"title": "1"})).await];
    for level in 2..=8 {
        let parent = chain.last().unwrap();
        chain.push(
            fixture
                .task(json!({"title": level.to_string(), "parent_id": parent}))
                .await,
        );
    }
    let ninth = json!({"title": "9", "parent_id": chain[7]});
    let refused = fixture
        .send("alice", Method::POST, "/v1/tasks", Some(ninth))
        .await;
    assert_eq!(refused.refusal(), (422, "/parent_id", "too_deep"));
    for (task, parent, code) in [(0, 0, "cycle"), (0, 7, "cycle"), (3, 4, "cycle")] {
        let refused = fixture
            .patch(&chain[task], json!({"parent_id": chain[parent]}))
            .await;
        assert_eq!(
            refused.refusal(),
            (422, "/parent_id", code),
            "{task} below {parent}"
        );
    }
    // What hangs below counts too: a task with one below it fits below the sixth, and not below the seventh.
    let above = fixture.task(json!({"title": "above"})).await;
    fixture.task(json!({"title": "below", "parent_id": above})).await;
    let refused = fixture.patch(&above, json!({"parent_id": chain[6]})).await;
    assert_eq!(refused.refusal(), (422, "/parent_id", "too_deep"));
    assert_eq!(
        fixture.patch(&above, json!({"parent_id": chain[5]})).await.status,
        200
    );
    let parts = fixture
        .send(
            "alice",
            Method::GET,
            &format!("/v1/tasks?parent={}", chain[5]),
            None,
        )
        .await;
    assert_eq!(parts.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_task_with_subtasks_is_not_deleted() {
    let fixture = Fixture::new().await;
    let parent = fixture.create(json!({"title": "parent"})).await;
    let id = parent.trim_start_matches("/v1/tasks/");
    let child = fixture.create(json!({"title": "child", "parent_id": id})).await;
    let refused = fixture.send("alice", Method::DELETE, &parent, None).await;
    assert_eq!(refused.code(), (409, "still_used"));
    assert_eq!(fixture.outbox().await.len(), 2);
    assert_eq!(
        fixture.send("alice", Method::DELETE, &child, None).await.status,
        204
    );
    assert_eq!(
        fixture.send("alice", Method::DELETE, &parent, None).await.status,
        204
    );
}

#[tokio::test]
async fn dependencies_make_no_circle_and_may_outlive_what_they_name() {
    let fixture = Fixture::new().await;
    let one = fixture.task(json!({"title": "1"})).await;
    let two = fixture
        .task(json!({"title": "2", "depends_on": [one, one]}))
        .await;
    let three = fixture.task(json!({"title": "3", "depends_on": [two]})).await;
    for (task, on) in [(&one, &one), (&one, &two), (&one, &three), (&two, &three)] {
        let refused = fixture.patch(task, json!({"depends_on": [on]})).await;
        assert_eq!(refused.refusal(), (422, "/depends_on", "cycle"), "{task} on {on}");
    }
    let refused = fixture.patch(&three, json!({"depends_on": [two, MISSING]})).await;
    assert_eq!(refused.refusal(), (422, "/depends_on", "unknown"));

    let path = format!("/v1/tasks/{one}");
    assert_eq!(
        fixture.send("alice", Method::DELETE, &path, None).await.status,
        204
    );
    let kept = fixture.patch(&two, json!({"title": "kept"})).await;
    assert_eq!((kept.status, &kept.body["depends_on"]), (200, &json!([one])));
    let same = fixture
        .patch(&two, json!({"depends_on": [one], "title": "again"}))
        .await;
    assert_eq!(same.status, 200, "{same:?}");
}

#[tokio::test]
async fn only_tasks_of_the_same_space_are_referred_to() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    let alone = fixture.task(json!({"title": "alone"})).await;
    let shared = fixture
        .task(json!({"title": "shared", "project_id": project}))
        .await;
    let bobs = fixture
        .send("bob", Method::POST, "/v1/tasks", Some(json!({"title": "bob's"})))
        .await;
    let bobs = bobs.body["id"].as_str().unwrap().to_owned();
    // Another's task is as unknown as one that does not exist.
    for other in [&shared, &bobs, &MISSING.to_owned()] {
        let refused = fixture.patch(&alone, json!({"parent_id": other})).await;
        assert_eq!(refused.refusal(), (422, "/parent_id", "unknown"));
        let refused = fixture.patch(&alone, json!({"depends_on": [other]})).await;
        assert_eq!(refused.refusal(), (422, "/depends_on", "unknown"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_would_close_a_circle_at_once_one_does_not() {
    let fixture = Fixture::with_random_ids().await;
    for _ in 0..10 {
        let one = fixture.task(json!({"title": "1"})).await;
        let two = fixture.task(json!({"title": "2"})).await;
        for field in ["parent_id", "depends_on"] {
            let refer = |id: &str| match field {
                "parent_id" => json!({field: id}),
                _ => json!({field: [id]}),
            };
            let (to_two, to_one) = (refer(&two), refer(&one));
            let both = join_all([fixture.patch(&one, to_two), fixture.patch(&two, to_one)]).await;
            let mut statuses: Vec<_> = both.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 422], "{field}: {both:?}");
        }
    }
}

/// The look before the write finds nothing wrong, and the write waits for the one that closes the circle.
#[tokio::test]
async fn the_statement_itself_sees_a_circle_that_was_closed_meanwhile() {
    let fixture = Fixture::new().await;
    let one = fixture.task(json!({"title": "1"})).await;
    let two = fixture.task(json!({"title": "2"})).await;
    let mut other = fixture.database.pool.begin().await.unwrap();
    for statement in [
        format!("update task set parent_id = '{two}', version = 2 where id = '{one}'"),
        "insert into task_graph (space, version) values (space_of('alice', null), 1)".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut *other)
            .await
            .unwrap();
    }
    let commit = async {
        while let None | Some(0) = sqlx::query_scalar::<_, i64>(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_optional(&fixture.database.pool)
        .await
        .unwrap()
        {}
        other.commit().await.unwrap();
    };
    let (refused, committed) = tokio::join!(
        fixture.patch(&two, json!({"parent_id": one})),
        tokio::time::timeout(Duration::from_secs(10), commit),
    );
    assert!(committed.is_ok(), "no write waited: {refused:?}");
    assert_eq!(refused.refusal(), (422, "/parent_id", "cycle"));
    assert_eq!(fixture.outbox().await.len(), 2);
}
