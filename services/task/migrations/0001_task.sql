-- Tasks, and the outbox of their events. The statement that writes a task also writes its event.

create table task (
    id uuid primary key,
    owner text not null,
    -- From the verified token at creation; goes into events, never into an answer.
    owner_email text,
    title text not null,
    description text,
    status text not null check (status in ('open', 'in_progress', 'waiting', 'done', 'cancelled')),
    priority text not null check (priority in ('none', 'low', 'medium', 'high', 'urgent')),
    due_at timestamptz,
    -- [{"id": uuid, "at": RFC 3339}], in order of time. Always read and written as a whole.
    reminders jsonb not null default '[]',
    version bigint not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    completed_at timestamptz,
    check ((status = 'done') = (completed_at is not null))
);

-- Ids sort by creation, so these serve the lists, newest first.
create index task_owner on task (owner, id desc);
create index task_owner_status on task (owner, status, id desc);

create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    topic text not null,
    partition_key text not null,
    envelope jsonb not null,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    last_error text,
    published_at timestamptz,
    parked_at timestamptz
);

create index outbox_pending on outbox (partition_key, seq) where published_at is null and parked_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;

create table outbox_lease (
    only_row boolean primary key default true check (only_row),
    holder uuid not null,
    epoch bigint not null,
    expires_at timestamptz not null
);
