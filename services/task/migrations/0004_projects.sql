-- Projects, which share tasks among their members, and the further fields of a task. A replica of the release before
-- goes on writing: each column has a default.

create table project (
    id uuid primary key,
    -- Who made it; always a member with the role owner.
    owner text not null,
    name text not null,
    colour text,
    archived boolean not null default false,
    version bigint not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table project_member (
    project_id uuid not null references project (id) on delete cascade,
    user_id text not null,
    role text not null check (role in ('viewer', 'editor', 'owner')),
    primary key (project_id, user_id)
);

-- Serves the list of a user's projects, newest first.
create index project_member_user on project_member (user_id, project_id desc);

-- The space of a task: its project, or what its owner has alone. Parents, dependencies and positions stay inside one.
create function space_of(owner text, project_id uuid) returns text language sql immutable as $$
    select case when project_id is null then 'u:' || owner else 'p:' || project_id::text end
$$;

-- The end of every list at that instant: eight digits to the base 62 for the milliseconds, and what tells positions of
-- one millisecond apart. The service makes its own in the same way (todo-domain, Position).
create function position_at(instant timestamptz, tail text) returns text language sql stable as $$
    select string_agg(
               substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
                      (floor(extract(epoch from instant) * 1000)::bigint / (62::numeric ^ place)::bigint % 62)::integer + 1,
                      1),
               '' order by place desc) || rtrim(tail, '0')
    from generate_series(0, 7) as place
$$;

alter table task
    add column start_at timestamptz,
    add column duration_minutes integer,
    add column all_day boolean not null default false,
    add column time_zone text,
    add column labels text[] not null default '{}',
    add column percent smallint not null default 0 check (percent between 0 and 100),
    add column project_id uuid references project (id),
    add column parent_id uuid references task (id),
    -- No foreign keys: one that was deleted no longer holds anything up.
    add column depends_on uuid[] not null default '{}',
    add column position text collate "C" not null
        default position_at(now(), replace(gen_random_uuid()::text, '-', '')),
    add column custom_fields jsonb not null default '{}',
    add column assignee text;

alter table task add column space text not null generated always as (space_of(owner, project_id)) stored;

update task set position = position_at(created_at, right(replace(id::text, '-', ''), 20));

-- The lists, newest first, and by position. No two tasks of a space stand in one place.
create index task_space on task (space, id desc);
create index task_space_status on task (space, status, id desc);
create unique index task_position on task (space, position);
-- The list by due date: those without one come last.
create index task_space_due on task (space, (coalesce(due_at, 'infinity'::timestamptz)), id);
-- What is due and still to be done.
create index task_due on task (space, due_at, id)
    where due_at is not null and status in ('open', 'in_progress', 'waiting');
create index task_parent on task (parent_id) where parent_id is not null;
create index task_depends_on on task using gin (depends_on) where depends_on <> '{}';
create index task_project on task (project_id) where project_id is not null;
drop index task_owner;
drop index task_owner_status;

-- How often the tree or the dependencies of a space were changed. A statement that changes them counts on, and fails
-- when another has done so since it began to look: what it saw of the graph is then no longer true.
create table task_graph (
    space text primary key,
    version bigint not null
);

-- What is wrong with what a task refers to, as pointers into it and codes; nothing when all is well. A parent, tasks
-- or assignee that are null or empty are not looked at. `caller` is who writes. Not in SQL, which would become a part of
-- every plan of the statements that rarely call it; stable, so that it sees what they see.
create function task_unfit(
    caller text, task_id uuid, task_owner text, in_project uuid, is_moved boolean,
    new_parent uuid, new_depends_on uuid[], new_assignee text
) returns table (pointer text, code text) language plpgsql stable as $$
begin
    return query
    with recursive
    above as (
        select id, task.parent_id, 1 as level from task
        where id = new_parent and space = space_of(task_owner, in_project)
        union all
        select task.id, task.parent_id, above.level + 1
        from above join task on task.id = above.parent_id where above.level < 8
    ),
    below as (
        select task_id as id, 1 as level
        union all
        select task.id, below.level + 1
        from below join task on task.parent_id = below.id where below.level < 8
    ),
    needed as (
        select unnest(new_depends_on) as id
        union
        select unnest(task.depends_on) from needed join task on task.id = needed.id
    )
    select '/project_id', case when member.role is null then 'unknown' else 'forbidden' end
    from (select) as one
    left join project_member as member on member.project_id = in_project and member.user_id = caller
    where in_project is not null and coalesce(member.role, 'viewer') = 'viewer'
    union all
    select '/project_id', 'not_yours' where is_moved and in_project is null and caller <> task_owner
    union all
    select '/project_id', 'related' where is_moved and (
        exists (select from task where parent_id = task_id)
        or exists (select from task where depends_on @> array[task_id] and depends_on <> '{}'))
    union all
    select '/parent_id', case
        when not exists (select from above) then 'unknown'
        when exists (select from above where id = task_id) then 'cycle'
        else 'too_deep' end
    where new_parent is not null and (
        not exists (select from above)
        or exists (select from above where id = task_id)
        or (select max(level) from above) + (select max(level) from below) > 8)
    union all
    select '/depends_on', 'unknown' where exists (
        select from unnest(new_depends_on) as asked (id)
        where not exists (
            select from task where task.id = asked.id and task.space = space_of(task_owner, in_project)))
    union all
    select '/depends_on', 'cycle' where exists (select from needed where id = task_id)
    union all
    select '/assignee', 'unknown' where new_assignee is not null and not (
        in_project is null and new_assignee = task_owner
        or exists (select from project_member where project_id = in_project and user_id = new_assignee));
end
$$;
