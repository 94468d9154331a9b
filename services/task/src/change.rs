//! One change of one task: read, decide, write; again when somebody else wrote in between.

use todo_domain::{
    CloudEvent, CompletedOccurrence, EventId, EventSubject, Task, TaskChanged, TaskId, TaskSnapshot, Topic,
};
use todo_kit::TraceContext;
use todo_kit::auth::Caller;
use todo_kit::http::{IfMatch, etag};
use todo_kit::problem::{self, Problem};

use crate::{App, Written};

/// How often a change is decided anew before the caller is told.
const ATTEMPTS: u8 = 8;

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
    /// Carries out what `plan` makes of the caller's task; gives the task as it is (for `Delete`: was) afterwards.
    pub(crate) async fn change(
        &self,
        caller: &Caller,
        id: TaskId,
        if_match: &IfMatch,
        plan: impl Fn(&Task) -> Result<Plan, Problem>,
    ) -> Result<Task, Problem> {
        for _ in 0..ATTEMPTS {
            let found = self
                .store
                .get(&caller.sub, id)
                .await?
                .ok_or_else(Problem::not_found)?;
            let TaskSnapshot { task, owner_email } = found;
            if !if_match.allows(task.version) {
                return Err(Problem::new(problem::VERSION_MISMATCH)
                    .detail(format!("the task has version {}", task.version))
                    .header(http::header::ETAG, etag(task.version)));
            }
            let (written, outcome) = match plan(&task)? {
                Plan::Keep => return Ok(task),
                Plan::Delete => {
                    let snapshot = TaskSnapshot { task, owner_email };
                    let event = self.event(Topic::TaskDeleted, snapshot.clone(), &[], None);
                    (self.store.delete(&snapshot.task, &event).await?, snapshot.task)
                }
                Plan::Replace {
                    next,
                    topic,
                    changed,
                    occurrence,
                } => {
                    let event = self.event(
                        topic,
                        TaskSnapshot {
                            task: (*next).clone(),
                            owner_email,
                        },
                        &changed,
                        occurrence,
                    );
                    (self.store.update(&next, topic, &event).await?, *next)
                }
            };
            if written == Written::Yes {
                self.relay.notify_one();
                return Ok(outcome);
            }
        }
        Err(Problem::new(problem::CONFLICT).retry_after(1))
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
