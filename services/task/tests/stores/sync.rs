//! A client that applies what it is told has what the lists have.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture};

/// What a client keeps.
#[derive(Default)]
struct Copy {
    token: Option<String>,
    tasks: BTreeMap<String, Value>,
}

impl Copy {
    /// One request, applied; whether there is more.
    async fn sync(&mut self, fixture: &Fixture, user: &str, limit: usize) -> bool {
        let token = self.token.as_ref().map(|token| format!("&token={token}"));
        let answer = ask(
            fixture,
            user,
            &format!("?limit={limit}{}", token.unwrap_or_default()),
        )
        .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let list = |name: &str| answer.body[name].as_array().unwrap().clone();
        if answer.body["full_sync"] == true {
            self.tasks.clear();
        }
        for project in list("removed_projects") {
            self.tasks.retain(|_, task| task["project_id"] != project);
        }
        for task in list("changed") {
            self.tasks.insert(task["id"].as_str().unwrap().to_owned(), task);
        }
        for gone in list("removed") {
            let id = gone["id"].as_str().unwrap();
            if self
                .tasks
                .get(id)
                .is_some_and(|task| task["project_id"] == gone["project_id"])
            {
                self.tasks.remove(id);
            }
        }
        self.token = Some(answer.body["token"].as_str().unwrap().to_owned());
        answer.body["has_more"] == true
    }

    async fn catch_up(&mut self, fixture: &Fixture, user: &str) {
        while self.sync(fixture, user, 3).await {}
    }

    fn titles(&self) -> Vec<&str> {
        let mut titles: Vec<_> = self
            .tasks
            .values()
            .map(|task| task["title"].as_str().unwrap())
            .collect();
        titles.sort_unstable();
        titles
    }
}

async fn ask(fixture: &Fixture, user: &str, query: &str) -> Answer {
    fixture
        .send(user, Method::GET, &format!("/v1/sync{query}"), None)
        .await
}

/// What the lists of `user` have.
async fn listed(fixture: &Fixture, user: &str, projects: &[&str]) -> BTreeMap<String, Value> {
    let own = std::iter::once("/v1/tasks?limit=200".to_owned());
    let of_projects = projects
        .iter()
        .map(|project| format!("/v1/tasks?limit=200&project={project}"));
    let mut tasks = BTreeMap::new();
    for path in own.chain(of_projects) {
        let page = fixture.send(user, Method::GET, &path, None).await;
        assert_eq!(page.body["next_cursor"], Value::Null, "{page:?}");
        for task in page.body["items"].as_array().unwrap() {
            tasks.insert(task["id"].as_str().unwrap().to_owned(), task.clone());
        }
    }
    tasks
}

