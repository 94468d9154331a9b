//! Makes a role and a database for each service on a PostgreSQL, with an administrator's login. Safe to run again.
//!
//! A role owns its database and nothing else; nobody but it and the administrator may connect there. A role or a
//! database of that name which this platform did not make is left alone.

mod login;
mod scram;

use std::time::Duration;

use rand::CryptoRng;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

pub use login::{Environment, LoginError, admin, required};

use crate::probe::{self, Sensitive};

/// Longest time that logging in may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Key of the advisory lock under which one Job works at a time.
const LOCK: i64 = 0x746f_646f_7365_7475;

/// What is to be made.
#[derive(Debug)]
pub struct Plan {
    /// Whose roles these are: namespace and name of the platform. It stands on them as a comment.
    pub owner: String,
    /// The roles.
    pub roles: Vec<Role>,
}

/// One role, which owns the database of its name.
#[derive(Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: Sensitive,
}

/// Why the roles and databases are not all there. No text holds a password.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The administrator cannot log in.
    #[error("the administrator cannot log in: {message}")]
    Connect {
        /// What the server means by it.
        message: String,
    },
    /// Somebody else's role has the name.
    #[error(
        "role {name} exists and does not belong to this platform: drop it, or give the platform another name"
    )]
    RoleTaken {
        /// The name.
        name: String,
    },
    /// Somebody else's database has the name.
    #[error("database {name} exists and belongs to another role: drop it, or give the platform another name")]
    DatabaseTaken {
        /// The name.
        name: String,
    },
    /// A generated password is not text.
    #[error("the password of role {name} is not text")]
    Password {
        /// The role.
        name: String,
    },
    /// A statement was refused.
    #[error("cannot {attempt}")]
    Statement {
        /// What was to be done.
        attempt: String,
        /// What the server said.
        source: sqlx::Error,
    },
}

/// Makes what the plan says, and brings what is there up to it.
pub async fn set_up(
    admin: PgConnectOptions,
    plan: &Plan,
    random: &mut impl CryptoRng,
) -> Result<(), SetupError> {
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, admin.connect()).await;
    let connection = connected.map_err(|_| SetupError::Connect {
        message: "PostgreSQL does not answer".into(),
    })?;
    let connection = connection.map_err(|error| SetupError::Connect {
        message: probe::postgres::refused(&error).message,
    })?;
    let mut server = Server::of(connection).await?;
    for role in &plan.roles {
        server.role(role, &plan.owner, random).await?;
        server.database(&role.name).await?;
    }
    // A polite goodbye, which also ends the lock; the server copes without.
    let _ = server.connection.close().await;
    Ok(())
}

struct Server {
    connection: PgConnection,
    is_superuser: bool,
}

impl Server {
    async fn of(mut connection: PgConnection) -> Result<Self, SetupError> {
        let is_superuser = sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
            .fetch_one(&mut connection)
            .await
            .map_err(failed("see who the administrator is"))?;
        sqlx::query("select pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut connection)
            .await
            .map_err(failed("wait for another Job"))?;
        Ok(Self {
            connection,
            is_superuser,
        })
    }

    /// The role, with its password and no right that it does not need.
    async fn role(
        &mut self,
        role: &Role,
        owner: &str,
        random: &mut impl CryptoRng,
    ) -> Result<(), SetupError> {
        let Role { name, password } = role;
        let mark = format!("Made by TodoPlatform {owner}");
        let found: Option<Option<String>> =
            sqlx::query_scalar("select shobj_description(oid, 'pg_authid') from pg_roles where rolname = $1")
                .bind(name)
                .fetch_optional(&mut self.connection)
                .await
                .map_err(failed(format!("look for role {name}")))?;
        match found {
            Some(comment) if comment.as_deref() != Some(&mark) => {
                return Err(SetupError::RoleTaken { name: name.clone() });
            }
            Some(_) => {}
            // Both or neither: a role without the mark would be taken for somebody else's.
            None => {
                let (quoted, mark) = (identifier(name), literal(&mark));
                let both = format!("begin; create role {quoted}; comment on role {quoted} is {mark}; commit");
                self.run(both, format!("make role {name}")).await?;
            }
        }
        let password = password
            .expose_text()
            .ok_or_else(|| SetupError::Password { name: name.clone() })?;
        // A verifier in place of the password: no log of the server can hold it.
        let verifier = literal(&scram::verifier(password, random));
        let quoted = identifier(name);
        self.run(
            format!("alter role {quoted} login nocreatedb nocreaterole password {verifier}"),
            format!("set the password of role {name}"),
        )
        .await
    }

    /// The database that the role owns, closed to everybody else.
    async fn database(&mut self, name: &str) -> Result<(), SetupError> {
        let quoted = identifier(name);
        let owner: Option<String> =
            sqlx::query_scalar("select pg_get_userbyid(datdba)::text from pg_database where datname = $1")
                .bind(name)
                .fetch_optional(&mut self.connection)
                .await
                .map_err(failed(format!("look for database {name}")))?;
        // An administrator who is no superuser gives away only what a role has of which he is a member.
        if !self.is_superuser {
            let join = format!("grant {quoted} to current_user");
            self.run(join, format!("become a member of role {name}")).await?;
        }
        match owner {
            Some(owner) if owner != name => {
                return Err(SetupError::DatabaseTaken {
                    name: name.to_owned(),
                });
            }
            Some(_) => {}
            None => {
                let create =
                    format!("create database {quoted} owner {quoted} encoding 'UTF8' template template0");
                self.run(create, format!("make database {name}")).await?;
            }
        }
        let close = format!("revoke all on database {quoted} from public");
        self.run(close, format!("close database {name} to others"))
            .await?;
        if !self.is_superuser {
            let leave = format!("revoke {quoted} from current_user");
            self.run(leave, format!("leave role {name}")).await?;
        }
        Ok(())
    }

    async fn run(&mut self, statement: String, attempt: String) -> Result<(), SetupError> {
        let done = sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut self.connection)
            .await;
        done.map(drop).map_err(failed(attempt))
    }
}

fn failed(attempt: impl Into<String>) -> impl FnOnce(sqlx::Error) -> SetupError {
    move |source| SetupError::Statement {
        attempt: attempt.into(),
        source,
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_end_their_quotes() {
        assert_eq!(identifier("team-todo-task"), "\"team-todo-task\"");
        assert_eq!(identifier("a\"; drop"), "\"a\"\"; drop\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
