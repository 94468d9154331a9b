//! The todo domain: tasks, reminders and events; pure.
//!
//! Nothing here reads a clock, draws an id, logs, or does I/O. What changes over time comes in through [`Clock`] and
//! [`IdSource`], whose real implementations live in `todo-kit`.
//!
//! - [`Task`], [`TaskDraft`], [`TaskPatch`]: one task, what makes one, what changes one.
//! - [`Status`]: the state machine, as a table.
//! - [`Recurrence`], [`Series`]: how a task comes again, and when.
//! - [`CloudEvent`], [`Topic`] and the data types: what the services tell each other.

mod draft;
mod event;
mod id;
mod patch;
mod recurrence;
mod reminder;
mod source;
mod status;
mod task;
mod violation;

pub use draft::{DESCRIPTION_MAX_BYTES, REMINDERS_MAX, TITLE_MAX_CHARS, TaskDraft};
pub use event::{
    CloudEvent, DeliveryReport, EventOrigin, EventSubject, ReminderDue, Sequence, TaskChanged, TaskSnapshot,
    Topic, UnknownTopic, event_schema,
};
pub use id::{EventId, ReminderId, TaskId};
pub use patch::{PatchError, Patched, TaskPatch};
pub use recurrence::{
    Anchor, COUNT_MAX, DATES_MAX, DUE_YEARS_MAX, INTERVAL_MAX, Missed, PER_DAY_MAX, RRULE_MAX_BYTES,
    Recurrence, RecurrenceDraft, START_YEARS, Series,
};
pub use reminder::{Reminder, ReminderDraft};
pub use source::{Clock, FixedClock, IdSource, SequentialIds};
pub use status::{IllegalTransition, Status};
pub use task::{CompleteError, Completed, CompletedOccurrence, Priority, Task};
pub use violation::Violation;
