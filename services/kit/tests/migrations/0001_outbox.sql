-- The tables of the outbox as the documentation of the module has them.
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
