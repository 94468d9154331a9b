//! Who may do what: every route, as everybody.

use http::Method;
use serde_json::{Value, json};
use todo_kit::Service;
use todo_task::TaskService;

use super::fixture::{Answer, Fixture};

const MISSING: &str = "01900000-0000-7000-8000-00000000ffff";

/// What each caller gets from one operation.
#[derive(Clone)]
struct Row {
    method: Method,
    /// As `describe` names it.
    route: &'static str,
    /// With `{project}`, `{task}`, `{other}`, another task of the project, and `{trashed}`, a deleted one.
    path: &'static str,
    body: Value,
    stranger: u16,
    viewer: u16,
    editor: u16,
    owner: u16,
}

fn row(method: Method, route: &'static str, path: &'static str, body: Value, statuses: [u16; 4]) -> Row {
    let [stranger, viewer, editor, owner] = statuses;
    Row {
        method,
        route,
        path,
        body,
        stranger,
        viewer,
        editor,
        owner,
    }
}

fn table() -> Vec<Row> {
    [of_tasks(), of_trash_and_sync(), of_projects()].concat()
}

fn of_tasks() -> Vec<Row> {
    const SPAN: &str = "/v1/tasks/due?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&project={project}";
    let none = Value::Null;
    let task = ("/v1/tasks/{id}", "/v1/tasks/{task}");
    let made = json!({"title": "x", "project_id": "{project}"});
    vec![
        row(
            Method::GET,
            "/v1/tasks",
            "/v1/tasks?project={project}",
            none.clone(),
            [404, 200, 200, 200],
        ),
        row(Method::POST, "/v1/tasks", "/v1/tasks", made, [422, 403, 201, 201]),
        row(
            Method::GET,
            "/v1/tasks/due",
            SPAN,
            none.clone(),
            [404, 200, 200, 200],
        ),
        row(Method::GET, task.0, task.1, none.clone(), [404, 200, 200, 200]),
        row(
            Method::PATCH,
            task.0,
            task.1,
            json!({"percent": 7}),
            [404, 403, 200, 200],
        ),
        row(Method::DELETE, task.0, task.1, none.clone(), [404, 403, 204, 204]),
        row(
            Method::POST,
            "/v1/tasks/{id}/complete",
            "/v1/tasks/{task}/complete",
            none.clone(),
            [404, 403, 200, 200],
        ),
        row(
            Method::POST,
            "/v1/tasks/{id}/move",
            "/v1/tasks/{task}/move",
            json!({"after": "{other}"}),
            [404, 403, 200, 200],
        ),
        row(
            Method::GET,
            "/v1/tasks/{id}/history",
            "/v1/tasks/{task}/history",
            none,
            [404, 200, 200, 200],
        ),
    ]
}

fn of_trash_and_sync() -> Vec<Row> {
    let none = Value::Null;
    vec![
        row(Method::GET, "/v1/sync", "/v1/sync", none.clone(), [200; 4]),
        row(Method::GET, "/v1/trash", "/v1/trash", none.clone(), [200; 4]),
        row(
            Method::DELETE,
            "/v1/trash/{id}",
            "/v1/trash/{trashed}",
            none.clone(),
            [404, 404, 204, 204],
        ),
        row(
            Method::POST,
            "/v1/trash/{id}/restore",
            "/v1/trash/{trashed}/restore",
            none,
            [404, 404, 200, 200],
        ),
    ]
}

fn of_projects() -> Vec<Row> {
    let none = Value::Null;
    let member = "/v1/projects/{project}/members/guest";
    let members = "/v1/projects/{id}/members/{user}";
    let project = ("/v1/projects/{id}", "/v1/projects/{project}");
    vec![
        row(
            Method::GET,
            "/v1/projects",
            "/v1/projects",
            none.clone(),
            [200; 4],
        ),
        row(
            Method::POST,
            "/v1/projects",
            "/v1/projects",
            json!({"name": "x"}),
            [201; 4],
        ),
        row(
            Method::GET,
            project.0,
            project.1,
            none.clone(),
            [404, 200, 200, 200],
        ),
        row(
            Method::PATCH,
            project.0,
            project.1,
            json!({"name": "y"}),
            [404, 403, 403, 200],
        ),
        row(
            Method::DELETE,
            project.0,
            project.1,
            none.clone(),
            [404, 403, 403, 409],
        ),
        row(
            Method::PUT,
            members,
            member,
            json!({"role": "editor"}),
            [404, 403, 403, 200],
        ),
        row(Method::DELETE, members, member, none, [404, 403, 403, 204]),
    ]
}

/// A project of alice's with one member in each role, and its tasks.
struct Place {
    project: String,
    task: String,
    other: String,
    trashed: String,
}

