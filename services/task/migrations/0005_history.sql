-- What became of each task, written by the statement that writes the task. It stays while the task is in the trash, so
-- there is no foreign key.

create table task_history (
    task_id uuid not null,
    version bigint not null,
    at timestamptz not null,
    actor text not null,
    kind text not null check (kind in ('created', 'updated', 'completed', 'deleted', 'restored')),
    -- {"title": {"before": "a", "after": "b"}}
    changed jsonb not null,
    trace_id text,
    -- The order of the steps: a deletion has the version that was deleted.
    step bigint not null generated always as (version * 2 + (kind = 'deleted')::integer) stored,
    primary key (task_id, step)
);

-- Serves the forgetting.
create index task_history_at on task_history (at);
