use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use todo_kit::postgres::{begin, begin_with};
use todo_kit::testing::TestDatabase;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("tests/migrations");

/// Long enough to be given up in the middle.
const SLOW_BEGIN: &str = "begin; select pg_sleep(0.5)";

async fn wait_until_sleeping(database: &TestDatabase) {
    let asked = "select count(*) from pg_stat_activity
                 where datname = current_database() and state = 'active' and query like 'begin; select pg_sleep%'";
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let sleeping: i64 = sqlx::query_scalar(asked).fetch_one(&database.pool).await.unwrap();
        if sleeping > 0 {
            return;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "the transaction does not begin"
        );
        tokio::task::yield_now().await;
    }
}

async fn write(pool: &PgPool) {
    sqlx::query(
        "insert into outbox (id, topic, partition_key, envelope) values (gen_random_uuid(), 't', 'k', '{}')",
    )
    .execute(pool)
    .await
    .unwrap();
}

async fn written(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("select count(*) from outbox")
        .fetch_one(&database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_transaction_that_is_given_up_while_it_begins_swallows_no_write() {
    let database = TestDatabase::new("task", &MIGRATIONS).await;
    let options = database.pool.connect_options();
    let one = PgPoolOptions::new().max_connections(1);
    let pool = one.connect_with(options.as_ref().clone()).await.unwrap();
    tokio::select! {
        _begun = begin_with(&pool, SLOW_BEGIN) => unreachable!("it takes its time"),
        () = wait_until_sleeping(&database) => {}
    }
    // The only connection of the pool, so the one on which the transaction began.
    write(&pool).await;
    assert_eq!(written(&database).await, 1, "others see what was written");
}

#[tokio::test]
async fn a_transaction_writes_when_it_is_committed_and_not_before() {
    let database = TestDatabase::new("task", &MIGRATIONS).await;
    let mut transaction = begin(&database.pool).await.unwrap();
    sqlx::query(
        "insert into outbox (id, topic, partition_key, envelope) values (gen_random_uuid(), 't', 'k', '{}')",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    assert_eq!(written(&database).await, 0);
    transaction.commit().await.unwrap();
    assert_eq!(written(&database).await, 1);
}
