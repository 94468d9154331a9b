//! What the clients asked for and were told, what the consumer saw, and what is left in the end.

use std::fmt;

use todo_domain::Topic;
use uuid::Uuid;

/// One write, as its client saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The request.
    pub ask: Ask,
    /// What became of it.
    pub outcome: Outcome,
}

/// A request. Titles are never used twice, so one tells which request a version comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A new task.
    Create {
        /// Its title.
        title: String,
    },
    /// Another title, with or without `If-Match`.
    Rename {
        /// The task.
        task: Uuid,
        /// The title.
        title: String,
    },
    /// Done, with `If-Match`.
    Complete {
        /// The task.
        task: Uuid,
        /// The version that it must have.
        version: i64,
    },
    /// Gone, with `If-Match`.
    Delete {
        /// The task.
        task: Uuid,
        /// The version that it must have.
        version: i64,
    },
}

/// What a client knows of its write in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done: the task, and its version afterwards (before it, for a deletion).
    Accepted {
        /// The task.
        task: Uuid,
        /// The version.
        version: i64,
    },
    /// It was refused: it must never have happened.
    Refused,
    /// No answer that says either: it happened once, or not at all.
    Unknown,
}

/// What a consumer did about one event, in the order of its doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The event's id.
    pub event: Uuid,
    /// Its topic.
    pub topic: Topic,
    /// The task that it tells of.
    pub task: Uuid,
    /// The task's version, as `sequence` has it.
    pub version: i64,
    /// The task's title then.
    pub title: String,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            event,
            topic,
            task,
            version,
            title,
        } = self;
        write!(
            f,
            "{topic} of {task} at version {version}, {title:?}, event {event}"
        )
    }
}

/// A task as it stands in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The task.
    pub task: Uuid,
    /// Its version.
    pub version: i64,
    /// Its title.
    pub title: String,
}

/// Everything that a verdict needs.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The clients' writes.
    pub writes: Vec<Write>,
    /// The consumer's effects, in order.
    pub effects: Vec<Effect>,
    /// Deliveries beyond the first of an event, without effect.
    pub repeats: i64,
    /// The tasks that are left.
    pub standings: Vec<Standing>,
    /// Events that wait in the outbox although all faults are over.
    pub waiting: i64,
    /// Events that the relay gave up.
    pub parked: i64,
    /// Ids of the events that the sidecar gave up.
    pub dead_letters: Vec<Uuid>,
}
