//! A database of one's own for each test, on the server that `TODO_TEST_POSTGRES_URL` names.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection, PgPool};
use todo_domain::IdSource;

use crate::{RandomIds, Secret, postgres};

/// A fresh, migrated database that goes when this value goes.
pub struct TestDatabase {
    /// Connections whose `search_path` is the schema of the service.
    pub pool: PgPool,
    /// The database's own URL, as `DATABASE_URL` would be.
    pub url: Secret,
    server: String,
    name: String,
}

impl TestDatabase {
    /// A database with the schema `schema`, migrated. The user of `TODO_TEST_POSTGRES_URL` must be a superuser.
    pub async fn new(schema: &str, migrations: &Migrator) -> Self {
        let server = std::env::var("TODO_TEST_POSTGRES_URL")
            .expect("TODO_TEST_POSTGRES_URL names a PostgreSQL server");
        let name = format!("todo_test_{}", RandomIds.next().simple());
        execute(&server, format!("create database {name}")).await;
        let url = Secret::new(with_database(&server, &name));
        let address = postgres::Address::url(&url, None).expect("a PostgreSQL URL");
        let pool = postgres::connect(&address, schema, migrations)
            .await
            .expect("the database takes the migrations");
        let pool = patient(&pool);
        Self {
            pool,
            url,
            server,
            name,
        }
    }
}

/// The same pool for a machine that does much else: whoever waits long for a connection gets one, where a service would
/// answer that it is overloaded.
fn patient(pool: &PgPool) -> PgPool {
    let options = pool.connect_options();
    pool.options()
        .clone()
        .acquire_timeout(Duration::from_mins(1))
        .connect_lazy_with((*options).clone())
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, statement) = (
            self.server.clone(),
            format!("drop database {} with (force)", self.name),
        );
        // A runtime of its own on a thread of its own: the test's may be at its end.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .expect("a runtime starts")
                .block_on(execute(&server, statement));
        });
        if dropped.join().is_err() {
            tracing::warn!(database = self.name, "test database stays behind");
        }
    }
}

async fn execute(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server)
        .await
        .expect("the PostgreSQL server answers");
    let done = sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await;
    done.expect("the superuser makes and drops databases");
}

/// The URL of `server` with the path `/name`.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server
        .split_once('?')
        .map_or((server, None), |(address, query)| (address, Some(query)));
    let host_at = address.find("://").map_or(0, |scheme| scheme + 3);
    let base = address[host_at..]
        .find('/')
        .map_or(address, |slash| &address[..host_at + slash]);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{base}/{name}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (server, expected) in [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/x"),
            ("postgres://u:p@h:1", "postgres://u:p@h:1/x"),
            ("postgres://h/y?sslmode=disable", "postgres://h/x?sslmode=disable"),
        ] {
            assert_eq!(with_database(server, "x"), expected);
        }
    }
}
