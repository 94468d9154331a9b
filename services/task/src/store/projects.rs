//! The statements of projects. Only members read a project, and only its owners change it; a member may leave it.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use todo_domain::{Member, Project, ProjectId, Role};
use todo_kit::postgres::QueryError;
use uuid::Uuid;

use super::write::{Statement, Written, answered};
use super::{Record, Store, json};

/// A project that is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProjectWrite<'a> {
    /// The new version, with all its members.
    pub(crate) project: &'a Project,
    /// The least role in which the caller may do so.
    pub(crate) role: Role,
}

/// A row with the members.
macro_rules! projects {
    ($rest:literal) => {
        concat!(
            "select project.*,
                    (select jsonb_agg(jsonb_build_object('user_id', user_id, 'role', role)
                                      order by user_id collate \"C\")
                     from project_member where project_id = project.id) as members
             from project
             join project_member as own on own.project_id = project.id and own.user_id = $1 ",
            $rest
        )
    };
}

/// What one row is.
struct Stored(Project);

impl Store {
    /// Writes a new project with its members.
    pub(crate) async fn create_project(
        &self,
        caller: &str,
        project: &Project,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "create a project",
            concat!(
                "with written as (
                     insert into project (id, owner, name, colour, archived, version, created_at, updated_at)
                     values ($8, $1, $9, $10, $11, $12, $13, $13)
                     returning id),
                 joined as (
                     insert into project_member (project_id, user_id, role) select id, $1, 'owner' from written),",
                answered!(),
                "select from written"
            ),
            caller,
            record,
        );
        let statement = statement.bind(|query| {
            query
                .bind(project.id.0)
                .bind(&project.name)
                .bind(&project.colour)
                .bind(project.archived)
                .bind(project.version)
                .bind(project.created_at.to_sqlx())
        });
        self.write(statement).await
    }

    /// The project, if the caller is a member.
    pub(crate) async fn project(&self, caller: &str, id: ProjectId) -> Result<Option<Project>, QueryError> {
        let found: Option<Stored> = sqlx::query_as(projects!("where project.id = $2"))
            .bind(caller)
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(QueryError::of("read a project"))?;
        Ok(found.map(|stored| stored.0))
    }

    /// Whether the caller is a member of the project.
    pub(crate) async fn is_member(&self, caller: &str, id: ProjectId) -> Result<bool, QueryError> {
        sqlx::query_scalar(
            "select exists (select from project_member where project_id = $2 and user_id = $1)",
        )
        .bind(caller)
        .bind(id.0)
        .fetch_one(&self.pool)
        .await
        .map_err(QueryError::of("read a member"))
    }

    /// At most `limit` of the caller's projects, the newest first, made before `before`.
    pub(crate) async fn projects(
        &self,
        caller: &str,
        archived: Option<bool>,
        before: Option<ProjectId>,
        limit: i64,
    ) -> Result<Vec<Project>, QueryError> {
        let found: Vec<Stored> = sqlx::query_as(projects!(
            "where own.project_id < $2 and ($3::boolean is null or project.archived = $3)
             order by own.project_id desc limit $4"
        ))
        .bind(caller)
        .bind(before.map_or(Uuid::max(), |id| id.0))
        .bind(archived)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(QueryError::of("list projects"))?;
        Ok(found.into_iter().map(|stored| stored.0).collect())
    }

    /// Writes the next version of a project and its members, if the present one is the version before it and the caller
    /// has the role that it takes.
    pub(crate) async fn update_project(
        &self,
        caller: &str,
        write: ProjectWrite<'_>,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "update a project",
            concat!(
                "with written as (
                     update project set name = $10, colour = $11, archived = $12, version = $9, updated_at = $13
                     where id = $8 and version = $9 - 1 and exists (
                         select from project_member
                         where project_id = $8 and user_id = $1 and role = any($14))
                     returning id),
                 gone as (
                     delete from project_member as member using written
                     where member.project_id = written.id and member.user_id <> all($15)),
                 joined as (
                     insert into project_member as member (project_id, user_id, role)
                     select id, user_id, role from written, unnest($15::text[], $16::text[]) as asked (user_id, role)
                     on conflict (project_id, user_id) do update set role = excluded.role
                     where member.role <> excluded.role),",
                answered!(),
                "select from written"
            ),
            caller,
            record,
        );
        let project = write.project;
        let statement = statement.bind(|query| {
            query
                .bind(project.id.0)
                .bind(project.version)
                .bind(&project.name)
                .bind(&project.colour)
                .bind(project.archived)
                .bind(project.updated_at.to_sqlx())
                .bind(from(write.role))
                .bind(users(project))
                .bind(roles(project))
        });
        self.write(statement).await
    }

    /// Deletes a project with what is in its trash, if the present version is that of `project` and the caller is one of its owners.
    pub(crate) async fn delete_project(
        &self,
        caller: &str,
        project: &Project,
        record: Option<Record<'_>>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "delete a project",
            concat!(
                "with written as (
                     delete from project
                     where id = $8 and version = $9 and exists (
                         select from project_member
                         where project_id = $8 and user_id = $1 and role = 'owner')
                     returning id),
                 forgotten as (
                     delete from task_history using written, task_trash as trash
                     where trash.project_id = written.id and task_history.task_id = trash.task_id),",
                answered!(),
                "select from written"
            ),
            caller,
            record,
        );
        let statement = statement.bind(|query| query.bind(project.id.0).bind(project.version));
        self.write(statement).await
    }

    /// Writes the answer of a request that changes nothing, if the present version is that of the project and the caller
    /// has the role that a change would take.
    pub(crate) async fn keep_project(
        &self,
        caller: &str,
        write: ProjectWrite<'_>,
        record: Record<'_>,
    ) -> Result<Written, QueryError> {
        let statement = Statement::new(
            "store an answer",
            concat!(
                "with written as (
                     select id from project
                     where id = $8 and version = $9 and exists (
                         select from project_member
                         where project_id = $8 and user_id = $1 and role = any($10))),",
                answered!(),
                "select from written"
            ),
            caller,
            Some(record),
        );
        let project = write.project;
        let statement = statement.bind(|query| {
            query
                .bind(project.id.0)
                .bind(project.version)
                .bind(from(write.role))
        });
        self.write(statement).await
    }
}

/// The names of that role and those above it.
fn from(least: Role) -> Vec<&'static str> {
    let roles = Role::ALL.into_iter().filter(|role| *role >= least);
    roles.map(Role::name).collect()
}

fn users(project: &Project) -> Vec<&str> {
    let members = project.members.iter();
    members.map(|member| member.user_id.as_str()).collect()
}

fn roles(project: &Project) -> Vec<&'static str> {
    project.members.iter().map(|member| member.role.name()).collect()
}

impl<'r> FromRow<'r, PgRow> for Stored {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let instant = |name: &str| row.try_get::<SqlTimestamp, _>(name).map(SqlTimestamp::to_jiff);
        Ok(Self(Project {
            id: ProjectId(row.try_get("id")?),
            name: row.try_get("name")?,
            colour: row.try_get("colour")?,
            archived: row.try_get("archived")?,
            owner: row.try_get("owner")?,
            members: json::<Vec<Member>>(row, "members")?,
            version: row.try_get("version")?,
            created_at: instant("created_at")?,
            updated_at: instant("updated_at")?,
        }))
    }
}
