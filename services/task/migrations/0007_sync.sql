-- What changed in each space, for clients that keep a copy.

-- How many changes a space has seen. A writer holds the row until it commits, so the numbers of a space become visible
-- in their order and without gaps; those of a sequence would not.
create table sync_seq (
    space text primary key,
    n bigint not null
);

-- The last change of each task in each space that it ever was in, for good while it is there; one that is no longer
-- there is forgotten after a time.
create table sync_log (
    space text not null,
    task_id uuid not null,
    n bigint not null,
    at timestamptz not null default now(),
    primary key (space, task_id)
);

create unique index sync_log_n on sync_log (space, n);
-- Serves the forgetting.
create index sync_log_at on sync_log (at);

-- A trigger, so that no statement can forget it, not even one of the release before. It runs at the end of the
-- statement: every writer locks its task first and the number last, two of them in the order of their names.
create function task_synced() returns trigger language plpgsql as $$
declare
    changed uuid := case when tg_op = 'DELETE' then old.id else new.id end;
    touched text;
    number bigint;
begin
    for touched in
        select distinct spaces.space from (values
            (case when tg_op <> 'INSERT' then space_of(old.owner, old.project_id) end),
            (case when tg_op <> 'DELETE' then space_of(new.owner, new.project_id) end)) as spaces (space)
        where spaces.space is not null order by spaces.space
    loop
        insert into sync_seq as seq (space, n) values (touched, 1)
        on conflict (space) do update set n = seq.n + 1
        returning seq.n into number;
        insert into sync_log (space, task_id, n) values (touched, changed, number)
        on conflict (space, task_id) do update set n = excluded.n, at = excluded.at;
    end loop;
    return null;
end
$$;

insert into sync_log (space, task_id, n)
select space, id, row_number() over (partition by space order by id) from task;
insert into sync_seq (space, n) select space, max(n) from sync_log group by space;

create trigger task_synced after insert or update or delete on task
    for each row execute function task_synced();
