//! One change of one task: read, decide, write; again when somebody else wrote in between.

use axum::response::Response;
use todo_domain::{
    CloudEvent, CompletedOccurrence, EventId, EventSubject, FieldChanges, HistoryEntry, HistoryKind, Role,
    Task, TaskChanged, TaskId, TaskSnapshot, Topic, Violation,
};
use todo_kit::TraceContext;
use todo_kit::auth::Caller;
use todo_kit::http::IfMatch;
use todo_kit::http::idempotency::Claim;
use todo_kit::problem::{self, Problem};

use crate::answer::Answer;
use crate::once::{Tried, demand};
use crate::store::{Links, TaskWrite, Unfit};
use crate::{App, Record, Written};

/// What is to become of a task.
pub(crate) enum Plan {
    /// It stays as it is.
    Keep,
    /// It becomes its next version.
    Replace {
        /// The next version.
        next: Box<Task>,
        /// What tells of it.
        topic: Topic,
        /// Names of the fields that differ.
        changed: Vec<&'static str>,
        /// What was completed, when a recurring task goes on.
        occurrence: Option<CompletedOccurrence>,
        /// Whether the client named the position: another one would not do.
        is_place_asked: bool,
    },
    /// It goes into the trash.
    Delete,
}

/// Who asks for a change of what, and how.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) id: TaskId,
    pub(crate) if_match: &'a IfMatch,
    pub(crate) claim: Option<&'a Claim>,
}

impl App {
    /// Carries out what `plan` makes of the task, once per claim, and gives the answer: the task as it is afterwards, or
    /// for `Delete` nothing.
    pub(crate) async fn change(
        &self,
        change: Change<'_>,
        plan: impl Fn(&Task) -> Result<Plan, Problem> + Send + Sync,
    ) -> Result<Response, Problem> {
        let attempt = || self.try_change(change, &plan);
        self.once(change.caller, change.claim, attempt).await
    }

    /// One try of it.
    pub(crate) async fn try_change(
        &self,
        change: Change<'_>,
        plan: &(impl Fn(&Task) -> Result<Plan, Problem> + Sync),
    ) -> Tried {
        let found = self.find(change).await?;
        let plan = plan(&found.task)?;
        self.carry_out(change, found, plan).await
    }

    /// The task, of a version that may be written by one who may write it.
    async fn find(&self, change: Change<'_>) -> Result<TaskSnapshot, Problem> {
        let found = self
            .store
            .task(&change.caller.sub, change.id)
            .await?
            .ok_or_else(Problem::not_found)?;
        if found.role < Role::Editor {
            return Err(only_reads());
        }
        demand(&found.snapshot.task, change.if_match)?;
        Ok(found.snapshot)
    }

    async fn carry_out(&self, change: Change<'_>, found: TaskSnapshot, plan: Plan) -> Tried {
        let TaskSnapshot { task, owner_email } = found;
        let answer = match &plan {
            Plan::Keep => Answer::shown(&task),
            Plan::Delete => Answer::deleted(),
            Plan::Replace { next, .. } => Answer::shown(next.as_ref()),
        };
        let caller = &change.caller.sub;
        let record = change.claim.map(|claim| Record {
            claim,
            answer: &answer,
        });
        let written = match plan {
            Plan::Keep => match record {
                Some(record) => self.store.keep_task(caller, &task, record).await?,
                None => Written::Yes,
            },
            Plan::Delete => {
                let snapshot = TaskSnapshot { task, owner_email };
                let event = self.event(Topic::TaskDeleted, snapshot.clone(), &[], None);
                let entry = entry(change.caller, HistoryKind::Deleted, &event, FieldChanges::new());
                let write = TaskWrite {
                    task: &snapshot.task,
                    links: None,
                    topic: Topic::TaskDeleted,
                    event: &event,
                    entry: &entry,
                };
                let deleted = self.store.delete_task(caller, write, record).await?;
                unless_referred(deleted, "the task has subtasks")?
            }
            Plan::Replace {
                next,
                topic,
                changed,
                occurrence,
                is_place_asked,
            } => {
                let links = self.links(caller, Some(&task), &next).await?;
                let snapshot = TaskSnapshot {
                    task: (*next).clone(),
                    owner_email,
                };
                let event = self.event(topic, snapshot, &changed, occurrence);
                let kind = HistoryKind::of(topic).unwrap_or(HistoryKind::Updated);
                let entry = entry(change.caller, kind, &event, task.changes(&next));
                let write = TaskWrite {
                    task: &next,
                    links: links.as_ref(),
                    topic,
                    event: &event,
                    entry: &entry,
                };
                let written = self.store.update_task(caller, write, record).await?;
                unless_taken(written, is_place_asked)?
            }
        };
        Ok((written, answer))
    }

