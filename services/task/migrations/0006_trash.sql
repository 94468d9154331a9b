-- Tasks that were deleted and may come back. They are out of the table of tasks, so that no list, place or reference
-- has to know of them.

create table task_trash (
    task_id uuid primary key,
    owner text not null,
    -- What is in the trash of a project goes with the project.
    project_id uuid references project (id) on delete cascade,
    version bigint not null check (version > 0),
    -- The task as its last event showed it, with the owner's mail address.
    snapshot jsonb not null,
    deleted_at timestamptz not null,
    deleted_by text not null,
    space text not null generated always as (space_of(owner, project_id)) stored
);

-- Serves the lists, newest first.
create index task_trash_space on task_trash (space, deleted_at desc, task_id desc);
-- Serves the purge, and the end of a project.
create index task_trash_deleted on task_trash (deleted_at);
create index task_trash_project on task_trash (project_id) where project_id is not null;
