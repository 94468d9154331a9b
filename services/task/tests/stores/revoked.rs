//! A right that ends between the look at a thing and the statement that writes or lists it: the statement asks for itself.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::fixture::{Answer, Fixture};

/// Sends bob's request, and ends his membership when the request has come as far as the table `stop`, which it does not
/// touch before its last statement. That one begins to look only when the table is free again.
async fn send_while_revoked(
    fixture: &Fixture,
    stop: &str,
    (method, path, body): (Method, &str, Option<Value>),
    headers: &[(&str, &str)],
) -> Answer {
    let mut other = fixture.database.pool.begin().await.unwrap();
    sqlx::query(AssertSqlSafe(format!(
        "lock table {stop} in access exclusive mode"
    )))
    .execute(&mut *other)
    .await
    .unwrap();
    let revoke = async {
        while !sqlx::query_scalar::<_, bool>(
            "select exists (select from pg_stat_activity
                            where datname = current_database() and wait_event_type = 'Lock')",
        )
        .fetch_one(&fixture.database.pool)
        .await
        .unwrap()
        {}
        sqlx::query("delete from project_member where user_id = 'bob'")
            .execute(&mut *other)
            .await
            .unwrap();
        other.commit().await.unwrap();
    };
    let (answer, revoked) = tokio::join!(
        fixture.send_with("bob", method, path, body, headers),
        tokio::time::timeout(Duration::from_secs(10), revoke),
    );
    assert!(revoked.is_ok(), "nothing waited: {answer:?}");
    answer
}

#[tokio::test]
async fn no_write_goes_through() {
    let key = [("idempotency-key", "k")];
    let rename = json!({"name": "bob's"});
    let member = json!({"role": "viewer"});
    let table = [
        (
            Method::PATCH,
            "/v1/tasks/{task}",
            Some(json!({"title": "bob's"})),
            &key[..0],
            404,
        ),
        // It changes nothing, and stores an answer.
        (
            Method::PATCH,
            "/v1/tasks/{task}",
            Some(json!({"title": "x"})),
            &key[..],
            404,
        ),
        (Method::DELETE, "/v1/tasks/{task}", None, &key[..0], 404),
        (Method::POST, "/v1/tasks/{task}/complete", None, &key[..0], 404),
        (
            Method::POST,
            "/v1/tasks/{task}/move",
            Some(json!({"after": "{other}"})),
            &key[..0],
            404,
        ),
        (
            Method::POST,
            "/v1/tasks",
            Some(json!({"title": "bob's", "project_id": "{project}"})),
            &key[..0],
            422,
        ),
        (
            Method::PATCH,
            "/v1/projects/{project}",
            Some(rename),
            &key[..0],
            404,
        ),
        (
            Method::PATCH,
            "/v1/projects/{project}",
            Some(json!({"name": "House"})),
            &key[..],
            404,
        ),
        (Method::DELETE, "/v1/projects/{empty}", None, &key[..0], 404),
        (
            Method::PUT,
            "/v1/projects/{project}/members/zoe",
            Some(member),
            &key[..0],
            404,
        ),
        (
            Method::DELETE,
            "/v1/projects/{project}/members/eve",
            None,
            &key[..0],
            404,
        ),
    ];
    for (method, path, body, headers, status) in table {
        let fixture = Fixture::new().await;
        let members = [("bob", "owner"), ("eve", "viewer")];
        let (project, empty) = (fixture.project(&members).await, fixture.project(&members).await);
        let task = fixture.task(json!({"title": "x", "project_id": project})).await;
        let other = fixture.task(json!({"title": "y", "project_id": project})).await;
        let fill = |text: &str| {
            let names = [
                ("{project}", &project),
                ("{empty}", &empty),
                ("{task}", &task),
                ("{other}", &other),
            ];
            let names = names.into_iter();
            names.fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
        };
        let body = body.map(|body| serde_json::from_str(&fill(&body.to_string())).unwrap());
        let request = (method.clone(), &*fill(path), body);
        let refused = send_while_revoked(&fixture, "idempotency", request, headers).await;
        assert_eq!(refused.status, status, "{method} {path}: {refused:?}");
        let left: (i64, i64, i64, i64) = sqlx::query_as(
            "select (select count(*) from outbox), (select count(*) from idempotency),
                    (select count(*) from project where name = 'House'), (select count(*) from project_member)",
        )
        .fetch_one(&fixture.database.pool)
        .await
        .unwrap();
        assert_eq!(left, (2, 0, 2, 4), "{method} {path}");
    }
}

#[tokio::test]
async fn no_list_shows_anything() {
    for query in [
        "?project={project}",
        "?sort=due&project={project}",
        "?sort=position&project={project}",
        "/due?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&project={project}",
    ] {
        let fixture = Fixture::new().await;
        let project = fixture.project(&[("bob", "owner")]).await;
        fixture
            .create(json!({"title": "x", "project_id": project, "due_at": "2026-12-01T00:00:00Z"}))
            .await;
        let path = format!("/v1/tasks{}", query.replace("{project}", &project));
        let seen = fixture.send("bob", Method::GET, &path, None).await;
        assert_eq!(seen.body["items"].as_array().unwrap().len(), 1, "{query}");
        let request = (Method::GET, path.as_str(), None);
        let list = send_while_revoked(&fixture, "task", request, &[]).await;
        assert_eq!((list.status, &list.body["items"]), (200, &json!([])), "{query}");
    }
}
