-- What attendance needs beyond its first tables.

-- How much film a set of ranges is, each millisecond once.
create function watched_ms(watched int8multirange) returns bigint
    language sql immutable strict parallel safe
    as $$ select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(watched) as r $$;

-- Asked for and never come is another thing than never asked for.
alter table visits add column media_wanted boolean not null default false;

alter table sessions add column end_reason text
    check (end_reason in ('teacher', 'idle', 'home_time_over', 'not_shown', 'next_tour'));
create index sessions_open on sessions (started_at) where state in ('planned', 'running');

alter table session_classes
    add column showing_declared_by uuid references persons,
    add column showing_declared_at timestamptz;

-- The measured outcome and count stay beside what a correction made of them. Once the intervals
-- are purged the measured part is frozen.
alter table session_class_results
    add column measured_outcome text not null,
    add column measured_headcount smallint not null,
    add column intervals_purged_at timestamptz;

alter table screens add column wrong_guesses smallint not null default 0;

-- A link by which a colleague takes part in a class, or takes it over.
create table class_invites (
    id uuid primary key default gen_random_uuid(),
    programme_id uuid not null,
    class_id uuid not null,
    token_hash bytea not null unique,
    kind text not null check (kind in ('share', 'hand_over')),
    created_by uuid not null references persons,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    used_by uuid references persons,
    foreign key (programme_id, class_id) references classes (programme_id, id)
);