impl Place {
    async fn new(fixture: &Fixture) -> Self {
        let members = [("victor", "viewer"), ("edith", "editor"), ("guest", "viewer")];
        let project = fixture.project(&members).await;
        let due = json!({"title": "x", "project_id": project, "due_at": "2026-12-01T00:00:00Z"});
        let trashed = fixture.task(due.clone()).await;
        let path = format!("/v1/tasks/{trashed}");
        let deleted = fixture.send("alice", Method::DELETE, &path, None).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        Self {
            task: fixture.task(due.clone()).await,
            other: fixture.task(due.clone()).await,
            trashed,
            project,
        }
    }

    fn nowhere() -> Self {
        let missing = || MISSING.to_owned();
        Self {
            project: missing(),
            task: missing(),
            other: missing(),
            trashed: missing(),
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{project}", &self.project)
            .replace("{task}", &self.task)
            .replace("{other}", &self.other)
            .replace("{trashed}", &self.trashed)
    }

    async fn send(&self, fixture: &Fixture, row: &Row, user: Option<&str>) -> Answer {
        let body: Value = serde_json::from_str(&self.fill(&row.body.to_string())).unwrap();
        let body = (!body.is_null()).then_some(body);
        let (method, path) = (row.method.clone(), self.fill(row.path));
        match user {
            Some(user) => fixture.send(user, method, &path, body).await,
            None if body.is_none() => fixture.send_plain(method, &path, None, &[]).await,
            None => fixture.send_plain(method, &path, body, &[]).await,
        }
    }

    /// What a write would have changed.
    async fn state(&self, fixture: &Fixture) -> Vec<String> {
        sqlx::query_scalar(
            "select row_to_json(task)::text from task where space = space_of('', $1::uuid)
             union all select row_to_json(project)::text from project where id = $1::uuid
             union all select row_to_json(project_member)::text from project_member where project_id = $1::uuid
             union all select row_to_json(task_trash)::text from task_trash where space = space_of('', $1::uuid)
             union all select count(*)::text from task_history
             union all select count(*)::text from outbox
             order by 1",
        )
        .bind(&self.project)
        .fetch_all(&fixture.database.pool)
        .await
        .unwrap()
    }
}

/// All that a client can tell answers apart by, but for the trace.
fn visible(answer: &Answer) -> (u16, Option<String>, Option<String>, Option<String>, Value) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("trace_id");
    }
    let (etag, location) = (answer.etag.clone(), answer.location.clone());
    (answer.status, etag, location, answer.content_type.clone(), body)
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let fixture = Fixture::new().await;
    for row in table() {
        let name = format!("{} {}", row.method, row.path);
        for (user, expected) in [
            (None, 401),
            (Some("mallory"), row.stranger),
            (Some("victor"), row.viewer),
            (Some("edith"), row.editor),
            (Some("alice"), row.owner),
        ] {
            let place = Place::new(&fixture).await;
            let before = place.state(&fixture).await;
            let answer = place.send(&fixture, &row, user).await;
            assert_eq!(answer.status, expected, "{name} as {user:?}: {answer:?}");
            if expected >= 400 {
                assert_eq!(
                    place.state(&fixture).await,
                    before,
                    "{name} as {user:?} changed something"
                );
            }
            if expected == 403 {
                assert_eq!(answer.body["code"], "forbidden", "{name} as {user:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_what_exists() {
    let fixture = Fixture::new().await;
    let place = Place::new(&fixture).await;
    for row in table() {
        if row.stranger == 201 {
            continue;
        }
        let there = place.send(&fixture, &row, Some("mallory")).await;
        let nowhere = Place::nowhere().send(&fixture, &row, Some("mallory")).await;
        assert_eq!(visible(&there), visible(&nowhere), "{} {}", row.method, row.path);
    }
}

/// A route, or a method of one, that is new fails here until it has a row.
#[tokio::test]
async fn every_operation_of_every_route_has_a_row() {
    let fixture = Fixture::new().await;
    let (table, place) = (table(), Place::new(&fixture).await);
    let routes = TaskService::description().routes;
    for route in &routes {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let path = route.replace("/projects/{id}", "/projects/{project}");
            let path = place.fill(&path.replace("{id}", "{task}").replace("{user}", "nobody"));
            // Without a token nothing is done, and a method that is not there is told apart all the same.
            let answer = fixture.send_plain(method.clone(), &path, None, &[]).await;
            let has_row = table
                .iter()
                .any(|row| row.route == *route && row.method == method);
            let expected = if has_row { 401 } else { 405 };
            assert_eq!(answer.status, expected, "{method} {route}");
        }
    }
    for row in &table {
        assert!(
            routes.iter().any(|route| route == row.route),
            "{} is no route",
            row.route
        );
    }
}
