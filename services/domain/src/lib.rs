//! The todo domain: tasks, reminders and events; pure.
//!
//! Nothing here reads a clock, draws an id, logs, or does I/O. What changes over time comes in through [`Clock`] and
//! [`IdSource`], whose real implementations live in `todo-kit`.
//!
//! - [`Task`], [`TaskDraft`], [`TaskPatch`]: one task, what makes one, what changes one.
//! - [`Status`]: the state machine, as a table.
//! - [`Position`]: where a task stands among the others of its space, which is a project or what its owner has alone.
//! - [`Project`], [`Role`]: tasks that several people share.
//! - [`HistoryEntry`]: what became of a task, step by step.
//! - [`Recurrence`], [`Series`]: how a task comes again, and when.
//! - [`CloudEvent`], [`Topic`] and the data types: what the services tell each other.

mod any;
mod custom_fields;
mod draft;
mod event;
mod fields;
mod history;
mod id;
mod patch;
mod position;
mod project;
mod recurrence;
mod reminder;
mod source;
mod status;
mod task;
mod trash;
mod violation;

pub use custom_fields::{
    CUSTOM_FIELDS_KEY_MAX_CHARS, CUSTOM_FIELDS_MAX_BYTES, CUSTOM_FIELDS_MAX_DEPTH, CUSTOM_FIELDS_MAX_KEYS,
    CustomFields,
};
pub use draft::{DESCRIPTION_MAX_BYTES, REMINDERS_MAX, TITLE_MAX_CHARS, TaskDraft};
pub use event::{
    CloudEvent, DeliveryReport, EventOrigin, EventSubject, ReminderDue, Sequence, TaskChanged, TaskSnapshot,
    Topic, UnknownTopic, event_schema,
};
pub use fields::{
    DEPENDS_ON_MAX, DURATION_MAX_MINUTES, FIRST_INSTANT, LABEL_MAX_CHARS, LABELS_MAX, USER_MAX_BYTES,
};
pub use history::{FieldChange, FieldChanges, HistoryEntry, HistoryKind};
pub use id::{EventId, ProjectId, ReminderId, TaskId};
pub use patch::{PatchError, Patched, TaskPatch};
pub use position::{POSITION_MAX_CHARS, Position};
pub use project::{
    BadUserId, MEMBERS_MAX, Member, MemberError, PROJECT_NAME_MAX_CHARS, Project, ProjectDraft, ProjectPatch,
    Role, UnknownRole, UserId,
};
pub use recurrence::{
    Anchor, COUNT_MAX, DATES_MAX, DUE_YEARS_MAX, INTERVAL_MAX, Missed, PER_DAY_MAX, RRULE_MAX_BYTES,
    Recurrence, RecurrenceDraft, START_YEARS, Series,
};
pub use reminder::{Reminder, ReminderDraft};
pub use source::{Clock, FixedClock, IdSource, SequentialIds};
pub use status::{IllegalTransition, Status};
pub use task::{CompleteError, Completed, CompletedOccurrence, Priority, Task};
pub use violation::Violation;
