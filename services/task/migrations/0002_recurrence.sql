-- How a task comes again: {"rrule", "start", "time_zone", "anchor", "missed", "exdates", "rdates", "completed"}. Always read
-- and written as a whole. A task without a due date has nothing to move on.
alter table task
    add column recurrence jsonb,
    add constraint task_recurrence_due check (recurrence is null or due_at is not null);
