//! What a task refers to: checked by the statement that writes it, and named when it was refused.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use todo_domain::{Task, TaskId, Violation};
use todo_kit::postgres::QueryError;

use super::{project, uuids};
use crate::store::Store;

/// What a new version of a task refers to that the one before did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Links {
    is_moved: bool,
    parent: Option<TaskId>,
    depends_on: Vec<TaskId>,
    assignee: Option<String>,
}

impl Links {
    /// What has to be looked at when `after` takes the place of `before`, or is new; `None` for nothing.
    ///
    /// In another project everything has to be.
    pub(crate) fn of(before: Option<&Task>, after: &Task) -> Option<Self> {
        let is_moved = before.is_some_and(|before| before.project_id != after.project_id);
        let enters = after.project_id.is_some() && before.is_none();
        let before = before.filter(|_| !is_moved);
        let known = before
            .map(|before| before.depends_on.as_slice())
            .unwrap_or_default();
        let links = Self {
            is_moved,
            parent: after
                .parent_id
                .filter(|parent| before.and_then(|before| before.parent_id) != Some(*parent)),
            depends_on: after
                .depends_on
                .iter()
                .filter(|id| !known.contains(id))
                .copied()
                .collect(),
            assignee: after
                .assignee
                .clone()
                .filter(|user| before.and_then(|before| before.assignee.as_ref()) != Some(user)),
        };
        (enters || links != Self::default()).then_some(links)
    }

    /// Whether the tree or the dependencies of a space change, which only one may do at a time.
    fn change_graph(&self) -> bool {
        self.is_moved || self.parent.is_some() || !self.depends_on.is_empty()
    }
}

/// Binds `$34` to `$39`.
pub(super) fn bind<'q>(
    query: Query<'q, Postgres, PgArguments>,
    links: Option<&'q Links>,
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(links.is_some())
        .bind(links.is_some_and(|links| links.is_moved))
        .bind(links.and_then(|links| links.parent).map(|id| id.0))
        .bind(links.map(|links| uuids(&links.depends_on)).unwrap_or_default())
        .bind(links.and_then(|links| links.assignee.as_deref()))
        .bind(links.is_some_and(Links::change_graph))
}

/// Why a task may not refer to what it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The caller may only read the project.
    Forbidden,
    /// Each of the references that are wrong; never empty.
    Invalid(Vec<Violation>),
}

impl Store {
    /// What is wrong with what `task` refers to anew; `None` when nothing is.
    pub(crate) async fn unfit(
        &self,
        caller: &str,
        task: &Task,
        links: &Links,
    ) -> Result<Option<Unfit>, QueryError> {
        let found: Vec<(String, String)> =
            sqlx::query_as("select pointer, code from task_unfit($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(caller)
                .bind(task.id.0)
                .bind(&task.owner)
                .bind(project(task.project_id))
                .bind(links.is_moved)
                .bind(links.parent.map(|id| id.0))
                .bind(uuids(&links.depends_on))
                .bind(&links.assignee)
                .fetch_all(&self.pool)
                .await
                .map_err(QueryError::of("look at what a task refers to"))?;
        if found.iter().any(|(_, code)| code == "forbidden") {
            return Ok(Some(Unfit::Forbidden));
        }
        let violations: Vec<_> = found
            .into_iter()
            .map(|(pointer, code)| {
                let (code, detail) = worded(&code);
                Violation::new(pointer, code, detail)
            })
            .collect();
        Ok((!violations.is_empty()).then_some(Unfit::Invalid(violations)))
    }
}

/// The codes of the function `task_unfit`, with words.
fn worded(code: &str) -> (&'static str, &'static str) {
    match code {
        "cycle" => ("cycle", "this would lead back to the task itself"),
        "too_deep" => ("too_deep", "at most 8 tasks are above each other"),
        "related" => (
            "related",
            "a task with subtasks, or on which others depend, stays in its project",
        ),
        "not_yours" => ("not_yours", "only its owner takes a task out of a project"),
        _ => ("unknown", "there is no such thing here"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use todo_domain::{ProjectId, SequentialIds, TaskDraft};
    use uuid::Uuid;

    use super::*;

    fn task() -> Task {
        let draft: TaskDraft = serde_json::from_str(r#"{"title": "x"}"#).expect("a draft");
        let now = Timestamp::UNIX_EPOCH;
        let task = draft.into_task("alice", &SequentialIds::default(), now);
        task.expect("a task")
    }

    fn other(number: u128) -> TaskId {
        TaskId(Uuid::from_u128(number))
    }

    #[test]
    fn only_what_is_new_is_looked_at() {
        let before = Task {
            parent_id: Some(other(1)),
            depends_on: vec![other(2), other(3)],
            assignee: Some("alice".to_owned()),
            ..task()
        };
        assert_eq!(Links::of(Some(&before), &before), None);
        assert_eq!(Links::of(None, &task()), None);
        let less = Task {
            depends_on: vec![other(3)],
            ..task()
        };
        assert_eq!(Links::of(Some(&before), &less), None);
        let more = Task {
            parent_id: Some(other(4)),
            depends_on: vec![other(5), other(3)],
            ..before.clone()
        };
        let expected = Links {
            parent: Some(other(4)),
            depends_on: vec![other(5)],
            ..Links::default()
        };
        assert_eq!(Links::of(Some(&before), &more), Some(expected));
    }

    #[test]
    fn in_another_project_everything_is() {
        let before = Task {
            parent_id: Some(other(1)),
            depends_on: vec![other(2)],
            assignee: Some("alice".to_owned()),
            ..task()
        };
        let after = Task {
            project_id: Some(ProjectId(Uuid::from_u128(9))),
            ..before.clone()
        };
        let expected = Links {
            is_moved: true,
            parent: Some(other(1)),
            depends_on: vec![other(2)],
            assignee: Some("alice".to_owned()),
        };
        assert_eq!(Links::of(Some(&before), &after), Some(expected));
        let new = Task {
            project_id: after.project_id,
            ..task()
        };
        assert_eq!(Links::of(None, &new), Some(Links::default()));
    }
}