    /// What `after` refers to that `before` did not; a problem when it may not.
    ///
    /// The statement that writes looks again: this says what it would only refuse.
    pub(crate) async fn links(
        &self,
        caller: &str,
        before: Option<&Task>,
        after: &Task,
    ) -> Result<Option<Links>, Problem> {
        let Some(links) = Links::of(before, after) else {
            return Ok(None);
        };
        match self.store.unfit(caller, after, &links).await? {
            None => Ok(Some(links)),
            Some(Unfit::Forbidden) => Err(only_reads()),
            Some(Unfit::Invalid(violations)) => Err(Problem::invalid(violations)),
        }
    }

    /// The task without what it may not refer to, and what it refers to.
    pub(crate) async fn fit(&self, caller: &str, task: Task) -> Result<(Task, Option<Links>), Problem> {
        let Some(links) = Links::of(None, &task) else {
            return Ok((task, None));
        };
        match self.store.unfit(caller, &task, &links).await? {
            None => Ok((task, Some(links))),
            Some(Unfit::Forbidden) => Err(only_reads()),
            Some(Unfit::Invalid(violations)) => {
                let task = task.without(&violations);
                let links = Links::of(None, &task);
                Ok((task, links))
            }
        }
    }

    /// The event that tells of `snapshot`, with the trace of the running request.
    pub(crate) fn event(
        &self,
        topic: Topic,
        snapshot: TaskSnapshot,
        changed: &[&str],
        occurrence: Option<CompletedOccurrence>,
    ) -> CloudEvent<TaskChanged> {
        let trace = TraceContext::current().map(|trace| trace.to_string());
        let about = EventSubject {
            id: EventId(self.ids.next()),
            topic,
            task_id: snapshot.task.id,
            version: snapshot.task.version,
            time: self.clock.now(),
            traceparent: trace.as_deref().unwrap_or_default(),
        };
        let changed = changed.iter().map(ToString::to_string).collect();
        self.origin.event(
            about,
            TaskChanged {
                task: snapshot,
                changed,
                occurrence,
            },
        )
    }
}

/// The step of the history that goes with `event`.
pub(crate) fn entry(
    caller: &Caller,
    kind: HistoryKind,
    event: &CloudEvent<TaskChanged>,
    changed: FieldChanges,
) -> HistoryEntry {
    HistoryEntry {
        version: event.sequence.0,
        at: event.time,
        actor: caller.sub.clone(),
        kind,
        changed,
        trace_id: TraceContext::parse(&event.traceparent).map(TraceContext::trace_id),
    }
}

/// 403 for a viewer.
fn only_reads() -> Problem {
    Problem::new(problem::FORBIDDEN).detail("a viewer of the project reads its tasks")
}

/// 409 for what something else refers to.
pub(crate) fn unless_referred(written: Written, why: &str) -> Result<Written, Problem> {
    if written == Written::Referred {
        return Err(Problem::new(problem::STILL_USED).detail(why));
    }
    Ok(written)
}

/// 422 when a client asked for a place in which another task stands.
pub(crate) fn unless_taken(written: Written, is_asked: bool) -> Result<Written, Problem> {
    if is_asked && written == Written::PlaceTaken {
        let violation = Violation::new("/position", "taken", "another task stands there");
        return Err(Problem::invalid(vec![violation]));
    }
    Ok(written)
}
