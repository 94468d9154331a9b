-- Answers of writes that came with an Idempotency-Key. The statement that writes a task also writes its answer here.

create table idempotency (
    owner text not null,
    key text not null,
    -- SHA-256 of method, path with query, and body: tells the same request from another one under the same key.
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    status smallint not null,
    etag text,
    location text,
    -- As it was sent, byte for byte: not jsonb.
    body text,
    created_at timestamptz not null default now(),
    primary key (owner, key)
);

-- Serves the forgetting.
create index idempotency_created on idempotency (created_at);
