//! One change of one task: read, decide, write; again when somebody else wrote in between.

use axum::response::Response;
use todo_domain::{
    CloudEvent, CompletedOccurrence, EventId, EventSubject, Task, TaskChanged, TaskId, TaskSnapshot, Topic,
};
use todo_kit::TraceContext;
use todo_kit::auth::Caller;
use todo_kit::http::idempotency::Claim;
use todo_kit::http::{IfMatch, etag};
use todo_kit::problem::{self, Problem};

use crate::answer::Answer;
use crate::once::{TRIES, Tried};
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
    },
    /// It goes.
    Delete,
}

impl App {
    /// Carries out what `plan` makes of the caller's task, once per claim, and gives the answer: the task as it is
    /// afterwards, or for `Delete` nothing.
    pub(crate) async fn change(
        &self,
        caller: &Caller,
        id: TaskId,
        if_match: &IfMatch,
        claim: Option<&Claim>,
        plan: impl Fn(&Task) -> Result<Plan, Problem>,
    ) -> Result<Response, Problem> {
        for _ in 0..TRIES {
            let tried = self.try_change(caller, id, if_match, claim, &plan).await;
            if let Some(answer) = self.settle(caller, claim, tried).await? {
                return Ok(answer);
            }
        }
        Err(Problem::new(problem::CONFLICT).retry_after(1))
    }

    async fn try_change(
        &self,
        caller: &Caller,
        id: TaskId,
        if_match: &IfMatch,
        claim: Option<&Claim>,
        plan: &impl Fn(&Task) -> Result<Plan, Problem>,
    ) -> Tried {
        let found = self.find(caller, id, if_match).await?;
        let plan = plan(&found.task)?;
        self.carry_out(found, plan, claim).await
    }

    /// The caller's task, of a version that may be written.
    async fn find(&self, caller: &Caller, id: TaskId, if_match: &IfMatch) -> Result<TaskSnapshot, Problem> {
        let found = self
            .store
            .get(&caller.sub, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        let version = found.task.version;
        if if_match.allows(version) {
            return Ok(found);
        }
        Err(Problem::new(problem::VERSION_MISMATCH)
            .detail(format!("the task has version {version}"))
            .header(http::header::ETAG, etag(version)))
    }

    async fn carry_out(&self, found: TaskSnapshot, plan: Plan, claim: Option<&Claim>) -> Tried {
        let TaskSnapshot { task, owner_email } = found;
        let answer = match &plan {
            Plan::Keep => Answer::shown(&task),
            Plan::Delete => Answer::deleted(),
            Plan::Replace { next, .. } => Answer::shown(next),
        };
        let record = claim.map(|claim| Record {
            claim,
            answer: &answer,
        });
        let written = match plan {
            Plan::Keep => match record {
                Some(record) => self.store.keep(&task, record).await?,
                None => Written::Yes,
            },
            Plan::Delete => {
                let snapshot = TaskSnapshot { task, owner_email };
                let event = self.event(Topic::TaskDeleted, snapshot.clone(), &[], None);
                self.store.delete(&snapshot.task, &event, record).await?
            }
            Plan::Replace {
                next,
                topic,
                changed,
                occurrence,
            } => {
                let snapshot = TaskSnapshot {
                    task: (*next).clone(),
                    owner_email,
                };
                let event = self.event(topic, snapshot, &changed, occurrence);
                self.store.update(&next, topic, &event, record).await?
            }
        };
        Ok((written, answer))
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
