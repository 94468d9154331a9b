//! A consumer for the tests, by the same means as the platform's own: for every event of a task one row, written in the
//! transaction that also writes the inbox; for every further delivery a row of another table. What went wrong between a write and its effects can be read from its table.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use todo_domain::{CloudEvent, TaskChanged, Topic};
use todo_kit::config::NoConfig;
use todo_kit::describe::{Description, Store};
use todo_kit::events::{self, Event, Outcome};
use todo_kit::{Chain, Context, Service, StartError, inbox, postgres};

/// The tables, in the schema `recorder`.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// What it consumes: all that tells of tasks.
pub const TOPICS: [Topic; 4] = [
    Topic::TaskCreated,
    Topic::TaskUpdated,
    Topic::TaskCompleted,
    Topic::TaskDeleted,
];

/// The service.
#[derive(Debug)]
pub struct Recorder;

impl Service for Recorder {
    type Config = NoConfig;

    fn description() -> Description {
        Description {
            consumes: TOPICS.to_vec(),
            stores: vec![Store::Postgresql],
            ..Description::new("recorder")
        }
    }

    async fn start(context: &Context<NoConfig>) -> Result<Router, StartError> {
        let pool = context.postgres(&MIGRATIONS).await?;
        let routes = TOPICS.into_iter().fold(Router::new(), |routes, topic| {
            let handle = move |State(pool): State<PgPool>, Event(event): Event<TaskChanged>| {
                record(pool, topic, event)
            };
            routes.route(&topic.route(), post(handle))
        });
        Ok(routes
            .with_state(pool.clone())
            .merge(events::dead_letters(&context.metrics, &TOPICS, pool, keep)))
    }
}

async fn record(pool: PgPool, topic: Topic, event: CloudEvent<TaskChanged>) -> Outcome {
    let recorded = record_in_transaction(&pool, topic, &event).await;
    recorded.unwrap_or_else(|error| {
        tracing::warn!(event.id = %event.id, error.chain = %Chain(&error), "event is tried again");
        Outcome::Retry
    })
}

async fn record_in_transaction(
    pool: &PgPool,
    topic: Topic,
    event: &CloudEvent<TaskChanged>,
) -> Result<Outcome, sqlx::Error> {
    let mut transaction = postgres::begin(pool).await?;
    if !inbox::is_first_time(&mut transaction, "recorder", event).await? {
        let noted = sqlx::query("insert into repeat (event_id) values ($1)").bind(event.id.0);
        noted.execute(&mut *transaction).await?;
        transaction.commit().await?;
        return Ok(Outcome::Duplicate);
    }
    let task = &event.data.task.task;
    sqlx::query(
        "insert into effect (event_id, topic, task_id, version, title, status) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(event.id.0)
    .bind(topic.name())
    .bind(task.id.0)
    .bind(event.sequence.0)
    .bind(&task.title)
    .bind(task.status.name())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Outcome::Applied)
}

async fn keep(pool: PgPool, letter: Bytes) -> Result<(), sqlx::Error> {
    let kept = sqlx::query("insert into dead_letter (body) values ($1)").bind(letter.as_ref());
    kept.execute(&pool).await.map(drop)
}
