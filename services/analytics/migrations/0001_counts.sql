-- Events that were taken in; a row here and the effect of the event commit together.
create table inbox (
    consumer    text        not null,
    source      text        not null,
    id          uuid        not null,
    received_at timestamptz not null default now(),
    primary key (consumer, source, id)
);

create index inbox_received_at on inbox (received_at);

-- The newest state of each task that was seen, as far as it is counted.
create table task_state (
    task_id      uuid   primary key,
    owner        text   not null,
    -- 0 while the row only serves as a lock for the first event
    version      bigint not null,
    created_on   date   not null,
    completed_on date,
    deleted_on   date
);

-- What happened to one user on one day (UTC).
create table daily_user (
    owner                   text   not null,
    day                     date   not null,
    created                 bigint not null default 0,
    completed               bigint not null default 0,
    deleted                 bigint not null default 0,
    reminders               bigint not null default 0,
    notifications_delivered bigint not null default 0,
    notifications_failed    bigint not null default 0,
    primary key (owner, day)
);

-- Events that could not be handled, as they came.
create table dead_letter (
    -- SHA-256 of the body: the same letter is kept once
    hash        bytea       primary key,
    reason      text        not null,
    body        bytea       not null,
    received_at timestamptz not null default now()
);
