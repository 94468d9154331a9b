//! The todo domain: tasks, reminders and events; pure.