/// Makes, changes, moves, deletes and brings back tasks of its own, alone and in `project`.
async fn write(fixture: &Fixture, project: &str, writer: usize) {
    let space = |number: usize| (number.is_multiple_of(2)).then_some(project);
    let mut ids = Vec::new();
    for step in 0..24 {
        let title = format!("{writer} {step}");
        let answer = match (ids.get(step * 7 % ids.len().max(1)), step % 6) {
            (None, _) | (_, 0) => {
                let body = json!({"title": title, "project_id": space(writer + step / 6)});
                let made = fixture.send("alice", Method::POST, "/v1/tasks", Some(body)).await;
                ids.push(made.body["id"].as_str().unwrap().to_owned());
                made
            }
            (Some(id), 3) => {
                fixture
                    .patch(id, json!({"project_id": space(writer + step)}))
                    .await
            }
            (Some(id), 4) => {
                fixture
                    .send("alice", Method::DELETE, &format!("/v1/tasks/{id}"), None)
                    .await
            }
            (Some(id), 5) => {
                fixture
                    .send("alice", Method::POST, &format!("/v1/trash/{id}/restore"), None)
                    .await
            }
            (Some(id), _) => fixture.patch(id, json!({"title": title})).await,
        };
        assert!(matches!(answer.status, 200..=204 | 404), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_many_writers_no_change_is_missed() {
    let fixture = Fixture::with_random_ids().await;
    fixture.connect().await;
    let project = fixture.project(&[("edith", "viewer")]).await;
    let is_over = AtomicBool::new(false);
    let follow = async |user: &str| {
        let mut copy = Copy::default();
        while !is_over.load(Ordering::SeqCst) {
            copy.sync(&fixture, user, 5).await;
        }
        copy.catch_up(&fixture, user).await;
        copy.tasks
    };
    let writers = async {
        join_all((0..4).map(|writer| write(&fixture, &project, writer))).await;
        is_over.store(true, Ordering::SeqCst);
    };
    let (alices, ediths, ()) = futures::join!(follow("alice"), follow("edith"), writers);
    assert!(alices.len() > 4 && !ediths.is_empty() && ediths.len() < alices.len());
    assert_eq!(alices, listed(&fixture, "alice", &[&project]).await);
    assert_eq!(ediths, listed(&fixture, "edith", &[&project]).await);
    let gaps: i64 = sqlx::query_scalar(
        "select count(*) from sync_seq where n < (select max(n) from sync_log where sync_log.space = sync_seq.space)",
    )
    .fetch_one(&fixture.database.pool)
    .await
    .unwrap();
    assert_eq!(gaps, 0);
}

#[tokio::test]
async fn each_space_has_its_own_numbers_without_gaps() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    let id = fixture.task(json!({"title": "a"})).await;
    let refused = fixture.patch(&id, json!({"title": ""})).await;
    assert_eq!(refused.status, 422);
    fixture.patch(&id, json!({"title": "b"})).await;
    fixture.patch(&id, json!({"project_id": project})).await;
    let numbers: Vec<i64> = sqlx::query_scalar("select n from sync_seq order by space")
        .fetch_all(&fixture.database.pool)
        .await
        .unwrap();
    assert_eq!(numbers, [1, 3], "of the project, of alice");
}

#[tokio::test]
async fn only_what_is_new_is_told_and_what_went_is_told_as_gone() {
    let fixture = Fixture::new().await;
    let (a, b) = (
        fixture.task(json!({"title": "a"})).await,
        fixture.task(json!({"title": "b"})).await,
    );
    let mut copy = Copy::default();
    copy.catch_up(&fixture, "alice").await;
    assert_eq!(copy.titles(), ["a", "b"]);
    fixture.patch(&a, json!({"title": "c"})).await;
    fixture
        .send("alice", Method::DELETE, &format!("/v1/tasks/{b}"), None)
        .await;
    let token = copy.token.clone().unwrap();
    let answer = ask(&fixture, "alice", &format!("?token={token}")).await.body;
    assert_eq!(answer["changed"].as_array().unwrap().len(), 1);
    assert_eq!(answer["changed"][0]["title"], "c");
    assert_eq!(answer["removed"], json!([{"id": b, "project_id": null}]));
    assert_eq!(
        (&answer["full_sync"], &answer["has_more"]),
        (&json!(false), &json!(false))
    );
    let again = format!("?token={}", answer["token"].as_str().unwrap());
    let again = ask(&fixture, "alice", &again).await.body;
    assert_eq!((&again["changed"], &again["removed"]), (&json!([]), &json!([])));
    let nobody = ask(&fixture, "mallory", "").await.body;
    assert_eq!(
        (&nobody["changed"], &nobody["full_sync"]),
        (&json!([]), &json!(true))
    );
}

#[tokio::test]
async fn a_project_that_is_left_goes_and_one_that_is_joined_comes_whole() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    for title in ["a", "b"] {
        fixture.task(json!({"title": title, "project_id": project})).await;
    }
    let mut copy = Copy::default();
    copy.catch_up(&fixture, "edith").await;
    assert_eq!(copy.titles(), [""; 0]);
    let member = format!("/v1/projects/{project}/members/edith");
    for _ in 0..2 {
        let body = Some(json!({"role": "viewer"}));
        fixture.send("alice", Method::PUT, &member, body).await;
        copy.catch_up(&fixture, "edith").await;
        assert_eq!(copy.titles(), ["a", "b"]);
        fixture.send("alice", Method::DELETE, &member, None).await;
        copy.catch_up(&fixture, "edith").await;
        assert_eq!(copy.titles(), [""; 0]);
    }
}

#[tokio::test]
async fn a_token_belongs_to_its_user_and_has_an_end() {
    let fixture = Fixture::new().await;
    fixture.task(json!({"title": "a"})).await;
    let token = ask(&fixture, "alice", "").await.body["token"].clone();
    let query = format!("?token={}", token.as_str().unwrap());
    assert_eq!(ask(&fixture, "bob", &query).await.code(), (400, "bad_cursor"));
    fixture.clock.advance(SignedDuration::from_hours(45 * 24 + 1));
    let expired = ask(&fixture, "alice", &query).await;
    assert_eq!(expired.code(), (410, "sync_token_expired"));
    assert_eq!(ask(&fixture, "alice", "").await.body["full_sync"], true);
}

#[tokio::test]
async fn what_went_is_remembered_for_longer_than_a_token_is_good() {
    let fixture = Fixture::new().await;
    for title in ["here", "gone", "gone long ago"] {
        let path = fixture.create(json!({"title": title})).await;
        if title != "here" {
            fixture.send("alice", Method::DELETE, &path, None).await;
        }
    }
    sqlx::query(
        "update sync_log set at = now() - case n when 3 then interval '45 days' else interval '47 days' end",
    )
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    let store = todo_task::Store::new(fixture.database.pool.clone());
    assert_eq!(store.forget_changes().await.unwrap(), 1);
    let answer = ask(&fixture, "alice", "").await.body;
    assert_eq!(answer["changed"][0]["title"], "here");
    assert_eq!(answer["removed"].as_array().unwrap().len(), 1);
}
