//! How PostgreSQL finds what is due.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use todo_task::DUE;
use uuid::Uuid;

use super::fixture::Fixture;

/// Every node of a plan.
fn nodes(plan: &Value, found: &mut Vec<(String, Option<String>)>) {
    let text = |name: &str| plan[name].as_str().map(ToOwned::to_owned);
    found.push((text("Node Type").unwrap(), text("Index Name")));
    for part in plan["Plans"].as_array().into_iter().flatten() {
        nodes(part, found);
    }
}

#[tokio::test]
async fn what_is_due_is_read_from_the_index_in_order() {
    let fixture = Fixture::new().await;
    let pool = &fixture.database.pool;
    for statement in [
        "insert into task (id, owner, title, status, priority, version, created_at, updated_at, due_at, completed_at)
         select gen_random_uuid(), 'user-' || number % 20, 'x', case when number % 3 = 0 then 'done' else 'open' end,
                'none', 1, now(), now(), timestamptz '2026-01-01' + number * interval '1 minute',
                case when number % 3 = 0 then now() end
         from generate_series(1, 20000) as number",
        "analyze task",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(format!("explain (format json) {DUE}")))
        .bind("user-7")
        .bind(None::<Uuid>)
        .bind("2026-01-02T00:00:00Z".parse::<Timestamp>().unwrap().to_sqlx())
        .bind("2026-01-12T00:00:00Z".parse::<Timestamp>().unwrap().to_sqlx())
        .bind("-infinity")
        .bind(Uuid::nil())
        .bind(51_i64)
        .fetch_one(pool)
        .await
        .unwrap();
    let mut found = Vec::new();
    nodes(&plan[0]["Plan"], &mut found);
    let scans: Vec<_> = found.iter().filter(|(kind, _)| kind.contains("Scan")).collect();
    let on_due = ("Index Scan".to_owned(), Some("task_due".to_owned()));
    assert!(scans.contains(&&on_due), "{plan}");
    for (kind, index) in &found {
        assert!(
            kind != "Sort" && kind != "Incremental Sort" && !kind.contains("Seq"),
            "{plan}"
        );
        assert!(!kind.contains("Bitmap"), "{plan}");
        // The other one asks whether the caller is a member.
        let is_known = matches!(
            index.as_deref(),
            None | Some("task_due" | "project_member_pkey" | "project_member_user")
        );
        assert!(is_known, "{plan}");
    }
}
