//! Lists: what is in them, in which order, and that pages fit together.

use http::Method;
use serde_json::{Value, json};

use super::fixture::Fixture;

impl Fixture {
    /// The titles of one page, and the cursor of the next.
    async fn page(&self, query: &str) -> (Vec<String>, Option<String>) {
        let page = self
            .send("alice", Method::GET, &format!("/v1/tasks{query}"), None)
            .await;
        assert_eq!(page.status, 200, "{query}: {page:?}");
        let title = |task: &Value| task["title"].as_str().unwrap().to_owned();
        let items = page.body["items"].as_array().unwrap();
        let next = page.body["next_cursor"].as_str().map(ToOwned::to_owned);
        (items.iter().map(title).collect(), next)
    }

    async fn titled(&self, query: &str) -> String {
        self.page(query).await.0.join(" ")
    }
}

/// Days of December 2026 on which tasks are due.
fn due(day: u8) -> String {
    format!("2026-12-{day:02}T09:00:00Z")
}

#[tokio::test]
async fn each_filter_leaves_out_what_does_not_fit() {
    let fixture = Fixture::new().await;
    let project = fixture.project(&[]).await;
    let a = fixture
        .task(json!({"title": "a", "labels": ["home"], "due_at": due(1)}))
        .await;
    let b = fixture
        .task(json!({"title": "b", "labels": ["home", "work"], "due_at": due(2)}))
        .await;
    fixture
        .task(json!({"title": "c", "parent_id": a, "due_at": due(3)}))
        .await;
    fixture.task(json!({"title": "p", "project_id": project})).await;
    fixture.patch(&a, json!({"status": "in_progress"})).await;
    fixture.patch(&b, json!({"status": "done"})).await;
    let table = [
        (String::new(), "c b a"),
        (format!("?project={project}"), "p"),
        ("?status=open".to_owned(), "c"),
        ("?status=done,in_progress".to_owned(), "b a"),
        ("?label=home".to_owned(), "b a"),
        ("?label=nothing".to_owned(), ""),
        (format!("?parent={a}"), "c"),
        (format!("?due_after={}", due(2)), "c b"),
        (format!("?due_before={}", due(2)), "a"),
        ("?due_after=-009999-01-02T02:00:00Z".to_owned(), "c b a"),
        (format!("?label=home&due_after={}&status=done", due(1)), "b"),
        ("?sort=due".to_owned(), "a b c"),
        ("?sort=position".to_owned(), "a b c"),
        ("?sort=created".to_owned(), "c b a"),
        (format!("/due?from={}&to={}", due(1), due(3)), "a"),
        (format!("/due?from={}&to={}", due(1), due(4)), "a c"),
    ];
    for (query, expected) in table {
        assert_eq!(fixture.titled(&query).await, expected, "{query}");
    }
    let bad = [
        "?status=",
        "?status=open,gone",
        "?sort=size",
        "?label=%00",
        "?parent=x",
        "?due_after=noon",
        "/due",
        "/due?from=x",
    ];
    for query in bad {
        let answer = fixture
            .send("alice", Method::GET, &format!("/v1/tasks{query}"), None)
            .await;
        assert_eq!(answer.code(), (400, "bad_request"), "{query}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_one_list() {
    let fixture = Fixture::new().await;
    for title in ["a", "b"] {
        fixture.task(json!({"title": title, "due_at": due(1)})).await;
    }
    let span = format!("from={}&to={}", due(1), due(2));
    let lists = [
        "?limit=1".to_owned(),
        "?limit=1&status=open,done".to_owned(),
        "?limit=1&sort=due".to_owned(),
        "?limit=1&sort=position".to_owned(),
        format!("?limit=1&due_after={}", due(1)),
        format!("/due?limit=1&{span}"),
    ];
    for made_for in &lists {
        let cursor = fixture.page(made_for).await.1.unwrap();
        for asked in &lists {
            let path = format!("/v1/tasks{asked}&cursor={cursor}");
            let status = fixture.send("alice", Method::GET, &path, None).await.status;
            assert_eq!(
                status,
                if asked == made_for { 200 } else { 400 },
                "{made_for} for {asked}"
            );
        }
    }
    let cursor = fixture.page("?limit=1&status=open,done").await.1.unwrap();
    let same = format!("?limit=1&status=done,open&cursor={cursor}");
    assert_eq!(fixture.titled(&same).await, "a");
}

/// Between two pages tasks come and go; what was there all the time is seen once, in order.
#[tokio::test]
async fn pages_fit_together_while_tasks_come_and_go() {
    for (sort, forwards) in [("created", false), ("due", true), ("position", true)] {
        let fixture = Fixture::new().await;
        let mut going = Vec::new();
        let due_at = |number: u8| (!number.is_multiple_of(4)).then(|| due(1 + number % 5));
        for number in 0..24 {
            let stays = number % 3 != 0;
            let title = if stays {
                format!("{number:02}")
            } else {
                format!("goes {number}")
            };
            let id = fixture
                .task(json!({"title": title, "due_at": due_at(number)}))
                .await;
            if !stays {
                going.push(id);
            }
        }
        let mut expected: Vec<u8> = (0..24).filter(|number| number % 3 != 0).collect();
        if sort == "due" {
            expected.sort_by_key(|number| (due_at(*number).is_none(), due_at(*number), *number));
        }
        if !forwards {
            expected.reverse();
        }
        let (mut seen, mut cursor, mut round) = (Vec::new(), None::<String>, 0);
        loop {
            let next = cursor
                .map(|cursor| format!("&cursor={cursor}"))
                .unwrap_or_default();
            let (titles, after) = fixture.page(&format!("?sort={sort}&limit=3{next}")).await;
            seen.extend(titles.into_iter().filter_map(|title| title.parse::<u8>().ok()));
            if let Some(id) = going.pop() {
                let gone = fixture
                    .send("alice", Method::DELETE, &format!("/v1/tasks/{id}"), None)
                    .await;
                assert_eq!(gone.status, 204);
            }
            round += 1;
            let position = format!("{round:08}");
            let new = json!({"title": "new", "due_at": due_at(round), "position": position});
            fixture.create(new).await;
            cursor = after;
            if cursor.is_none() || round > 50 {
                break;
            }
            // Tasks that come for ever would keep a list by due date going.
            if seen.len() >= expected.len() {
                break;
            }
        }
        assert_eq!(seen, expected, "{sort}");
    }
}
