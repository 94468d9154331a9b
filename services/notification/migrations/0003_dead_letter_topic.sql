-- Of which topic a dead letter is, so that they can be counted; `unknown` when its type is none of ours, and of what an
-- older version of the service keeps.
alter table dead_letter add column topic text not null default 'unknown';
