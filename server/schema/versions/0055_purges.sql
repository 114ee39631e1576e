-- What retention took away: a line per programme, kind and run. It says that it was done, never of
-- whom; `until` is the first day (or moment) that was kept.
create table purges (
    id bigint generated always as identity primary key,
    programme_id uuid not null references programmes,
    what text not null check (what in ('visit_events', 'seat_intervals', 'class_names')),
    removed bigint not null check (removed > 0),
    until timestamptz not null,
    at timestamptz not null
);
create index purges_by_programme on purges (programme_id, at);
create index visit_events_by_time on visit_events (at);

-- One row: when retention was looked at last. A restored backup brings an old one, and so is
-- looked at again at once.
create table purge_checks (
    is_only boolean primary key default true check (is_only),
    checked_at timestamptz not null
);

-- After two more school years nobody's name stands at a session or its class any more.
alter table sessions alter column organiser_id drop not null;
alter table classes alter column created_by drop not null;
