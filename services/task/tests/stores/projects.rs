//! Projects and who may do what in them.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, NOW};

impl Fixture {
    async fn as_owner(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send("alice", method, path, body).await
    }
}

#[tokio::test]
async fn a_project_is_made_shown_changed_and_deleted() {
    let fixture = Fixture::new().await;
    let draft = json!({"name": " House ", "colour": "#3366CC"});
    let made = fixture.as_owner(Method::POST, "/v1/projects", Some(draft)).await;
    assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"v1\"")));
    let path = made.location.clone().unwrap();
    let expected = json!({
        "id": made.body["id"], "name": "House", "colour": "#3366cc", "archived": false, "owner": "alice",
        "members": [{"user_id": "alice", "role": "owner"}], "version": 1, "created_at": NOW, "updated_at": NOW,
    });
    assert_eq!(made.body, expected);
    let shown = fixture.as_owner(Method::GET, &path, None).await;
    assert_eq!((shown.status, &shown.body), (200, &expected));
    let known = [("if-none-match", "\"v1\"")];
    assert_eq!(
        fixture
            .send_with("alice", Method::GET, &path, None, &known)
            .await
            .status,
        304
    );

    let archive = Some(json!({"archived": true, "colour": null}));
    let stale = [("if-match", "\"v9\"")];
    let refused = fixture
        .send_with("alice", Method::PATCH, &path, archive.clone(), &stale)
        .await;
    assert_eq!(
        (refused.code(), refused.etag.as_deref()),
        ((412, "version_mismatch"), Some("\"v1\""))
    );
    let changed = fixture.as_owner(Method::PATCH, &path, archive.clone()).await;
    assert_eq!((changed.status, changed.etag.as_deref()), (200, Some("\"v2\"")));
    assert_eq!(
        (&changed.body["archived"], &changed.body["colour"]),
        (&json!(true), &Value::Null)
    );
    let same = fixture.as_owner(Method::PATCH, &path, archive).await;
    assert_eq!((same.status, same.etag.as_deref()), (200, Some("\"v2\"")));
    let refused = fixture
        .as_owner(Method::PATCH, &path, Some(json!({"colour": "red"})))
        .await;
    assert_eq!(refused.refusal(), (422, "/colour", "malformed"));

    assert_eq!(fixture.as_owner(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(fixture.as_owner(Method::GET, &path, None).await.status, 404);
    assert_eq!(fixture.outbox().await, [], "nothing is told of projects");
}

#[tokio::test]
async fn members_share_the_tasks_in_their_roles() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[("bob", "viewer")]).await;
    let path = format!("/v1/projects/{project}");
    let task = fixture.task(json!({"title": "x", "project_id": project})).await;
    let task = format!("/v1/tasks/{task}");
    let change = async || {
        let body = Some(json!({"description": "by bob"}));
        fixture.send("bob", Method::PATCH, &task, body).await.status
    };
    assert_eq!(change().await, 403);
    let raised = fixture
        .as_owner(
            Method::PUT,
            &format!("{path}/members/bob"),
            Some(json!({"role": "editor"})),
        )
        .await;
    assert_eq!((raised.status, raised.etag.as_deref()), (200, Some("\"v3\"")));
    assert_eq!(
        raised.body["members"][1],
        json!({"user_id": "bob", "role": "editor"})
    );
    assert_eq!(change().await, 200);
    let made = Some(json!({"title": "bob's", "project_id": project}));
    let made = fixture.send("bob", Method::POST, "/v1/tasks", made).await;
    assert_eq!((made.status, &made.body["owner"]), (201, &json!("bob")));
    let left = fixture
        .send("bob", Method::DELETE, &format!("{path}/members/bob"), None)
        .await;
    assert_eq!((left.status, left.etag.as_deref()), (204, Some("\"v4\"")));
    assert_eq!(change().await, 404);
    // What he made stays with the project.
    let list = fixture
        .as_owner(Method::GET, &format!("/v1/tasks?project={project}"), None)
        .await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        fixture
            .send("bob", Method::GET, &made.location.unwrap(), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_project_keeps_its_owner_and_a_bound_of_members() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[("bob", "owner")]).await;
    let path = format!("/v1/projects/{project}/members");
    for user in ["alice", "bob"] {
        let lowered = fixture
            .send(
                user,
                Method::PUT,
                &format!("{path}/alice"),
                Some(json!({"role": "viewer"})),
            )
            .await;
        assert_eq!(lowered.code(), (409, "owner_stays"), "{user}");
        let removed = fixture
            .send(user, Method::DELETE, &format!("{path}/alice"), None)
            .await;
        assert_eq!(removed.code(), (409, "owner_stays"), "{user}");
    }
    sqlx::query(
        "insert into project_member select project_id, 'user-' || number, 'viewer'
         from project_member, generate_series(1, 98) number where user_id = 'alice'",
    )
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    let body = || Some(json!({"role": "viewer"}));
    let full = fixture
        .as_owner(Method::PUT, &format!("{path}/zoe"), body())
        .await;
    assert_eq!(full.code(), (409, "limit_reached"));
    let known = fixture
        .as_owner(Method::PUT, &format!("{path}/user-7"), body())
        .await;
    assert_eq!(known.status, 200);
    let odd = fixture
        .as_owner(Method::PUT, &format!("{path}/a%20b%40c"), body())
        .await;
    assert_eq!(odd.code(), (409, "limit_reached"), "any sub is a user");
    assert_eq!(
        fixture
            .as_owner(Method::PUT, &format!("{path}/a%0Ab"), body())
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_project_with_tasks_is_not_deleted() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    let path = format!("/v1/projects/{project}");
    let task = fixture.task(json!({"title": "x", "project_id": project})).await;
    let refused = fixture.as_owner(Method::DELETE, &path, None).await;
    assert_eq!(refused.code(), (409, "still_used"));
    assert_eq!(
        fixture.patch(&task, json!({"project_id": null})).await.status,
        200
    );
    assert_eq!(fixture.as_owner(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(
        fixture
            .as_owner(Method::GET, &format!("/v1/tasks/{task}"), None)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_task_moves_between_projects_when_nothing_holds_it() {
    let fixture = Fixture::new().await;
    let mine = fixture.project(&[("bob", "editor"), ("eve", "viewer")]).await;
    let other = fixture
        .send(
            "bob",
            Method::POST,
            "/v1/projects",
            Some(json!({"name": "bob's"})),
        )
        .await;
    let other = other.body["id"].as_str().unwrap().to_owned();
    let parent = fixture.task(json!({"title": "parent"})).await;
    let child = fixture.task(json!({"title": "child", "parent_id": parent})).await;
    let table = [
        (&parent, json!({"project_id": mine}), "/project_id", "related"),
        (&child, json!({"project_id": mine}), "/parent_id", "unknown"),
        (
            &child,
            json!({"project_id": other, "parent_id": null}),
            "/project_id",
            "unknown",
        ),
        (
            &child,
            json!({"project_id": mine, "parent_id": null, "assignee": "zoe"}),
            "/assignee",
            "unknown",
        ),
    ];
    for (id, body, pointer, code) in table {
        assert_eq!(
            fixture.patch(id, body.clone()).await.refusal(),
            (422, pointer, code),
            "{body}"
        );
    }
    let moved = fixture
        .patch(
            &child,
            json!({"project_id": mine, "parent_id": null, "assignee": "eve"}),
        )
        .await;
    assert_eq!((moved.status, &moved.body["assignee"]), (200, &json!("eve")));
    // Bob writes in the project, but cannot put the task where only alice sees it.
    let path = format!("/v1/tasks/{child}");
    let taken = fixture
        .send("bob", Method::PATCH, &path, Some(json!({"project_id": null})))
        .await;
    assert_eq!(taken.refusal(), (422, "/project_id", "not_yours"));
    let stays = fixture.patch(&child, json!({"project_id": null})).await;
    assert_eq!(
        stays.refusal(),
        (422, "/assignee", "unknown"),
        "eve is nobody outside of it"
    );
    let lent = fixture.send(
        "bob",
        Method::PATCH,
        &path,
        Some(json!({"project_id": other, "assignee": "bob"})),
    );
    assert_eq!(lent.await.status, 200);
    assert_eq!(
        fixture.patch(&child, json!({"title": "y"})).await.status,
        404,
        "alice is no member there"
    );
}

#[tokio::test]
async fn projects_are_listed_newest_first_by_pages() {
    let fixture = Fixture::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(fixture.project(&[("bob", "viewer")]).await);
    }
    ids.reverse();
    let archive = Some(json!({"archived": true}));
    fixture
        .as_owner(Method::PATCH, &format!("/v1/projects/{}", ids[0]), archive)
        .await;
    let page = async |user: &str, query: &str| {
        let page = fixture
            .send(user, Method::GET, &format!("/v1/projects?{query}"), None)
            .await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().unwrap();
        let found: Vec<_> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect();
        (found, page.body["next_cursor"].as_str().map(ToOwned::to_owned))
    };
    let (first, cursor) = page("bob", "limit=3").await;
    let cursor = cursor.unwrap();
    let (second, end) = page("bob", &format!("limit=3&cursor={cursor}")).await;
    assert_eq!(([first, second].concat(), end), (ids.clone(), None));
    assert_eq!(page("bob", "archived=true").await.0, ids[..1]);
    assert_eq!(page("bob", "archived=false").await.0, ids[1..]);
    assert_eq!(page("mallory", "").await.0, Vec::<String>::new());
    let other = format!("/v1/projects?archived=true&cursor={cursor}");
    assert_eq!(
        fixture.send("bob", Method::GET, &other, None).await.code(),
        (400, "bad_cursor")
    );
}

#[tokio::test]
async fn each_write_is_done_once_and_answered_as_often_as_it_is_sent() {
    let fixture = Fixture::new().await;
    let send = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        let headers = [("idempotency-key", key)];
        let first = fixture
            .send_with("alice", method.clone(), path, body.clone(), &headers)
            .await;
        let again = fixture
            .send_with("alice", method.clone(), path, body, &headers)
            .await;
        assert!(
            again.replayed && !first.replayed,
            "{method} {path}: {first:?} {again:?}"
        );
        assert_eq!(
            (again.status, &again.text, &again.etag),
            (first.status, &first.text, &first.etag)
        );
        first
    };
    let made = send("1", Method::POST, "/v1/projects", Some(json!({"name": "x"}))).await;
    let path = made.location.unwrap();
    let bob = format!("{path}/members/bob");
    let body = Some(json!({"role": "viewer"}));
    assert_eq!(send("2", Method::PUT, &bob, body.clone()).await.status, 200);
    assert_eq!(
        send("3", Method::PUT, &bob, body).await.etag.as_deref(),
        Some("\"v2\"")
    );
    assert_eq!(
        send("4", Method::PATCH, &path, Some(json!({"name": "y"})))
            .await
            .status,
        200
    );
    assert_eq!(send("5", Method::DELETE, &bob, None).await.status, 204);
    assert_eq!(
        send("6", Method::DELETE, &bob, None).await.etag.as_deref(),
        Some("\"v4\"")
    );
    assert_eq!(send("7", Method::DELETE, &path, None).await.status, 204);
    let other = [("idempotency-key", "1")];
    let reused = fixture
        .send_with(
            "alice",
            Method::POST,
            "/v1/tasks",
            Some(json!({"title": "x"})),
            &other,
        )
        .await;
    assert_eq!(reused.code(), (422, "idempotency_key_reused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_who_join_at_once_none_is_lost() {
    let fixture = Fixture::with_random_ids().await;
    let project = fixture.project(&[]).await;
    let path = format!("/v1/projects/{project}");
    let joins = (0..6).map(|number| {
        let (fixture, path) = (&fixture, format!("{path}/members/user-{number}"));
        async move {
            loop {
                let body = Some(json!({"role": "editor"}));
                let answer = fixture.as_owner(Method::PUT, &path, body).await;
                match answer.code() {
                    (409, "conflict") => {}
                    _ => break answer.status,
                }
            }
        }
    });
    assert_eq!(join_all(joins).await, [200; 6]);
    let shown = fixture.as_owner(Method::GET, &path, None).await;
    let members = shown.body["members"].as_array().unwrap().len();
    assert_eq!((members, &shown.body["version"]), (7, &json!(7)));
}
