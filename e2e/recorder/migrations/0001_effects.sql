-- What reached the recorder. Nothing here is unique but the inbox: an effect that happens twice must show.

create table inbox (
    consumer text not null,
    source text not null,
    id uuid not null,
    received_at timestamptz not null default now(),
    primary key (consumer, source, id)
);

create table effect (
    -- The order in which the effects happened.
    position bigint generated always as identity primary key,
    event_id uuid not null,
    topic text not null,
    task_id uuid not null,
    version bigint not null,
    title text not null,
    status text not null
);

-- Deliveries that the inbox caught.
create table repeat (
    position bigint generated always as identity primary key,
    event_id uuid not null
);

create table dead_letter (
    position bigint generated always as identity primary key,
    body bytea not null
);
