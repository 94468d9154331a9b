//! Roles and databases of the services' own on a real PostgreSQL, which `TODO_TEST_POSTGRES_URL` names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::str::FromStr;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use todoplatform_operator::database_setup::{Plan, Role, SetupError, set_up};
use todoplatform_operator::probe::Sensitive;

const PERMISSION_DENIED: &str = "42501";
const PASSWORD_REFUSED: &str = "28P01";

fn superuser() -> PgConnectOptions {
    let url = std::env::var("TODO_TEST_POSTGRES_URL").expect("TODO_TEST_POSTGRES_URL names a PostgreSQL");
    PgConnectOptions::from_str(&url).unwrap()
}

/// Two services of one platform, with names of this test's own.
struct Test {
    names: [String; 2],
    random: StdRng,
}

impl Test {
    fn new() -> Self {
        let mut random = StdRng::from_os_rng();
        let run: u64 = rand::Rng::random(&mut random);
        Self {
            names: ["task", "notification"].map(|service| format!("test-{run}-{service}")),
            random,
        }
    }

    fn plan(&self, owner: &str, password: &str) -> Plan {
        let role = |name| Role {
            name,
            password: Sensitive::new(password.into()),
        };
        Plan {
            owner: owner.into(),
            roles: self.names.clone().map(role).into(),
        }
    }

    async fn set_up(&mut self, admin: &PgConnectOptions, password: &str) -> Result<(), SetupError> {
        let plan = self.plan("team/todo", password);
        set_up(admin.clone(), &plan, &mut self.random).await
    }

    /// Logs in as one of the roles, at the database of one of them.
    async fn log_in(&self, role: usize, database: usize, password: &str) -> Result<PgConnection, String> {
        let options = superuser()
            .username(&self.names[role])
            .password(password)
            .database(&self.names[database]);
        options.connect().await.map_err(|error| code(&error))
    }

    async fn clean(&self) {
        for name in &self.names {
            run(&format!("drop database if exists \"{name}\" with (force)")).await;
            run(&format!("drop role if exists \"{name}\"")).await;
        }
    }
}

fn code(error: &sqlx::Error) -> String {
    let code = error
        .as_database_error()
        .and_then(|error| error.code().map(Into::into));
    code.unwrap_or_else(|| error.to_string())
}

/// Does something as the superuser.
async fn run(statement: &str) {
    let mut connection = superuser().connect().await.unwrap();
    on(&mut connection, statement).await.unwrap();
}

async fn on(connection: &mut PgConnection, statement: &str) -> Result<(), String> {
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await;
    done.map(drop).map_err(|error| code(&error))
}

#[tokio::test]
async fn a_service_reaches_its_own_tables_and_nobody_elses() {
    let mut test = Test::new();
    test.set_up(&superuser(), "first").await.unwrap();
    let mut notification = test.log_in(1, 1, "first").await.unwrap();
    on(
        &mut notification,
        "create schema notification; create table notification.delivery (id int)",
    )
    .await
    .unwrap();
    let refused = test.log_in(0, 1, "first").await.map(drop);
    assert_eq!(
        refused.unwrap_err(),
        PERMISSION_DENIED,
        "task may not even connect there"
    );

    let mut task = test.log_in(0, 0, "first").await.unwrap();
    on(&mut task, "create schema task; create table task.task (id int)")
        .await
        .unwrap();
    for statement in [
        "create role another",
        "create database another",
        &format!("alter role \"{}\" password 'x'", test.names[1]),
        &format!("set role \"{}\"", test.names[1]),
        "alter role current_user createdb",
        "select pg_read_file('postgresql.conf')",
    ] {
        assert_eq!(
            on(&mut task, statement).await.unwrap_err(),
            PERMISSION_DENIED,
            "{statement}"
        );
    }
    test.clean().await;
}

#[tokio::test]
async fn it_can_be_run_again_and_takes_another_password() {
    let mut test = Test::new();
    test.set_up(&superuser(), "first").await.unwrap();
    let mut task = test.log_in(0, 0, "first").await.unwrap();
    on(&mut task, "create schema task; create table task.task (id int)")
        .await
        .unwrap();
    test.set_up(&superuser(), "first").await.unwrap();
    test.set_up(&superuser(), "second").await.unwrap();
    let refused = test.log_in(0, 0, "first").await.map(drop);
    assert_eq!(refused.unwrap_err(), PASSWORD_REFUSED);
    let mut task = test.log_in(0, 0, "second").await.unwrap();
    on(&mut task, "insert into task.task values (1)").await.unwrap();
    test.clean().await;
}

#[tokio::test]
async fn an_administrator_need_not_be_a_superuser() {
    let mut test = Test::new();
    let name = format!("{}-admin", test.names[0]);
    run(&format!(
        "create role \"{name}\" login createrole createdb password 'admin'"
    ))
    .await;
    let admin = superuser().username(&name).password("admin");
    test.set_up(&admin, "first").await.unwrap();
    test.set_up(&admin, "second").await.unwrap();
    test.log_in(0, 0, "second").await.unwrap();
    let refused = test.log_in(0, 1, "second").await.map(drop);
    assert_eq!(refused.unwrap_err(), PERMISSION_DENIED);
    test.clean().await;
    run(&format!("drop role \"{name}\"")).await;
}

#[tokio::test]
async fn what_is_somebody_elses_is_left_alone() {
    let mut test = Test::new();
    let [task, _] = test.names.clone();
    run(&format!("create role \"{task}\" login password 'theirs'")).await;
    let taken = test.set_up(&superuser(), "ours").await.unwrap_err();
    assert!(
        matches!(&taken, SetupError::RoleTaken { name } if *name == task),
        "{taken}"
    );
    run(&format!("drop role \"{task}\"")).await;

    test.set_up(&superuser(), "ours").await.unwrap();
    let another = test.plan("team/another", "stolen");
    let taken = set_up(superuser(), &another, &mut test.random).await.unwrap_err();
    assert!(matches!(taken, SetupError::RoleTaken { .. }), "{taken}");
    test.log_in(0, 0, "ours").await.unwrap();
    test.clean().await;

    run(&format!("create database \"{task}\"")).await;
    let taken = test.set_up(&superuser(), "ours").await.unwrap_err();
    assert!(matches!(taken, SetupError::DatabaseTaken { .. }), "{taken}");
    test.clean().await;
}

#[tokio::test]
async fn a_refused_administrator_is_told_without_the_password() {
    let mut test = Test::new();
    let wrong = superuser().password("canary-4711");
    let refused = test.set_up(&wrong, "x").await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "the administrator cannot log in: PostgreSQL refused the user or the password"
    );
}
