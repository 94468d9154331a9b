-- Events that were taken in; a row here and the effect of the event commit together.
create table inbox (
    consumer    text        not null,
    source      text        not null,
    id          uuid        not null,
    received_at timestamptz not null default now(),
    primary key (consumer, source, id)
);

create index inbox_received_at on inbox (received_at);

-- One message to one recipient over one channel.
create table delivery (
    id           uuid primary key,
    -- source and id of the event, and the channel: the same event never makes two deliveries
    dedupe_key   text        not null unique,
    owner        text        not null,
    owner_email  text,
    topic        text        not null,
    task_id      uuid        not null,
    task_version bigint      not null,
    title        text        not null,
    -- what the message tells the time of: when the task is due, was done, or the reminder was set for
    at           timestamptz,
    traceparent  text        not null,
    channel      text        not null check (channel in ('email')),
    state        text        not null default 'pending' check (state in ('pending', 'sent', 'failed', 'skipped')),
    -- a word for why it failed or was skipped
    reason       text,
    -- what the last failed attempt was answered
    last_error   text,
    attempts     integer     not null default 0,
    not_before   timestamptz not null default now(),
    -- until when somebody is sending it, and how often it was taken: only who took it last may say what came of it
    leased_until timestamptz,
    fence        bigint      not null default 0,
    created_at   timestamptz not null default now(),
    sent_at      timestamptz
);

create index delivery_pending on delivery (not_before, id) where state = 'pending';
create index delivery_of_owner on delivery (owner, created_at desc, id desc);

-- Events that could not be handled, as they came.
create table dead_letter (
    -- SHA-256 of the body: the same letter is kept once
    hash        bytea       primary key,
    reason      text        not null,
    body        bytea       not null,
    received_at timestamptz not null default now()
);
